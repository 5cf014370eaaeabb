//! Matthews correlation coefficient: the correlation of truth and prediction.

use super::{Better, Metric};

/// `(s c - sum p_k t_k) / sqrt((s^2 - sum p_k^2) (s^2 - sum t_k^2))` for s rows, c of them right, t_k true and p_k predicted of
/// class k. In [-1, 1], higher is better, 0 is chance; 0 when truth or prediction is all one class, NULL without rows.
///
/// Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006; <https://scikit-learn.org/stable/modules/model_evaluation.html#matthews-corrcoef>
pub const METRIC: Metric = Metric {
    name: "mcc",
    unit: "1",
    better: Better::Higher,
    range: (-1.0, 1.0),
    value: |tally| {
        let c = &tally.margins;
        let s = c.rows() as f64;
        let sum = |of: &dyn Fn(usize) -> f64| (0..c.classes()).map(of).sum::<f64>();
        let together = sum(&|k| c.support(k) as f64 * c.predicted(k) as f64);
        let predicted = sum(&|k| (c.predicted(k) as f64).powi(2));
        let truth = sum(&|k| (c.support(k) as f64).powi(2));
        let root = ((s * s - predicted) * (s * s - truth)).sqrt();
        (s > 0.0).then(|| if root == 0.0 { 0.0 } else { (s * c.correct() as f64 - together) / root })
    },
};
