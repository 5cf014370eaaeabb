//! Balanced accuracy: how likely a class is recognised when all classes are equally common.

use super::{Better, Metric, ratio, recall};

/// The mean recall over the classes that have rows. A share in [0, 1], higher is better; guessing reaches 1 / K.
///
/// <https://scikit-learn.org/stable/modules/model_evaluation.html#balanced-accuracy-score>
pub const METRIC: Metric = Metric {
    name: "balanced_accuracy",
    unit: "share",
    better: Better::Higher,
    range: (0.0, 1.0),
    value: |tally| {
        let recalls: Vec<f64> =
            (0..tally.margins.classes()).filter_map(|class| recall::of_class(&tally.margins, class)).collect();
        ratio(recalls.iter().sum(), recalls.len() as f64)
    },
};
