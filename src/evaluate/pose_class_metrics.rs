//! `pose_class_metrics((SELECT label, predicted, probabilities, video FROM predictions))`

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::evaluate;
use super::predicted::{Judged, Output, PARAMETERS, judged};
use super::tables::{class_columns, class_fields};
use crate::args::Arguments;
use crate::error;
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;

/// Precision, recall with a 95 % interval, F1, support, ROC AUC and average precision of each class in a table of predictions.
#[derive(Debug)]
pub struct PoseClassMetrics;

impl RelationFunction for PoseClassMetrics {
    fn name(&self) -> &'static str {
        "pose_class_metrics"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &PARAMETERS
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Precision, recall with a 95 % interval, F1, support, ROC AUC and average precision of each class in a table of predictions.",
            "SELECT label, recall, recall_low, recall_high, support FROM pose_class_metrics((SELECT label, predicted FROM predictions))",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        judged(Output { function: self.name(), fields: class_fields, rows }, input, arguments)
    }
}

fn rows(judged: &Judged, seed: u64, interrupt: &Interrupt) -> error::Result<Vec<ArrayRef>> {
    Ok(class_columns(&evaluate(&judged.predictions, seed, interrupt)?.classes.iter().collect::<Vec<_>>()))
}
