//! The rows of the tables that an evaluation fills.

use serde::Serialize;

use super::draws::Block;
use super::interval::{RESAMPLES, bootstrap, wilson};
use super::metric::confusion::Confusion;
use super::metric::ece::{BINS, Bin};
use super::metric::margins::Margins;
use super::metric::{METRICS, Metric, accuracy, f1, precision, ratio, recall};
use super::ranking::{Ranked, Ranking};
use super::sums::Sums;
use super::tally::Tally;
use crate::error::Result;
use crate::interrupt::Interrupt;

/// Says that an interval came from drawing recordings with replacement.
pub const BOOTSTRAP: &str = "bootstrap over recordings";
/// Says that an interval is Wilson's, which takes rows for independent.
pub const WILSON: &str = "wilson";

/// Everything that is measured on one side of a split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// One row for each metric, in the order of [`METRICS`].
    pub metrics: Vec<MetricRow>,
    /// One row for each class, in the order of the labels.
    pub classes: Vec<ClassRow>,
    /// One row for each pair of classes, by true class and then predicted class: those of [`Confusion::cells`].
    pub confusion: Vec<CellRow>,
    /// One row for each bin of confidence; none when the model gives no probabilities.
    pub reliability: Vec<ReliabilityRow>,
}

/// One metric of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricRow {
    /// Its name in [`METRICS`].
    pub metric: &'static str,
    /// What it is counted in: `share`, `nats`, or `1` for a plain number.
    pub unit: &'static str,
    /// Which way it gets better: `higher` or `lower`.
    pub better: &'static str,
    /// Its value; NULL where the formula divides by 0 or there are no rows.
    pub value: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub high: Option<f64>,
    /// How the interval was made: [`BOOTSTRAP`], [`WILSON`], or NULL when there is none.
    pub interval: Option<&'static str>,
    /// Rows of this side.
    pub n: u64,
    /// Recordings these rows came from; 0 when unknown.
    pub groups: u64,
}

/// One class of one side. All but its rows are in [0, 1] and NULL where they would divide by 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ClassRow {
    /// The class.
    pub label: String,
    /// How far a prediction of it can be trusted.
    pub precision: Option<f64>,
    /// How much of it was found.
    pub recall: Option<f64>,
    /// Lower end of [`wilson`]'s 95 % interval of recall, which takes rows for independent.
    pub recall_low: Option<f64>,
    /// Upper end of that interval.
    pub recall_high: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// How often a row of it has a higher probability for it than a row of another class has.
    pub roc_auc: Option<f64>,
    /// How pure the top is when rows are in the order of their probability for it.
    pub average_precision: Option<f64>,
    /// Its rows.
    pub support: u64,
}

/// One cell of the confusion matrix.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CellRow {
    /// The true class.
    pub label: String,
    /// The predicted class.
    pub predicted: String,
    /// Rows.
    pub count: u64,
}

/// One bin of confidence, (low, high].
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReliabilityRow {
    /// Lower end, exclusive.
    pub low: f64,
    /// Upper end, inclusive.
    pub high: f64,
    /// Rows whose largest probability lies in the bin.
    pub count: u64,
    /// Mean of these probabilities; NULL without rows.
    pub confidence: Option<f64>,
    /// Share of these rows predicted right; NULL without rows.
    pub accuracy: Option<f64>,
}

