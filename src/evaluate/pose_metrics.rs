//! `pose_metrics((SELECT label, predicted, probabilities, video FROM predictions))`

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::interval::wilson;
use super::metric::Better;
use super::predicted::{Judged, Output, PARAMETERS, judged};
use super::report::{BOOTSTRAP, WILSON};
use super::tables::{metric_columns, metric_fields};
use super::{MetricRow, evaluate};
use crate::args::Arguments;
use crate::error;
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;

/// Every metric of a table of predictions, with its unit, its direction and a 95 % interval over recordings.
#[derive(Debug)]
pub struct PoseMetrics;

impl RelationFunction for PoseMetrics {
    fn name(&self) -> &'static str {
        "pose_metrics"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &PARAMETERS
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Every metric of a table of predictions, with its unit, its direction and a 95 % interval over recordings.",
            "SELECT metric, value, low, high FROM pose_metrics((SELECT label, predicted, video FROM predictions))",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        judged(Output { function: self.name(), fields: metric_fields, rows }, input, arguments)
    }
}

fn rows(judged: &Judged, seed: u64, interrupt: &Interrupt) -> error::Result<Vec<ArrayRef>> {
    let mut report = evaluate(&judged.predictions, seed, interrupt)?;
    if judged.grouped {
        let drawn = report.metrics.iter_mut().filter(|row| row.interval == Some(BOOTSTRAP));
        drawn.for_each(|row| row.interval = Some("bootstrap over groups"));
    }
    let coverage = judged.some_abstained.then(|| coverage(judged));
    Ok(metric_columns(&report.metrics.iter().chain(&coverage).collect::<Vec<_>>()))
}

/// The share of rows that have an answer: the other metrics are of these alone.
fn coverage(judged: &Judged) -> MetricRow {
    let answered = judged.predictions.truth.len() as u64;
    let n = answered + judged.abstained;
    let interval = wilson(answered, n);
    MetricRow {
        metric: "coverage",
        unit: "share",
        better: Better::Higher.name(),
        value: (n > 0).then(|| answered as f64 / n as f64),
        low: interval.map(|(low, _)| low),
        high: interval.map(|(_, high)| high),
        interval: interval.map(|_| WILSON),
        n,
        groups: 0,
    }
}
