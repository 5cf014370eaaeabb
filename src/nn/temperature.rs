//! Temperature scaling: one number that makes a model's confidence match how often it is right.

use super::softmax_exact::softmax;

/// The least and the largest temperature that is tried.
pub const BOUNDS: (f64, f64) = (0.05, 20.0);

/// More than are ever taken: bisection alone reaches the last bit in some 60.
const STEPS: usize = 100;

/// A temperature, and what it does to the rows it was found on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// T > 0. Above 1 the model was too sure of itself, below 1 not sure enough.
    pub temperature: f64,
    /// Mean negative log-likelihood at T = 1, in nats.
    pub nll_before: f64,
    /// The same at the temperature, never larger.
    pub nll_after: f64,
    /// Rows it was found on.
    pub rows: u64,
    /// Whether [`BOUNDS`] stopped the search. The rows would have it further out: all are right, or the
    /// model knows nothing.
    pub at_bound: bool,
}

/// The temperature T with the least mean of `-ln softmax(ln p / T)` at the true class, T within [`BOUNDS`].
///
/// `probabilities` is [rows, K] with rows that sum to 1, `truth` `[rows]` with classes below K. Take validation rows:
/// train rows make the model look surer than it is, and test rows are spent by looking. NULL without rows, or where a
/// probability is not a number. Rows that no temperature changes (every p is 1/K) give T = 1.
///
/// A p of 0 counts as 2^-149, the least float32, below which a float32 softmax says 0. The log loss metric stops at
/// 2^-52 already, so the two differ where a true class got less than that.
///
/// Guo et al. 2017, arXiv:1706.04599. The mean is convex in 1/T: Newton's method there, with bisection where it strays.
///
/// ```
/// use posequel::nn::temperature::fit;
/// // Sure to 90 %, right in 3 of 4 rows: (ln 9) / T = ln 3, so T = 2.
/// let fitted = fit(&[0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1], &[0, 0, 0, 1], 2).unwrap();
/// assert!((fitted.temperature - 2.0).abs() < 1e-6);
/// ```
pub fn fit(probabilities: &[f32], truth: &[u32], classes: usize) -> Option<Fitted> {
    let logs = Logs::new(probabilities, truth, classes);
    let before = logs.at(1.0);
    if truth.is_empty() || !before.value.is_finite() {
        return None;
    }
    let (b, at_bound) = minimum(&logs, before);
    // The mean is flat at its least, so rounding may put it above where the search began.
    let nll_after = logs.at(b).value.min(before.value);
    let rows = truth.len() as u64;
    Some(Fitted { temperature: 1.0 / b, nll_before: before.value, nll_after, rows, at_bound })
}

/// Turns probabilities [rows, K] into `softmax(ln p / T)` in place, for a finite T > 0.
///
/// T = 1 gives the same bits back. The most probable classes of a row stay the same ones: where rounding to float32
/// would let another class catch up, they get the next larger float32. Classes behind them may become equal. 0 counts
/// as in [`fit`]; a row with NaN becomes NaN.
pub fn apply(probabilities: &mut [f32], classes: usize, temperature: f64) {
    if temperature == 1.0 || classes == 0 {
        return;
    }
    let mut scaled = vec![0.0; classes];
    for row in probabilities.chunks_exact_mut(classes) {
        scaled.iter_mut().zip(&*row).for_each(|(z, p)| *z = log(*p) / temperature);
        softmax(&mut scaled);
        let top = row.iter().copied().fold(0.0, f32::max);
        let was_top: Vec<bool> = row.iter().map(|p| *p == top).collect();
        row.iter_mut().zip(&scaled).for_each(|(p, scaled)| *p = *scaled as f32);
        keep_ahead(row, &was_top);
    }
}

fn keep_ahead(row: &mut [f32], was_top: &[bool]) {
    let largest = |of: bool| row.iter().zip(was_top).filter(|(_, top)| **top == of).fold(0.0, |max, (p, _)| p.max(max));
    if largest(false) >= largest(true) {
        row.iter_mut().zip(was_top).filter(|(_, top)| **top).for_each(|(p, _)| *p = p.next_up());
    }
}