/// The report on recordings whose sums and ranking are given; `named`: they are recordings, not all rows in one heap.
pub(super) fn report(
    labels: &[String],
    sums: &Sums,
    ranking: &Ranking<'_>,
    named: bool,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Report> {
    let (each, ranked) = ranking.once(interrupt)?;
    let once = sums.tallies(&Block::once(sums.recordings()), interrupt)?.into_iter().next().unwrap_or_default();
    let tally = Tally { ranked, ..once };
    let confusion = sums.confusion(interrupt)?;
    let drawn = intervals(sums, ranking, seed, interrupt)?;
    let groups = if named { sums.recordings() as u64 } else { 0 };
    Ok(Report {
        metrics: metrics(&tally, &drawn, groups),
        classes: classes(labels, confusion.margins(), &each),
        confusion: cells(labels, &confusion),
        reliability: reliability(&tally),
    })
}

/// The bootstrap interval of each metric, in the order of [`METRICS`]; none from few recordings.
fn intervals(sums: &Sums, ranking: &Ranking<'_>, seed: u64, interrupt: &Interrupt) -> Result<Vec<Option<(f64, f64)>>> {
    bootstrap(sums.recordings(), RESAMPLES, seed, interrupt, |blocks| {
        let mut ranked = ranking.means(blocks, interrupt)?.into_iter();
        let mut drawn = vec![];
        for block in blocks {
            for (tally, ranked) in sums.tallies(block, interrupt)?.into_iter().zip(ranked.by_ref()) {
                drawn.push(values(&Tally { ranked, ..tally }));
            }
        }
        Ok(drawn)
    })
}

fn values(tally: &Tally) -> Vec<Option<f64>> {
    METRICS.iter().map(|metric| (metric.value)(tally)).collect()
}

fn metrics(tally: &Tally, drawn: &[Option<(f64, f64)>], groups: u64) -> Vec<MetricRow> {
    let (correct, rows) = (tally.margins.correct(), tally.margins.rows());
    // Recordings that are all right, or all wrong, agree in every draw: an interval of width 0, which claims too much.
    let drawn_says_nothing = correct == 0 || correct == rows;
    let row = |(i, value): (usize, Option<f64>)| {
        let metric = &METRICS[i];
        let is_accuracy = metric.name == accuracy::METRIC.name;
        // Draws that all agree make an interval of width 0, too.
        let drawn = drawn.get(i).copied().flatten().filter(|(low, high)| value.is_some() && low < high);
        let (interval, bounds) = match drawn.filter(|_| !(is_accuracy && drawn_says_nothing)) {
            Some(bounds) => (BOOTSTRAP, Some(bounds)),
            // Wilson takes rows for independent: beside a few recordings that would claim too much.
            None => (WILSON, wilson(correct, rows).filter(|_| is_accuracy && (groups == 0 || drawn_says_nothing))),
        };
        metric.row(value, bounds, interval, rows, groups)
    };
    values(tally).into_iter().enumerate().map(row).collect()
}

impl<S> Metric<S> {
    /// Its row, with the bounds of an interval, if there is one, and how that was made.
    pub(super) fn row(
        &self,
        value: Option<f64>,
        bounds: Option<(f64, f64)>,
        interval: &'static str,
        n: u64,
        groups: u64,
    ) -> MetricRow {
        MetricRow {
            metric: self.name,
            unit: self.unit,
            better: self.better.name(),
            value,
            low: bounds.map(|(low, _)| low),
            high: bounds.map(|(_, high)| high),
            interval: bounds.map(|_| interval),
            n,
            groups,
        }
    }
}

/// `each` is what the ranking of each class is worth, [K].
fn classes(labels: &[String], margins: &Margins, each: &[Ranked]) -> Vec<ClassRow> {
    let row = |((class, label), ranked): ((usize, &String), &Ranked)| {
        let support = margins.support(class);
        let recall_interval = wilson(margins.right(class), support);
        ClassRow {
            label: label.clone(),
            precision: precision::of_class(margins, class),
            recall: recall::of_class(margins, class),
            recall_low: recall_interval.map(|(low, _)| low),
            recall_high: recall_interval.map(|(_, high)| high),
            f1: f1::of_class(margins, class),
            roc_auc: ranked.roc_auc,
            average_precision: ranked.average_precision,
            support,
        }
    };
    labels.iter().enumerate().zip(each).map(row).collect()
}

fn cells(labels: &[String], confusion: &Confusion) -> Vec<CellRow> {
    let row = |(truth, predicted, count): (usize, usize, u64)| CellRow {
        label: labels[truth].clone(),
        predicted: labels[predicted].clone(),
        count,
    };
    confusion.cells().into_iter().map(row).collect()
}

fn reliability(tally: &Tally) -> Vec<ReliabilityRow> {
    if tally.scored.rows == 0 {
        return vec![];
    }
    let row = |(i, bin): (usize, &Bin)| ReliabilityRow {
        low: i as f64 / BINS as f64,
        high: (i + 1) as f64 / BINS as f64,
        count: bin.rows,
        confidence: ratio(bin.confidence, bin.rows as f64).filter(|c| c.is_finite()),
        accuracy: ratio(bin.correct as f64, bin.rows as f64),
    };
    tally.scored.bins.iter().enumerate().map(row).collect()
}
