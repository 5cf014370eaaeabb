//! Binomial tails: how likely a count of hits is when each trial hits by chance alone.

use std::cmp::Ordering;
use std::f64::consts::TAU;

/// P(X <= k): the chance of at most `k` hits in `n` trials that each hit with chance `p`, in [0, 1].
///
/// Exact to a relative error of about 1e-11, far tails included; takes some 5 sqrt(n) steps. A p that is NaN gives NaN.
///
/// ```
/// use posequel::evaluate::binomial::at_most;
/// // None of 34 windows right, among 7 classes: guessing does that badly once in 190 times.
/// assert!((at_most(0, 34, 1.0 / 7.0) - 0.0053).abs() < 1e-4);
/// ```
pub fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if p.is_nan() {
        return p;
    }
    if k >= n {
        return 1.0;
    }
    // Terms are added up from k away from the mode, where they only get smaller.
    if k as f64 <= n as f64 * p { lower(k, n, p) } else { 1.0 - upper(k + 1, n, p) }
}

/// P(X >= k): the chance of at least `k` hits in `n` trials that each hit with chance `p`, as [`at_most`].
pub fn at_least(k: u64, n: u64, p: f64) -> f64 {
    match k {
        _ if p.is_nan() => p,
        0 => 1.0,
        k if k > n => 0.0,
        k if k as f64 >= n as f64 * p => upper(k, n, p),
        k => 1.0 - lower(k - 1, n, p),
    }
}

/// The chance of a count that is no more likely than `k`, on either side: the exact two-sided test of `k` hits in `n`
/// trials.
///
/// `scipy.stats.binomtest(k, n, p).pvalue`: counts within 1e-7 of the likelihood of k are as likely as k. `k` is at
/// most `n`.
pub fn two_sided(k: u64, n: u64, p: f64) -> f64 {
    let mean = n as f64 * p;
    let likely = |count: u64| mass(count, n, p) > mass(k, n, p) * (1.0 + 1e-7);
    let both = match (k as f64).partial_cmp(&mean) {
        None => f64::NAN,
        Some(Ordering::Equal) => 1.0,
        Some(Ordering::Less) => {
            let first = first_where(mean.ceil() as u64, n + 1, |count| !likely(count));
            at_most(k, n, p) + at_least(first, n, p)
        }
        Some(Ordering::Greater) => {
            let first = first_where(0, mean.floor() as u64 + 1, likely);
            at_least(k, n, p) + if first == 0 { 0.0 } else { at_most(first - 1, n, p) }
        }
    };
    // `min` would hide NaN.
    if both > 1.0 { 1.0 } else { both }
}

/// P(X = k) for k <= n.
///
/// Loader 2000, "Fast and accurate computation of binomial probabilities": the parts that nearly cancel in n! / (k! (n
/// - k)!) p^k (1 - p)^(n - k) are taken out on paper, so that the relative error does not grow with n.
fn mass(k: u64, n: u64, p: f64) -> f64 {
    let (x, y, n) = (k as f64, (n - k) as f64, n as f64);
    if k == 0 {
        return libm::exp(n * libm::log1p(-p));
    }
    if y == 0.0 {
        return libm::exp(n * libm::log(p));
    }
    let stirling = stirling(n) - stirling(x) - stirling(y);
    let log = stirling - deviance(x, n * p) - deviance(y, n * (1.0 - p));
    libm::exp(log) * (n / (TAU * x * y)).sqrt()
}

/// P(X <= k) where k is not above the mean.
fn lower(k: u64, n: u64, p: f64) -> f64 {
    let odds = (1.0 - p) / p;
    mass(k, n, p) * falling((0..k).map(|step| (k - step) as f64 / (n - k + step + 1) as f64 * odds))
}

/// P(X >= k) where k is not below the mean.
fn upper(k: u64, n: u64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    mass(k, n, p) * falling((k..n).map(|count| (n - count) as f64 / (count + 1) as f64 * odds))
}

/// 1 + r1 + r1 r2 + ... for ratios that get smaller, until a term adds nothing.
fn falling(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        // The ratio is well below 1 by then, so all that is left out is as small.
        if term <= 1e-20 * sum {
            break;
        }
    }
    sum
}

/// `ln n! - ln(sqrt(2 pi n) (n/e)^n)`, what Stirling's formula leaves out, for whole n >= 1.
fn stirling(n: f64) -> f64 {
    if n < 16.0 {
        let factorial: f64 = (1..=n as u64).map(|i| i as f64).product();
        return libm::log(factorial) - (n + 0.5) * libm::log(n) + n - 0.5 * libm::log(TAU);
    }
    // The next term of the series is below 1e-13 from 16 on.
    let n2 = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * n2)) / n2) / n2) / n2) / n
}