fn log(p: f32) -> f64 {
    // `clamp` keeps NaN, `max` would hide it.
    libm::log(f64::from(p.clamp(f32::from_bits(1), f32::MAX)))
}

/// The mean negative log-likelihood at one b = 1/T, and its first two derivatives by b.
#[derive(Clone, Copy)]
struct Point {
    value: f64,
    slope: f64,
    curvature: f64,
}

/// `ln p_k - ln p_truth`, [rows, K]: the same softmax as `ln p`, and exactly 0 where classes are equal.
struct Logs {
    logs: Vec<f64>,
    classes: usize,
}

impl Logs {
    fn new(probabilities: &[f32], truth: &[u32], classes: usize) -> Self {
        let mut logs: Vec<f64> = probabilities.iter().map(|p| log(*p)).collect();
        for (row, truth) in logs.chunks_exact_mut(classes.max(1)).zip(truth) {
            let own = row[*truth as usize];
            row.iter_mut().for_each(|log| *log -= own);
        }
        Self { logs, classes }
    }

    fn at(&self, b: f64) -> Point {
        let mut sum = Point { value: 0.0, slope: 0.0, curvature: 0.0 };
        let mut q = vec![0.0; self.classes];
        for row in self.logs.chunks_exact(self.classes.max(1)) {
            q.iter_mut().zip(row).for_each(|(q, log)| *q = b * log);
            sum.value += softmax(&mut q);
            let mean: f64 = q.iter().zip(row).map(|(q, log)| q * log).sum();
            sum.slope += mean;
            sum.curvature += q.iter().zip(row).map(|(q, log)| q * (log - mean) * (log - mean)).sum::<f64>();
        }
        let rows = (self.logs.len() / self.classes.max(1)) as f64;
        Point { value: sum.value / rows, slope: sum.slope / rows, curvature: sum.curvature / rows }
    }
}

