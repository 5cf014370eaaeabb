//! `pose_confusion((SELECT label, predicted, probabilities, video FROM predictions))`

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::evaluate;
use super::predicted::{Judged, Output, PARAMETERS, judged};
use super::tables::{confusion_columns, confusion_fields};
use crate::args::Arguments;
use crate::error;
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;

/// What was taken for what in a table of predictions: every pair of classes, zeros included, of up to 200 classes; of more, the pairs that
/// occur and each class with itself.
#[derive(Debug)]
pub struct PoseConfusion;

impl RelationFunction for PoseConfusion {
    fn name(&self) -> &'static str {
        "pose_confusion"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &PARAMETERS
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "What was taken for what in a table of predictions: every pair of classes, zeros included, of up to 200 classes; of more, the pairs that occur and each class with itself.",
            "SELECT label, predicted, count FROM pose_confusion((SELECT label, predicted FROM predictions))",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        judged(Output { function: self.name(), fields: confusion_fields, rows }, input, arguments)
    }
}

fn rows(judged: &Judged, seed: u64, interrupt: &Interrupt) -> error::Result<Vec<ArrayRef>> {
    Ok(confusion_columns(&evaluate(&judged.predictions, seed, interrupt)?.confusion.iter().collect::<Vec<_>>()))
}
