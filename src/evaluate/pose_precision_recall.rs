//! `pose_precision_recall((SELECT label, predicted, probabilities, video FROM predictions))`

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::predicted::{Judged, Output, PARAMETERS, judged};
use super::tables::{curve_columns, precision_recall_fields};

use crate::args::Arguments;
use crate::error;
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;

/// The curve of precision over recall of each class in a table of predictions, one class against the rest.
#[derive(Debug)]
pub struct PosePrecisionRecall;

impl RelationFunction for PosePrecisionRecall {
    fn name(&self) -> &'static str {
        "pose_precision_recall"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &PARAMETERS
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "The curve of precision over recall of each class in a table of predictions, one class against the rest.",
            "SELECT label, threshold, precision, recall FROM pose_precision_recall((SELECT label, predicted, probabilities FROM predictions), labels => ['ABD', 'ROW'])",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        judged(Output { function: self.name(), fields: precision_recall_fields, rows }, input, arguments)
    }
}

fn rows(judged: &Judged, _: u64, interrupt: &Interrupt) -> error::Result<Vec<ArrayRef>> {
    let (predictions, ranking) = (&judged.predictions, judged.predictions.ranking());
    let mut points = vec![];
    for (class, label) in predictions.labels.iter().map(String::as_str).enumerate() {
        interrupt.check()?;
        points.extend(ranking.precision_recall(class).into_iter().map(|p| (label, p.threshold, p.precision, p.recall)));
    }
    Ok(curve_columns(&points))
}
