//! Baselines beside the net: fitted to the same train rows, asked about the same rows, compared over the same recordings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answers::Judged;
use super::survey::{MOST_COLUMNS, Sample};
use crate::error::Result;
use crate::evaluate::baseline::{Baseline, Fitted};
use crate::evaluate::metric::{Better, accuracy};
use crate::evaluate::paired::{Pair, compare};
use crate::evaluate::{Predictions, evaluate};
use crate::interrupt::Interrupt;
use crate::split::side::Side;
use crate::store::table::baselines::BaselineRow;
use crate::store::table::recordings::{NET, RecordingRow};

/// The baselines that have something to learn from the sample, and are not too wide for it.
///
/// # Errors
/// An interrupt.
pub fn fit(sample: &Sample, classes: usize, interrupt: &Interrupt) -> Result<Vec<(Baseline, Fitted)>> {
    let mut all = vec![];
    for baseline in Baseline::ALL {
        if baseline != Baseline::Logistic || sample.statistics.columns() <= MOST_COLUMNS {
            let fitted = baseline.fit(&sample.statistics, &sample.labels, classes, interrupt)?;
            all.extend(fitted.map(|fitted| (baseline, fitted)));
        }
    }
    Ok(all)
}

/// How the net and simpler models do.
#[derive(Debug, Default)]
pub struct Standings {
    /// A row for each baseline on each side but train.
    pub baselines: Vec<BaselineRow>,
    /// The net on each side, and each baseline on each side but train.
    pub recordings: Vec<RecordingRow>,
}

/// Measures the baselines where the net was measured, and compares them.
///
/// # Errors
/// An interrupt.
pub fn standings(
    sides: &[Judged],
    fitted: &[(Baseline, Fitted)],
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Standings> {
    let mut standings = Standings::default();
    for judged in sides {
        let (side, subjects) = (judged.side(), judged.subjects());
        let net = counts(judged.predictions());
        standings.recordings.extend(rows(side, NET, &net, &subjects));
        for ((baseline, _), predicted) in fitted.iter().zip(&judged.answers.baselines) {
            let rows_of_net = judged.predictions();
            // Without its probabilities, which are many and which no baseline is measured by.
            let predictions = Predictions {
                labels: rows_of_net.labels.clone(),
                truth: rows_of_net.truth.clone(),
                recording: rows_of_net.recording.clone(),
                predicted: predicted.clone(),
                probabilities: vec![],
            };
            let ours = counts(&predictions);
            standings.recordings.extend(rows(side, baseline.name(), &ours, &subjects));
            standings.baselines.push(row(side, baseline.name(), &predictions, [&net, &ours], seed, interrupt)?);
        }
    }
    Ok(standings)
}

/// Windows of each recording, and those that are right.
type Counts = BTreeMap<Arc<str>, (u64, u64)>;

/// None where recordings are unknown.
fn counts(predictions: &Predictions) -> Counts {
    let mut counts = Counts::new();
    let rows = predictions.truth.iter().zip(&predictions.predicted);
    for (recording, (truth, predicted)) in predictions.recording.iter().zip(rows) {
        let (rows, correct) = counts.entry(Arc::clone(recording)).or_default();
        *rows += 1;
        *correct += u64::from(truth == predicted);
    }
    counts
}

fn rows<'a>(
    side: Side,
    predictor: &'static str,
    counts: &'a Counts,
    subjects: &'a BTreeMap<Arc<str>, Arc<str>>,
) -> impl Iterator<Item = RecordingRow> + 'a {
    counts.iter().map(move |(recording, &(rows, correct))| RecordingRow {
        split: side.name(),
        recording: Arc::clone(recording),
        subject: subjects.get(recording).cloned(),
        predictor,
        rows,
        correct,
    })
}

fn row(
    side: Side,
    baseline: &'static str,
    predictions: &Predictions,
    [net, ours]: [&Counts; 2],
    seed: u64,
    interrupt: &Interrupt,
) -> Result<BaselineRow> {
    let report = evaluate(predictions, seed, interrupt)?;
    let measured = report.metrics.iter().find(|row| row.metric == accuracy::METRIC.name);
    let pairs = net.iter().map(|(recording, &(rows, correct))| {
        Pair::accuracy(rows, correct, ours.get(recording).map_or(0, |(_, correct)| *correct))
    });
    let paired = compare(&pairs.collect::<Vec<_>>(), Better::Higher, seed, interrupt)?;
    Ok(BaselineRow {
        split: side.name(),
        baseline,
        accuracy: measured.and_then(|row| row.value),
        low: measured.and_then(|row| row.low),
        high: measured.and_then(|row| row.high),
        n: predictions.truth.len() as u64,
        groups: net.len() as u64,
        difference: paired.map(|paired| paired.difference),
        difference_low: paired.and_then(|paired| paired.low),
        difference_high: paired.and_then(|paired| paired.high),
        p: paired.map(|paired| paired.p),
        net_is: paired.map(|paired| paired.verdict),
    })
}
