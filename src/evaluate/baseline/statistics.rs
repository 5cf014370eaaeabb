//! What a baseline sees of a window: five numbers for each feature, which know nothing of the order of its frames but
//! one.

/// Statistics of one feature, in this order.
pub const NAMES: [&str; 5] = ["mean", "std", "min", "max", "mean_abs_diff"];

/// The statistics of windows, [rows, D * 5]: each window is turned into them as it comes, so that none has to be held.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    dims: usize,
    values: Vec<f64>,
}

impl Statistics {
    /// No windows yet, of D = `dims` features a frame.
    pub fn new(dims: usize) -> Self {
        Self { dims, values: vec![] }
    }

    /// Adds a window, as [`Self::of_window`].
    pub fn push(&mut self, features: &[f32], width: usize, valid_len: usize) {
        let start = self.values.len();
        self.values.resize(start + self.columns(), 0.0);
        Self::of_window(features, width, self.dims, valid_len, &mut self.values[start..]);
    }

    /// Statistics of a window, D * 5.
    pub fn columns(&self) -> usize {
        self.dims * NAMES.len()
    }

    /// Windows added so far.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns().max(1)
    }

    /// The windows in the order in which they were added, [D * 5] each.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns().max(1))
    }

    /// All of them, [rows, D * 5].
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The statistics [D, 5] of a window's first `valid_len` frames, into `out`. `features` is [width, D], frame after
    /// frame.
    ///
    /// For each feature, in its own unit: the mean, the standard deviation (over all frames, not of a sample), the
    /// least, the largest, and the mean absolute difference of neighbouring frames. What is not a finite number is
    /// missing and left out, a difference with it; a statistic of nothing is NaN.
    pub fn of_window(features: &[f32], width: usize, dims: usize, valid_len: usize, out: &mut [f64]) {
        let frames = width.min(valid_len);
        for (feature, out) in out.chunks_exact_mut(NAMES.len()).enumerate() {
            let value = |frame: usize| f64::from(features[frame * dims + feature]);
            out.copy_from_slice(&of_feature((0..frames).map(value)));
        }
    }
}

fn of_feature(values: impl Iterator<Item = f64> + Clone) -> [f64; 5] {
    let known = values.clone().filter(|x| x.is_finite());
    let mean = mean(known.clone());
    // The extremes come from `fold`s that would be infinite without a value.
    let or_missing = |x: f64| if mean.is_nan() { f64::NAN } else { x };
    let steps = values.clone().zip(values.skip(1)).map(|(a, b)| (b - a).abs());
    [
        mean,
        self::mean(known.clone().map(|x| (x - mean) * (x - mean))).sqrt(),
        or_missing(known.clone().fold(f64::INFINITY, f64::min)),
        or_missing(known.fold(f64::NEG_INFINITY, f64::max)),
        self::mean(steps.filter(|step| step.is_finite())),
    ]
}

/// The mean in the order given; NaN of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
    sum / n
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f32 = f32::NAN;

    fn of(features: &[f32], dims: usize, valid_len: usize) -> Vec<f64> {
        let mut statistics = Statistics::new(dims);
        statistics.push(features, features.len() / dims, valid_len);
        statistics.iter().next().unwrap().to_vec()
    }

    #[test]
    fn a_feature_has_its_five_statistics() {
        // 1, 3, 2, 6: mean 3, squares 4, 0, 1, 9 with mean 3.5, steps 2, 1, 4. The other feature stands still.
        let row = of(&[1.0, 5.0, 3.0, 5.0, 2.0, 5.0, 6.0, 5.0], 2, 4);
        assert_eq!(row, [3.0, 3.5f64.sqrt(), 1.0, 6.0, 7.0 / 3.0, 5.0, 0.0, 5.0, 5.0, 0.0]);
    }

    #[test]
    fn padding_is_not_looked_at() {
        assert_eq!(of(&[1.0, 3.0, 99.0], 1, 2), of(&[1.0, 3.0], 1, 2));
    }

    #[test]
    fn a_missing_value_takes_both_its_differences_with_it() {
        // 1, missing, 2, 4: mean 7/3 of three values, and the one step left is 2.
        for missing in [NAN, f32::INFINITY] {
            let row = of(&[1.0, missing, 2.0, 4.0], 1, 4);
            assert_eq!([row[0], row[2], row[3], row[4]], [7.0 / 3.0, 1.0, 4.0, 2.0]);
        }
    }

    #[test]
    fn a_statistic_of_nothing_is_missing() {
        assert!(of(&[NAN, NAN], 1, 2).iter().chain(&of(&[1.0], 1, 0)).all(|x| x.is_nan()));
        let single = of(&[7.0, NAN], 1, 2);
        assert!(single[..4] == [7.0, 0.0, 7.0, 7.0] && single[4].is_nan(), "{single:?}");
    }
}
