//! ROC AUC: how often a row of a class scores higher for it than a row of another class.

use super::{Better, Metric};

/// The mean over classes of the share of pairs, one row of the class and one of another, that the class's probabilities
/// put in the right order; ties count a half. A share in [0, 1], higher is better, .5 is chance.
///
/// NULL without probabilities. A class without rows, or without rows of others, is left out: it has no pairs.
/// One against the rest, as in <https://scikit-learn.org/stable/modules/model_evaluation.html#roc-metrics>
pub const METRIC: Metric = Metric {
    name: "roc_auc",
    unit: "share",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| tally.ranked.roc_auc,
};
