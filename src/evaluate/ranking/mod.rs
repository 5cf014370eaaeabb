//! How well scores rank a class above the rest: ROC AUC, average precision, and their curves.

mod class;
pub mod curve;
mod order;

use class::Class;
use curve::{PrecisionRecallPoint, RocPoint};

/// What a ranking is worth; both are NULL unless there are rows of the class and rows of others.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ranked {
    /// The share of pairs, one row of the class and one of another, in which the class's row has the higher score;
    /// ties count a half. In [0, 1], .5 is chance. Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747
    pub roc_auc: Option<f64>,
    /// The mean, over the rows of the class, of the precision among all rows that score at least as high. In (0, 1];
    /// chance is the class's share of the rows.
    /// <https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-and-f-measure-metrics>
    pub average_precision: Option<f64>,
}

/// Rows in the order of each class's scores, sorted once, so that weighing recordings anew takes no sort.
///
/// It takes at most 8 bytes for each row and class, and 12 more for each row. A class with a score that is
/// not a number has no rank, and then the mean has none.
///
/// ```
/// use posequel::evaluate::ranking::Ranking;
/// // Rows of class 0, 0 and 1, in recordings 0, 0 and 1.
/// let ranking = Ranking::new(2, &[0, 0, 1], &[0.9, 0.1, 0.3, 0.7, 0.5, 0.5], &[0, 0, 1]);
/// assert_eq!(ranking.of_class(0, &[1, 1]).roc_auc, Some(0.5));
/// // Without the second recording there is nothing to rank above.
/// assert_eq!(ranking.of_class(0, &[1, 0]).roc_auc, None);
/// ```
#[derive(Debug, Clone)]
pub struct Ranking<'a> {
    classes: usize,
    truth: &'a [u32],
    scores: &'a [f32],
    /// [K]; NULL for a class with a score that is not a number.
    sorted: Vec<Option<Class>>,
    /// Rows, [recordings].
    rows: Vec<u64>,
}

impl<'a> Ranking<'a> {
    /// Sorts rows of `truth`, `[rows]`, below K = `classes`, by `scores`, `[rows, K]`, which may be empty: then nothing
    /// has a rank.
    ///
    /// `recording`, `[rows]`, says whose each row is, as an index below 2^31. Rows must number fewer than 2^32.
    /// O(K n log n) for n rows.
    pub fn new(classes: usize, truth: &'a [u32], scores: &'a [f32], recording: &[u32]) -> Self {
        let mut rows = vec![0; recording.iter().max().map_or(0, |last| *last as usize + 1)];
        recording.iter().for_each(|r| rows[*r as usize] += 1);
        let keys = |class| order::keys(truth, scores.iter().skip(class).step_by(classes), class, Some(recording));
        let sorted = (0..classes).map(|class| Some(Class::new(&keys(class)?))).collect();
        Self { classes, truth, scores, sorted, rows }
    }

    /// K, the number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// What one class's ranking is worth when each row counts as often as `weights`, `[recordings]`, says of its own.
    ///
    /// Weighted rows must number fewer than 2^63. Exact up to one rounding for ROC AUC; O(n).
    pub fn of_class(&self, class: usize, weights: &[u64]) -> Ranked {
        let rows = self.rows.iter().zip(weights).map(|(rows, weight)| rows * weight).sum();
        self.sorted[class].as_ref().map_or(Ranked::default(), |class| class.weigh(rows, weights))
    }

    /// The plain mean of both numbers over the classes that have them; NULL if none has, or a score is not a number.
    ///
    /// scikit-learn's `multi_class='ovr', average='macro'`, which refuses truths that lack a class. Two classes are no
    /// exception: scikit-learn then takes the second one alone.
    pub fn macro_mean(&self, weights: &[u64]) -> Ranked {
        if self.sorted.iter().any(Option::is_none) {
            return Ranked::default();
        }
        let each: Vec<Ranked> = (0..self.classes).map(|class| self.of_class(class, weights)).collect();
        let mean = |of: fn(&Ranked) -> Option<f64>| {
            let values: Vec<f64> = each.iter().filter_map(of).collect();
            super::metric::ratio(values.iter().sum(), values.len() as f64)
        };
        Ranked { roc_auc: mean(|r| r.roc_auc), average_precision: mean(|r| r.average_precision) }
    }

    /// The ROC curve of a class, every row counting once: from (0, 0) by falling threshold to (1, 1).
    ///
    /// A point for each score that occurs, as scikit-learn's `roc_curve(drop_intermediate=False)`; empty where the AUC
    /// would be NULL. Sorts anew, O(n log n), as nothing but the curve needs the thresholds.
    pub fn roc(&self, class: usize) -> Vec<RocPoint> {
        curve::roc(&self.counts(class))
    }

    /// Precision over recall of a class, every row counting once: by rising threshold, at last (recall 0, precision 1).
    ///
    /// A point for each score that occurs, as scikit-learn's `precision_recall_curve`; empty where the average
    /// precision would be NULL. Sorts anew, O(n log n).
    pub fn precision_recall(&self, class: usize) -> Vec<PrecisionRecallPoint> {
        curve::precision_recall(&self.counts(class))
    }

    fn counts(&self, class: usize) -> Vec<curve::Count> {
        let scores = self.scores.iter().skip(class).step_by(self.classes);
        order::keys(self.truth, scores, class, None).map_or(vec![], |keys| curve::counts(&keys))
    }
}

#[cfg(test)]
mod tests;
