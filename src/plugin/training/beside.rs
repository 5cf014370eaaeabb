//! Baselines beside the net: fitted to the same train rows, asked about the same rows, compared over the same recordings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::judged::Judged;
use crate::error::Result;
use crate::evaluate::baseline::statistics::Statistics;
use crate::evaluate::baseline::{Baseline, Fitted, Logistic, Standard};
use crate::evaluate::diagnose::{Missingness, Score};
use crate::evaluate::metric::{Better, accuracy};
use crate::evaluate::paired::{Pair, compare};
use crate::evaluate::{Predictions, evaluate};
use crate::interrupt::Interrupt;
use crate::split::side::Side;
use crate::store::table::baselines::BaselineRow;
use crate::store::table::recordings::{NET, RecordingRow};
use crate::train::filled::{Filled, Sample};
use crate::train::source::Source;
use crate::train::table::Table;

/// Most train rows that baselines are fitted to: more tell them nothing new.
const MOST_ROWS: usize = 20_000;
/// Most statistics of a window that the logistic regression is fitted to: its time grows with their square.
const MOST_COLUMNS: usize = 500;

/// Most statistics, of all these rows together: 80 MB. Of wider windows fewer rows are taken.
const MOST_VALUES: usize = MOST_ROWS * MOST_COLUMNS;

/// Bytes that the statistics of `rows` windows with `dim` features take at the most.
pub fn bytes(rows: usize, dim: usize) -> usize {
    let columns = Statistics::new(dim).columns();
    rows.min(most_rows(columns)) * columns * size_of::<f64>()
}

fn most_rows(columns: usize) -> usize {
    MOST_ROWS.min(MOST_VALUES / columns.max(1)).max(1)
}

/// What simpler models reach.
#[derive(Debug, Default)]
pub struct Beside {
    /// A row for each baseline on each side but train.
    pub baselines: Vec<BaselineRow>,
    /// The net on each side, and each baseline on each side but train.
    pub recordings: Vec<RecordingRow>,
    /// Features that have one value in all of train, by their place.
    pub constant: Vec<usize>,
    /// What the values that were filled tell by themselves, on each side but train.
    pub missingness: Vec<Missingness>,
}

/// Fits the baselines to train, and judges them where the net was judged.
///
/// # Errors
/// Rows that cannot be read back from disk.
pub fn beside(table: &Table, sides: &[Judged], seed: u64) -> Result<Beside> {
    let Train { statistics, labels, bounds } = train(table)?;
    let fits = |baseline: &Baseline| *baseline != Baseline::Logistic || statistics.columns() <= MOST_COLUMNS;
    let fit = |baseline: Baseline| {
        let fitted = baseline.fit(&statistics, &labels, table.classes.len(), &Interrupt::default());
        fitted.map(|fitted| Some((baseline, fitted?))).transpose()
    };
    let fitted = Baseline::ALL.into_iter().filter(fits).filter_map(fit).collect::<Result<Vec<_>>>()?;
    let missingness = table.filled.as_ref().map(missingness).transpose()?.unwrap_or_default();
    let mut beside = Beside { constant: constant(&bounds), missingness, ..Beside::default() };
    for judged in sides {
        let subjects = judged.subjects();
        let net = counts(judged.predictions());
        beside.recordings.extend(rows(judged.side, NET, &net, &subjects));
        if judged.side == Side::Train {
            continue;
        }
        for ((baseline, _), predictions) in fitted.iter().zip(predict(table, judged, &fitted)?) {
            let ours = counts(&predictions);
            beside.recordings.extend(rows(judged.side, baseline.name(), &ours, &subjects));
            beside.baselines.push(row(judged.side, baseline.name(), &predictions, &net, &ours, seed)?);
        }
    }
    Ok(beside)
}

