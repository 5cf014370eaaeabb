//! 8 evaluate: predictions in, metrics with intervals out.

use std::collections::BTreeMap;
use std::sync::Arc;

mod apart;
pub mod baseline;
pub mod binomial;
pub mod diagnose;
pub mod draws;
pub mod events;
pub mod holm;
pub mod interval;
mod labels;
pub mod metric;
pub mod paired;
mod pose_class_metrics;
mod pose_compare;
mod pose_confusion;
mod pose_event_metrics;
mod pose_metrics;
mod pose_precision_recall;
mod pose_reliability;
mod pose_roc;
mod predicted;
pub mod ranking;
pub mod report;
mod sums;
pub mod tables;
pub mod tally;

pub use pose_class_metrics::PoseClassMetrics;
pub use pose_compare::PoseCompare;
pub use pose_confusion::PoseConfusion;
pub use pose_event_metrics::PoseEventMetrics;
pub use pose_metrics::PoseMetrics;
pub use pose_precision_recall::PosePrecisionRecall;
pub use pose_reliability::PoseReliability;
pub use pose_roc::PoseRoc;
pub use report::{CellRow, ClassRow, MetricRow, ReliabilityRow, Report};

use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use ranking::Ranking;
use sums::Sums;

/// What a model said about rows whose class is known, for one side of a split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// The classes, sorted; the index of a class is its place here. K of them.
    pub labels: Vec<String>,
    /// The true class of each row, \[rows\].
    pub truth: Vec<u32>,
    /// The predicted class of each row, \[rows\].
    pub predicted: Vec<u32>,
    /// Probabilities that sum to 1 in each row, [rows, K]; empty when the model gives none.
    pub probabilities: Vec<f32>,
    /// The recording of each row, \[rows\]; empty when unknown. Intervals come from it.
    pub recording: Vec<Arc<str>>,
}

/// Every metric of the predictions, with 95 % intervals over recordings drawn from `seed`.
///
/// No rows give NULL metrics. It takes time for each row and class, and for each row and class that occurs once more for every draw of an
/// interval; nothing takes time, or room, for each pair of classes.
///
/// # Errors
/// [`Error::Interrupted`]; arrays that do not fit together are [`Error::Internal`]: the caller made them.
///
/// ```
/// use posequel::evaluate::{Predictions, evaluate};
/// use posequel::interrupt::Interrupt;
/// let predictions = Predictions {
///     labels: vec!["run".into(), "walk".into()],
///     truth: vec![0, 0, 1, 1],
///     predicted: vec![0, 1, 1, 1],
///     ..Default::default()
/// };
/// let report = evaluate(&predictions, 7, &Interrupt::default())?;
/// assert_eq!((report.metrics[0].metric, report.metrics[0].value), ("accuracy", Some(0.75)));
/// # Ok::<(), posequel::error::Error>(())
/// ```
pub fn evaluate(predictions: &Predictions, seed: u64, interrupt: &Interrupt) -> Result<Report> {
    predictions.check()?;
    let index = predictions.recording_of_rows();
    let sums = Sums::new(predictions, &index, interrupt)?;
    let Predictions { labels, truth, probabilities, .. } = predictions;
    let ranking = Ranking::new(labels.len(), truth, probabilities, &index);
    report::report(labels, &sums, &ranking, !predictions.recording.is_empty(), seed, interrupt)
}

impl Predictions {
    /// The rows in the order of each class's probabilities, for curves.
    pub fn ranking(&self) -> Ranking<'_> {
        Ranking::new(self.labels.len(), &self.truth, &self.probabilities, &self.recording_of_rows())
    }

    fn check(&self) -> Result<()> {
        let (rows, k) = (self.truth.len(), self.labels.len());
        let fits = |len: usize, full: usize| len == full || len == 0;
        let known = self.truth.iter().chain(&self.predicted).all(|class| (*class as usize) < k);
        if self.predicted.len() == rows
            && fits(self.probabilities.len(), rows * k)
            && fits(self.recording.len(), rows)
            && known
        {
            return Ok(());
        }
        Err(Error::Internal(format!(
            "predictions of {rows} rows and {k} classes have {} predicted, {} probabilities, {} recordings{}",
            self.predicted.len(),
            self.probabilities.len(),
            self.recording.len(),
            if known { "" } else { ", and a class out of range" }
        )))
    }

    /// The recording of each row as an index, [rows], in the order of their names; all 0 when recordings are unknown.
    fn recording_of_rows(&self) -> Vec<u32> {
        if self.recording.is_empty() {
            return vec![0; self.truth.len()];
        }
        let mut index: BTreeMap<&str, u32> = self.recording.iter().map(|name| (&**name, 0)).collect();
        index.values_mut().zip(0..).for_each(|(index, i)| *index = i);
        self.recording.iter().map(|name| index[&**name]).collect()
    }
}

#[cfg(test)]
mod tests;
