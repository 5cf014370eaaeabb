//! Average precision: how pure the top of a class's ranking is.

use super::{Better, Metric};

/// The mean over classes of `sum over thresholds of (R_n - R_n-1) P_n`, the area under precision over recall without
/// interpolation. A share in [0, 1], higher is better; chance is the class's share of the rows.
///
/// NULL without probabilities. A class without rows, or without rows of others, is left out, as in ROC AUC;
/// scikit-learn would count 0, or 1.
/// <https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-and-f-measure-metrics>
pub const METRIC: Metric = Metric {
    name: "average_precision",
    unit: "share",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| tally.ranked.average_precision,
};
