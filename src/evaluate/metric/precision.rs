//! Precision: how far a prediction of a class can be trusted.

use super::margins::Margins;
use super::{Better, Metric, ratio};

/// Right predictions of a class over all predictions of it, tp / (tp + fp); NULL when it was never predicted.
/// In [0, 1], higher is better.
///
/// <https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-f-measure-metrics>
pub fn of_class(c: &Margins, class: usize) -> Option<f64> {
    ratio(c.right(class) as f64, c.predicted(class) as f64)
}

/// The plain mean over classes: rare classes count as much as common ones. In [0, 1], higher is better.
pub const MACRO: Metric = Metric {
    name: "precision_macro",
    unit: "share",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| tally.margins.macro_mean(of_class),
};

/// The mean over classes weighted by their rows. In [0, 1], higher is better.
pub const WEIGHTED: Metric = Metric {
    name: "precision_weighted",
    unit: "share",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| tally.margins.weighted_mean(of_class),
};
