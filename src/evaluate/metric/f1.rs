//! F1: precision and recall in one number.

use super::margins::Margins;
use super::{Better, Metric, ratio};

/// The harmonic mean of precision and recall, 2 tp / (2 tp + fp + fn); NULL when the class was neither true nor predicted.
/// In [0, 1], higher is better.
///
/// <https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-f-measure-metrics>
pub fn of_class(c: &Margins, class: usize) -> Option<f64> {
    ratio(2.0 * c.right(class) as f64, (c.support(class) + c.predicted(class)) as f64)
}

/// The plain mean over classes: rare classes count as much as common ones. In [0, 1], higher is better.
pub const MACRO: Metric = Metric {
    name: "f1_macro",
    unit: "1",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| tally.margins.macro_mean(of_class),
};

/// The mean over classes weighted by their rows. In [0, 1], higher is better.
pub const WEIGHTED: Metric = Metric {
    name: "f1_weighted",
    unit: "1",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| tally.margins.weighted_mean(of_class),
};
