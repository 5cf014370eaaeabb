//! 8 evaluate: predictions in, metrics with intervals out.

use std::collections::BTreeMap;
use std::sync::Arc;

pub mod interval;
pub mod metric;
pub mod report;
pub mod tally;

pub use report::{CellRow, ClassRow, MetricRow, ReliabilityRow, Report};

use crate::error::{Error, Result};
use tally::Recording;

/// What a model said about rows whose class is known, for one side of a split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// The classes, sorted; the index of a class is its place here. K of them.
    pub labels: Vec<String>,
    /// The true class of each row, [rows].
    pub truth: Vec<u32>,
    /// The predicted class of each row, [rows].
    pub predicted: Vec<u32>,
    /// Probabilities that sum to 1 in each row, [rows, K]; empty when the model gives none.
    pub probabilities: Vec<f32>,
    /// The recording of each row, [rows]; empty when unknown. Intervals come from it.
    pub recording: Vec<Arc<str>>,
}

/// Every metric of the predictions, with 95 % intervals over recordings drawn from `seed`.
///
/// No rows give NULL metrics. Arrays that do not fit together are [`Error::Internal`]: the caller made them.
///
/// ```
/// use posequel::evaluate::{Predictions, evaluate};
/// let predictions = Predictions {
///     labels: vec!["run".into(), "walk".into()],
///     truth: vec![0, 0, 1, 1],
///     predicted: vec![0, 1, 1, 1],
///     ..Default::default()
/// };
/// let report = evaluate(&predictions, 7)?;
/// assert_eq!((report.metrics[0].metric, report.metrics[0].value), ("accuracy", Some(0.75)));
/// # Ok::<(), posequel::error::Error>(())
/// ```
pub fn evaluate(predictions: &Predictions, seed: u64) -> Result<Report> {
    predictions.check()?;
    Ok(report::report(&predictions.labels, &predictions.recordings(), !predictions.recording.is_empty(), seed))
}

impl Predictions {
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

    /// What each recording adds to the metrics, in the order of their names; all rows in one when recordings are unknown.
    fn recordings(&self) -> Vec<Recording> {
        let k = self.labels.len();
        let mut by_name: BTreeMap<&str, Recording> = BTreeMap::new();
        for (row, (truth, predicted)) in self.truth.iter().zip(&self.predicted).enumerate() {
            let name = self.recording.get(row).map_or("", |name| &**name);
            let probabilities = self.probabilities.get(row * k..(row + 1) * k);
            by_name.entry(name).or_default().add_row(*truth as usize, *predicted as usize, probabilities);
        }
        by_name.into_values().collect()
    }
}

#[cfg(test)]
mod tests;
