//! Brier score: the squared distance of the probabilities from the truth.

use super::{Better, Metric};

/// The mean of `sum over k of (p_k - [k is the class])^2`. In [0, 2], lower is better; guessing gives 1 - 1/K.
///
/// Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2, over all classes; scikit-learn halves it for two classes.
pub const METRIC: Metric = Metric {
    name: "brier",
    unit: "1",
    better: Better::Lower,
    range: (0.0, 2.0),
    value: |tally| tally.mean(tally.scored.brier),
};

/// The squared distance of one row.
pub fn of_row(truth: usize, probabilities: &[f32]) -> f64 {
    let hit = |k: usize| if k == truth { 1.0 } else { 0.0 };
    probabilities.iter().enumerate().map(|(k, p)| (f64::from(*p) - hit(k)).powi(2)).sum()
}
