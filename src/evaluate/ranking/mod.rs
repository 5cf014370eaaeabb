//! How well scores rank a class above the rest: ROC AUC, average precision, and their curves.

mod class;
pub mod curve;
mod mean;
mod order;

use std::ops::Range;

use class::Class;
use curve::{PrecisionRecallPoint, RocPoint};
use mean::{Mean, mean};
use rayon::prelude::*;

use super::draws::Block;
use super::sums::by_number;
use crate::error::Result;
use crate::interrupt::Interrupt;

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

/// Rows that every class ranks by its own scores. Classes are ranked one by one, when they are asked for, and a class without rows never is.
///
/// A class with a score that is not a number has no rank, and then the mean has none.
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
    /// [rows]
    recording: Vec<u32>,
    /// Rows, [recordings].
    rows: Vec<u64>,
    /// Rows by their class, in their order, and where those of each class end.
    by_class: (Vec<u32>, Vec<usize>),
}

/// Classes whose scores are gathered together: as many as one line of a processor's cache holds.
const GATHERED: usize = 16;

impl<'a> Ranking<'a> {
    /// Of rows of `truth`, `[rows]`, below K = `classes`, with `scores`, `[rows, K]`, which may be empty: then nothing has a rank.
    ///
    /// `recording`, `[rows]`, says whose each row is. Rows must number fewer than 2^32.
    pub fn new(classes: usize, truth: &'a [u32], scores: &'a [f32], recording: &[u32]) -> Self {
        let (_, ends) = by_number(recording, 0);
        let starts = std::iter::once(&0).chain(&ends);
        let rows = ends.iter().zip(starts).map(|(end, start)| (end - start) as u64).collect();
        let by_class = by_number(truth, classes);
        Self { classes, truth, scores, recording: recording.to_vec(), rows, by_class }
    }

    /// K, the number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// What one class's ranking is worth when each row counts as often as `weights`, `[recordings]`, says of its own.
    ///
    /// Weighted rows must number fewer than 2^63. Exact up to one rounding for ROC AUC; O(n log n) for n rows.
    pub fn of_class(&self, class: usize, weights: &[u64]) -> Ranked {
        let group = self.group(class..class + 1, &Interrupt::default(), |_, class| Ok(self.weigh(class, weights)));
        group.ok().and_then(|ranked| ranked.into_iter().next()).unwrap_or_default()
    }

    /// The plain mean of both numbers over the classes that have them; NULL if none has, or a score is not a number.
    ///
    /// scikit-learn's `multi_class='ovr', average='macro'`, which refuses truths that lack a class. Two classes are no
    /// exception: scikit-learn then takes the second one alone.
    pub fn macro_mean(&self, weights: &[u64]) -> Ranked {
        let each = self.each(&Interrupt::default(), |_, class| Ok(class.map(|class| self.weigh(Some(class), weights))));
        each.ok().and_then(|each| each.into_iter().collect()).map_or(Ranked::default(), |each: Vec<_>| mean(&each))
    }

    /// What the ranking of each class is worth when every row counts once, [K], and the mean of these as [`Self::macro_mean`].
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub(super) fn once(&self, interrupt: &Interrupt) -> Result<(Vec<Ranked>, Ranked)> {
        let once = vec![1; self.rows.len()];
        let each = self.each(interrupt, |_, class| Ok(class.map(|class| self.weigh(Some(class), &once))))?;
        let all: Option<Vec<Ranked>> = each.iter().copied().collect();
        let mean = all.map_or(Ranked::default(), |all| mean(&all));
        Ok((each.into_iter().map(Option::unwrap_or_default).collect(), mean))
    }

    /// [`Self::macro_mean`] of each draw of these blocks, in their order.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub(super) fn means(&self, blocks: &[Block], interrupt: &Interrupt) -> Result<Vec<Ranked>> {
        let draws = blocks.iter().map(Block::draws).sum();
        if self.scores.is_empty() {
            return Ok(vec![Ranked::default(); draws]);
        }
        let rows = |block: &Block| block.sum(self.rows.iter().map(|rows| *rows as f64), interrupt);
        let rows = blocks.iter().map(rows).collect::<Result<Vec<_>>>()?;
        let groups: Vec<Range<usize>> = self.groups().collect();
        let means = groups.into_par_iter().map(|group| {
            let mut means = Some(vec![Mean::default(); draws]);
            self.group(group, interrupt, |_, class| {
                let Some(class) = class else {
                    means = None;
                    return Ok(());
                };
                let Some(means) = means.as_mut().filter(|_| !class.is_empty()) else { return Ok(()) };
                let mut means = means.iter_mut();
                for (block, rows) in blocks.iter().zip(&rows) {
                    let drawn = class.draw(rows, block, interrupt)?;
                    means.by_ref().zip(drawn).for_each(|(mean, ranked)| mean.add(&ranked));
                }
                Ok(())
            })?;
            Ok(means)
        });
        // In the order of the groups, whoever came first.
        let groups = means.collect::<Result<Option<Vec<_>>>>()?;
        let Some(groups) = groups else { return Ok(vec![Ranked::default(); draws]) };
        let mut means = vec![Mean::default(); draws];
        groups.iter().for_each(|group| means.iter_mut().zip(group).for_each(|(mean, more)| mean.add_all(more)));
        Ok(means.iter().map(Mean::value).collect())
    }

    fn weigh(&self, class: Option<&Class>, weights: &[u64]) -> Ranked {
        let rows = self.rows.iter().zip(weights).map(|(rows, weight)| rows * weight).sum();
        class.map_or(Ranked::default(), |class| class.weigh(rows, weights))
    }

    fn groups(&self) -> impl Iterator<Item = Range<usize>> {
        let end = |start: usize| (start + GATHERED).min(self.classes);
        (0..self.classes).step_by(GATHERED).map(move |start| start..end(start))
    }

    /// What `of` says of every class, [K].
    fn each<T: Send>(
        &self,
        interrupt: &Interrupt,
        of: impl Fn(usize, Option<&Class>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let groups: Vec<Range<usize>> = self.groups().collect();
        let each = groups.into_par_iter().map(|group| self.group(group, interrupt, &of));
        Ok(each.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// What `of` says of some classes, at most [`GATHERED`]: with its ranking, NULL where a score is not a number.
    fn group<T>(
        &self,
        group: Range<usize>,
        interrupt: &Interrupt,
        mut of: impl FnMut(usize, Option<&Class>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut scores = vec![Vec::with_capacity(self.scores.len() / self.classes.max(1)); group.len()];
        for (row, all) in self.scores.chunks_exact(self.classes.max(1)).enumerate() {
            if row.is_multiple_of(4096) {
                interrupt.check()?;
            }
            scores.iter_mut().zip(&all[group.clone()]).for_each(|(scores, score)| scores.push(*score));
        }
        let of_class = |(class, scores): (usize, &Vec<f32>)| {
            interrupt.check()?;
            if scores.iter().any(|score| score.is_nan()) {
                return of(class, None);
            }
            let (rows, ends) = &self.by_class;
            let own = &rows[if class == 0 { 0 } else { ends[class - 1] }..ends[class]];
            match own.is_empty() || scores.is_empty() {
                true => of(class, Some(&Class::default())),
                false => of(class, Some(&Class::new(scores, &self.recording, own, interrupt)?)),
            }
        };
        group.zip(&scores).map(of_class).collect()
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
        order::keys(self.truth, scores, class).map_or(vec![], |keys| curve::counts(&keys))
    }
}

#[cfg(test)]
mod tests;