/// `x ln(x / mean) + mean - x`, by a series where the two nearly cancel.
fn deviance(x: f64, mean: f64) -> f64 {
    let v = (x - mean) / (x + mean);
    if v.abs() > 0.1 || v.is_nan() {
        return x * libm::log(x / mean) + mean - x;
    }
    let mut sum = (x - mean) * v;
    let mut power = 2.0 * x * v;
    for odd in (3..).step_by(2) {
        power *= v * v;
        let next = sum + power / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// The first count in [low, high) that a condition holds for, `high` if none: it does not hold below that count, and
/// does above.
fn first_where(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        (low, high) = if holds(middle) { (low, middle) } else { (middle + 1, high) };
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_equal_sums_of_60_digits_and_the_test_that_of_scipy() {
        // Printed by tests/oracles/binomial.py: k, n, p, [P(X <= k), P(X >= k), two-sided].
        for (k, n, p, [least, most, both]) in [
            (0, 34, 0.14285714285714285, [0.005294307384124495, 1.0, 0.011299139901154047]),
            (10, 34, 0.14285714285714285, [0.9939951674829705, 0.017486171768059906, 0.022780479152184428]),
            (34, 34, 0.14285714285714285, [1.0, 1.8478496818976665e-29, 1.8478496818976665e-29]),
            (3, 15, 0.9, [3.403359999999991e-10, 0.999999999991359, 3.403359999999991e-10]),
            (15, 40, 0.5, [0.07692997208141605, 0.9596547661240038, 0.1538599441628321]),
            (20, 40, 0.5, [0.5626853438097896, 0.5626853438097896, 1.0]),
            (1, 1000, 0.02, [3.6029239953459935e-08, 0.9999999983170327, 8.857883609545209e-08]),
            (70, 1000, 0.02, [1.0, 7.837662914029372e-19, 7.837662914029184e-19]),
            (490_000, 1_000_000, 0.5, [2.7721816438496123e-89, 1.0, 5.544363287708518e-89]),
            (1_428_000, 10_000_000, 0.14285714285714285, [0.30297365813443344, 0.6973419095250353, 0.6058471011890889]),
            (1_440_000, 10_000_000, 0.14285714285714285, [1.0, 2.9773427807318717e-25, 5.927908396498011e-25]),
            (5, 10_000_000, 1e-06, [0.06708586829583849, 0.9707473686729391, 0.1505442370569553]),
            (9_999_999, 10_000_000, 0.9999999, [0.632120577028895, 0.7357588825365204, 1.0]),
            (2, 300, 0.6, [4.206094213662755e-115, 1.0, 4.206094213662755e-115]),
        ] {
            let near = |ours: f64, oracle: f64, error: f64| {
                assert!((ours / oracle - 1.0).abs() < error, "{k} of {n} at {p}: {ours}, oracle {oracle}")
            };
            near(at_most(k, n, p), least, 1e-11);
            near(at_least(k, n, p), most, 1e-11);
            // scipy itself is off by 3e-10 in one of these.
            near(two_sided(k, n, p), both, 1e-9);
        }
    }

    #[test]
    fn certain_and_impossible_hits_have_tails_of_0_and_1() {
        assert_eq!([0, 3, 5].map(|k| at_most(k, 5, 0.0)), [1.0; 3]);
        assert_eq!([0, 3, 5].map(|k| at_least(k, 5, 0.0)), [1.0, 0.0, 0.0]);
        assert_eq!([0, 3, 5].map(|k| at_most(k, 5, 1.0)), [0.0, 0.0, 1.0]);
        assert_eq!([0, 3, 5].map(|k| at_least(k, 5, 1.0)), [1.0; 3]);
        assert_eq!([0, 5].map(|k| two_sided(k, 5, 1.0)), [0.0, 1.0]);
    }

    #[test]
    fn no_trials_are_no_surprise() {
        assert_eq!(
            [at_most(0, 0, 0.3), at_least(0, 0, 0.3), two_sided(0, 0, 0.3), at_least(1, 0, 0.3)],
            [1.0, 1.0, 1.0, 0.0]
        );
        assert!(
            [at_most(9, 3, f64::NAN), at_least(0, 3, f64::NAN), two_sided(1, 3, f64::NAN)].iter().all(|p| p.is_nan())
        );
    }
}
