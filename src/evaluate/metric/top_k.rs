//! Top-3 accuracy: the share of rows whose class is among the three most probable.

use std::cmp::Ordering;

use super::{Better, Metric};

/// How many classes may be named.
pub const K: usize = 3;

/// Rows whose class is among the 3 most probable, over all rows. A share in [0, 1], higher is better; 1 with three classes or
/// fewer. Equal probabilities are in the order of the labels.
///
/// <https://scikit-learn.org/stable/modules/model_evaluation.html#top-k-accuracy-score>
pub const METRIC: Metric = Metric {
    name: "top_3_accuracy",
    unit: "share",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| tally.mean(tally.scored.top_k as f64),
};

/// Whether fewer than [`K`] classes come before the true one.
pub fn of_row(truth: usize, probabilities: &[f32]) -> bool {
    let own = probabilities[truth];
    let before = |(k, p): &(usize, &f32)| match p.partial_cmp(&&own) {
        Some(Ordering::Less) => false,
        Some(Ordering::Equal) => *k < truth,
        // NaN is never a hit.
        Some(Ordering::Greater) | None => *k != truth,
    };
    probabilities.iter().enumerate().filter(before).count() < K
}