/// How well the shares of filled frames alone tell the classes, on each side but train. The shares are brought to one scale,
/// so that one lost frame in thirty counts as much as ten.
fn missingness(filled: &Filled) -> Result<Vec<Missingness>> {
    let (train, dim) = (filled.side(Side::Train), filled.dim());
    let fits = dim <= MOST_COLUMNS && Logistic::is_within_reach(dim, &train.labels);
    if !filled.any() || train.labels.is_empty() || !fits {
        return Ok(vec![]);
    }
    let standard = Standard::fit(&train.shares, dim);
    let logistic = Logistic::fit(&standard.apply_all(&train.shares), dim, &train.labels, &Interrupt::default())?;
    let on = |side: Side| {
        let Sample { labels, recordings, shares, .. } = filled.side(side);
        let classes = 1 + train.labels.iter().chain(labels).copied().max().unwrap_or(0) as usize;
        let (mut support, mut probabilities) = (vec![0; classes], vec![0.0; classes]);
        let (mut all, mut by_recording) = (Score::default(), BTreeMap::<u32, Score>::new());
        let rows = standard.apply_all(shares);
        for ((label, recording), row) in labels.iter().zip(recordings).zip(rows.chunks_exact(dim)) {
            logistic.probabilities(row, &mut probabilities);
            // Of equals the first, as everywhere.
            let best = (1..classes).fold(0, |best, i| if probabilities[i] > probabilities[best] { i } else { best });
            support[*label as usize] += 1;
            for score in [&mut all, by_recording.entry(*recording).or_default()] {
                score.rows += 1;
                score.correct += u64::from(best == *label as usize);
            }
        }
        let known = recordings.iter().all(|recording| *recording > 0);
        let recordings = if known { by_recording.into_values().collect() } else { vec![] };
        let commonest = support.into_iter().max().unwrap_or(0);
        Missingness { side, score: all, commonest, recordings }
    };
    Ok([Side::Validation, Side::Test].map(on).into_iter().filter(|told| told.score.rows > 0).collect())
}

/// What is known of train.
struct Train {
    /// Of every k-th row, where there are many.
    statistics: Statistics,
    /// Of the same rows.
    labels: Vec<u32>,
    /// The least and the largest value of each feature, over all rows.
    bounds: Vec<(f32, f32)>,
}

fn train(table: &Table) -> Result<Train> {
    let part = table.part(Side::Train);
    let (mut statistics, mut labels) = (Statistics::new(table.dim), vec![]);
    let mut bounds = vec![(f32::INFINITY, f32::NEG_INFINITY); table.dim];
    let step = part.rows().div_ceil(most_rows(statistics.columns())).max(1);
    let mut row = 0;
    for index in 0..part.blocks() {
        let block = part.block(index)?;
        let windows = block.features.chunks_exact((table.width * table.dim).max(1));
        for ((window, valid), label) in windows.zip(&block.valid_len).zip(&block.labels) {
            for frame in window.chunks_exact(table.dim.max(1)).take(*valid as usize) {
                for ((low, high), value) in bounds.iter_mut().zip(frame) {
                    (*low, *high) = (low.min(*value), high.max(*value));
                }
            }
            if row % step == 0 {
                statistics.push(window, table.width, *valid as usize);
                labels.push(*label);
            }
            row += 1;
        }
    }
    Ok(Train { statistics, labels, bounds })
}

/// The features whose least and largest value are the same.
fn constant(bounds: &[(f32, f32)]) -> Vec<usize> {
    bounds.iter().enumerate().filter(|(_, (low, high))| low == high).map(|(feature, _)| feature).collect()
}

/// What each baseline says about the rows of a side.
fn predict(table: &Table, judged: &Judged, fitted: &[(Baseline, Fitted)]) -> Result<Vec<Predictions>> {
    let (part, net) = (table.part(judged.side), judged.predictions());
    let blank = Predictions { predicted: vec![], probabilities: vec![], ..net.clone() };
    let mut all = vec![blank; fitted.len()];
    let mut statistics = vec![0.0; Statistics::new(table.dim).columns()];
    let mut probabilities = vec![0.0; table.classes.len()];
    for index in 0..part.blocks() {
        let block = part.block(index)?;
        let windows = block.features.chunks_exact((table.width * table.dim).max(1));
        for (window, valid) in windows.zip(&block.valid_len) {
            Statistics::of_window(window, table.width, table.dim, *valid as usize, &mut statistics);
            for (predictions, (_, fitted)) in all.iter_mut().zip(fitted) {
                predictions.predicted.push(fitted.predict(&statistics, &mut probabilities));
            }
        }
    }
    Ok(all)
}

/// Windows of each recording, and those that are right; none where recordings are unknown.
fn counts(predictions: &Predictions) -> BTreeMap<Arc<str>, (u64, u64)> {
    let mut counts: BTreeMap<Arc<str>, (u64, u64)> = BTreeMap::new();
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
    counts: &'a BTreeMap<Arc<str>, (u64, u64)>,
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
    net: &BTreeMap<Arc<str>, (u64, u64)>,
    ours: &BTreeMap<Arc<str>, (u64, u64)>,
    seed: u64,
) -> Result<BaselineRow> {
    let report = evaluate(predictions, seed, &Interrupt::default())?;
    let measured = report.metrics.iter().find(|row| row.metric == accuracy::METRIC.name);
    let pairs = net.iter().map(|(recording, &(rows, correct))| {
        Pair::accuracy(rows, correct, ours.get(recording).map_or(0, |(_, correct)| *correct))
    });
    let paired = compare(&pairs.collect::<Vec<_>>(), Better::Higher, seed, &Interrupt::default())?;
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
