//! The plain mean of what the rankings of classes are worth.

use super::Ranked;
use crate::evaluate::metric::ratio;

/// A mean over classes that is being made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    roc_auc: f64,
    average_precision: f64,
    /// Classes that have both numbers; none has one of them alone.
    classes: f64,
}

impl Mean {
    pub fn add(&mut self, ranked: &Ranked) {
        if let (Some(roc_auc), Some(average_precision)) = (ranked.roc_auc, ranked.average_precision) {
            self.add_all(&Self { roc_auc, average_precision, classes: 1.0 });
        }
    }

    pub fn add_all(&mut self, more: &Self) {
        self.roc_auc += more.roc_auc;
        self.average_precision += more.average_precision;
        self.classes += more.classes;
    }

    pub fn value(&self) -> Ranked {
        let mean = |sum| ratio(sum, self.classes);
        Ranked { roc_auc: mean(self.roc_auc), average_precision: mean(self.average_precision) }
    }
}

/// The mean over the classes that have both numbers.
pub(super) fn mean(each: &[Ranked]) -> Ranked {
    let mut mean = Mean::default();
    each.iter().for_each(|ranked| mean.add(ranked));
    mean.value()
}
