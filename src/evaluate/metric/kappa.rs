//! Cohen's kappa: agreement beyond what chance gives.

use super::{Better, Metric, ratio};

/// `1 - (rows in disagreement) / (rows in disagreement expected by chance)`, with chance from both margins. In [-1, 1], higher
/// is better, 0 is chance; NULL when chance cannot disagree, one class being all there is.
///
/// Cohen 1960, doi:10.1177/001316446002000104; <https://scikit-learn.org/stable/modules/model_evaluation.html#cohen-kappa>
pub const METRIC: Metric = Metric {
    name: "kappa",
    unit: "1",
    better: Better::Higher,
    range: (-1.0, 1.0),
    value: |tally| {
        let c = &tally.margins;
        let n = c.rows() as f64;
        let agreed: f64 = (0..c.classes()).map(|k| c.support(k) as f64 * c.predicted(k) as f64).sum();
        ratio((n - c.correct() as f64) * n, n * n - agreed).map(|relative| 1.0 - relative)
    },
};
