//! Accuracy: the share of rows whose class was predicted.

use super::{Better, Metric, ratio};

/// Correct rows over all rows. A share in [0, 1], higher is better; always predicting the commonest class reaches that class's share.
///
/// <https://scikit-learn.org/stable/modules/model_evaluation.html#accuracy-score>
pub const METRIC: Metric = Metric {
    name: "accuracy",
    unit: "share",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| ratio(tally.margins.correct() as f64, tally.margins.rows() as f64),
};
