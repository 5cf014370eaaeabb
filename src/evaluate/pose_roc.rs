//! `pose_roc((SELECT label, predicted, probabilities, video FROM predictions))`

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::predicted::{Judged, Output, PARAMETERS, judged};
use super::tables::{curve_columns, roc_fields};

use crate::args::Arguments;
use crate::error;
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;

/// The ROC curve of each class in a table of predictions, one class against the rest.
#[derive(Debug)]
pub struct PoseRoc;

impl RelationFunction for PoseRoc {
    fn name(&self) -> &'static str {
        "pose_roc"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &PARAMETERS
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "The ROC curve of each class in a table of predictions, one class against the rest.",
            "SELECT label, threshold, false_positive_rate, true_positive_rate FROM pose_roc((SELECT label, predicted, probabilities FROM predictions), labels => ['ABD', 'ROW'])",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        judged(Output { function: self.name(), fields: roc_fields, rows }, input, arguments)
    }
}

fn rows(judged: &Judged, _: u64, interrupt: &Interrupt) -> error::Result<Vec<ArrayRef>> {
    let (predictions, ranking) = (&judged.predictions, judged.predictions.ranking());
    let mut points = vec![];
    for (class, label) in predictions.labels.iter().map(String::as_str).enumerate() {
        interrupt.check()?;
        points.extend(
            ranking.roc(class).into_iter().map(|p| (label, p.threshold, p.false_positive_rate, p.true_positive_rate)),
        );
    }
    Ok(curve_columns(&points))
}
