//! Log loss: how surprised the model is by the truth.

use super::{Better, Metric};

/// The mean of `-ln p` for the probability p of the true class. Nats, in [0, 36.05], lower is better; guessing gives ln K.
///
/// Unweighted cross-entropy. p is not taken below 2^-52, so that one certain error is not infinite, as in
/// <https://scikit-learn.org/stable/modules/model_evaluation.html#log-loss>
pub const METRIC: Metric = Metric {
    name: "log_loss",
    unit: "nats",
    better: Better::Lower,
    range: (0.0, 52.0 * std::f64::consts::LN_2),
    value: |tally| tally.mean(tally.scored.log_loss),
};

/// The loss of one row, in nats. NaN where the probability is.
pub fn of_row(truth: usize, probabilities: &[f32]) -> f64 {
    let p = f64::from(probabilities[truth]);
    // `clamp` keeps NaN, `max` would hide it. Above 1 is rounding of the softmax.
    0.0 - libm::log(p.clamp(f64::EPSILON, 1.0))
}