/// The b with slope 0, or the bound towards which the mean falls, and whether it is that bound.
fn minimum(logs: &Logs, start: Point) -> (f64, bool) {
    let bound = if start.slope > 0.0 { 1.0 / BOUNDS.1 } else { 1.0 / BOUNDS.0 };
    if start.slope == 0.0 {
        return (1.0, false);
    }
    if logs.at(bound).slope * start.slope >= 0.0 {
        return (bound, true);
    }
    let (mut low, mut high) = if start.slope > 0.0 { (bound, 1.0) } else { (1.0, bound) };
    let (mut b, mut point, mut halved) = (1.0, start, true);
    for _ in 0..STEPS {
        let newton = b - point.slope / point.curvature;
        // A step that did not halve the slope is followed by bisection, so the search cannot creep. NaN is not inside.
        let next = if halved && newton > low && newton < high { newton } else { (low * high).sqrt() };
        let moved = (next - b).abs();
        let last = point.slope.abs();
        (b, point) = (next, logs.at(next));
        halved = point.slope.abs() <= 0.5 * last;
        (low, high) = if point.slope > 0.0 { (low, b) } else { (b, high) };
        if point.slope == 0.0 || moved <= 1e-14 * b {
            break;
        }
    }
    (b, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::loss::argmax;

    /// The rows of `case` in tests/oracles/temperature.py: the same arithmetic.
    fn case(rows: usize, k: usize, right: usize, least: usize) -> (Vec<f32>, Vec<u32>) {
        let mut state = (rows * 1000 + k) as u64;
        let mut draw = |n: usize| {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            (state >> 12) as usize % n
        };
        let (mut probabilities, mut truth) = (vec![], vec![]);
        for i in 0..rows {
            let mut parts: Vec<f32> = vec![];
            let mut left = 1024 - k * least;
            for _ in 1..k {
                let part = draw(left + 1);
                left -= part;
                parts.push((part + least) as f32 / 1024.0);
            }
            parts.push((left + least) as f32 / 1024.0);
            if least == 0 && i % 9 == 0 {
                parts = (0..k).map(|class| if class == 0 { 1.0 } else { 0.0 }).collect();
            }
            let other = draw(k);
            truth.push(if draw(16) < right { argmax(&parts) as u32 } else { other as u32 });
            probabilities.extend(parts);
        }
        (probabilities, truth)
    }

    #[test]
    fn the_temperature_is_that_of_scipy() {
        // Printed by tests/oracles/temperature.py: (rows, K, right, least), T, mean before, mean after.
        for ((rows, k, right, least), [t, before, after], at_bound) in [
            ((60, 3, 8, 0), [19.99999955445275, 9.560360428501719, 1.3825631511173633], true),
            ((200, 7, 8, 8), [2.141680208246624, 1.946998696102704, 1.6910000925003181], false),
            ((40, 4, 15, 32), [0.1221378522459184, 0.5898887042643636, 0.16315739033010956], false),
        ] {
            let (probabilities, truth) = case(rows, k, right, least);
            let fitted = fit(&probabilities, &truth, k).unwrap();
            assert!((fitted.temperature / t - 1.0).abs() < 1e-6, "{fitted:?}, scipy {t}");
            assert!((fitted.nll_before - before).abs() < 1e-12, "{fitted:?}, scipy {before}");
            assert!((fitted.nll_after - after).abs() < 1e-7, "{fitted:?}, scipy {after}");
            assert_eq!((fitted.at_bound, fitted.rows), (at_bound, rows as u64));
        }
    }

    #[test]
    fn a_model_that_is_always_right_is_made_as_sure_as_allowed() {
        let fitted = fit(&[0.75, 0.25, 0.25, 0.75], &[0, 1], 2).unwrap();
        assert_eq!((fitted.temperature, fitted.at_bound), (BOUNDS.0, true));
    }

    #[test]
    fn rows_that_say_nothing_leave_the_temperature_at_1() {
        let fitted = fit(&[0.25; 8], &[1, 2], 4).unwrap();
        assert_eq!((fitted.temperature, fitted.at_bound, fitted.nll_after), (1.0, false, fitted.nll_before));
        assert_eq!(fit(&[], &[], 4), None);
        assert_eq!(fit(&[f32::NAN, 1.0], &[0], 2), None);
    }

    #[test]
    fn a_temperature_of_1_gives_the_same_bits() {
        let mut probabilities = [0.1f32, 0.3, 0.6, f32::from_bits(3), 0.0, 1.0];
        let before = probabilities;
        apply(&mut probabilities, 3, 1.0);
        assert_eq!(probabilities.map(f32::to_bits), before.map(f32::to_bits));
    }

    #[test]
    fn a_temperature_of_2_takes_square_roots() {
        // The roots of 16/32, 9/32, 4/32, 1/32 and 2/32 are as 4, 3, 2, 1 and 1.41421356, which add up to 11.41421356.
        let mut row = [0.5f32, 0.28125, 0.125, 0.03125, 0.0625];
        apply(&mut row, 5, 2.0);
        let expected = [4.0, 3.0, 2.0, 1.0, std::f64::consts::SQRT_2].map(|root| root / 11.414_213_562_373_096);
        assert!(row.iter().zip(expected).all(|(p, e)| (f64::from(*p) - e).abs() < 3e-8), "{row:?}");
    }

    #[test]
    fn the_most_probable_classes_stay_the_same() {
        let close = 0.5f32.next_down();
        for (row, top) in
            [([close, 0.5, 0.0], [1].as_slice()), ([close, close, 1e-7], &[0, 1]), ([0.0, 0.0, 1.0], &[2])]
        {
            for t in [BOUNDS.0, 0.5, 3.0, BOUNDS.1] {
                let mut after = row;
                apply(&mut after, 3, t);
                let largest = after[argmax(&after)];
                let tied: Vec<usize> = (0..3).filter(|k| after[*k] == largest).collect();
                assert_eq!(tied, top, "T = {t}: {after:?}");
                assert!((after.iter().sum::<f32>() - 1.0).abs() < 3e-7, "T = {t}: {after:?}");
            }
        }
    }
}
