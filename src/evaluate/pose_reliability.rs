//! `pose_reliability((SELECT label, predicted, probabilities, video FROM predictions))`

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::evaluate;
use super::predicted::{Judged, Output, PARAMETERS, judged};
use super::tables::{reliability_columns, reliability_fields};
use crate::args::Arguments;
use crate::error;
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;

/// Whether 80 % probable means right 8 times of 10: ten bins of confidence in a table of predictions.
#[derive(Debug)]
pub struct PoseReliability;

impl RelationFunction for PoseReliability {
    fn name(&self) -> &'static str {
        "pose_reliability"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &PARAMETERS
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Whether 80 % probable means right 8 times of 10: ten bins of confidence in a table of predictions.",
            "SELECT low, high, count, confidence, accuracy FROM pose_reliability((SELECT label, predicted, probabilities FROM predictions), labels => ['ABD', 'ROW'])",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        judged(Output { function: self.name(), fields: reliability_fields, rows }, input, arguments)
    }
}

fn rows(judged: &Judged, seed: u64, interrupt: &Interrupt) -> error::Result<Vec<ArrayRef>> {
    Ok(reliability_columns(&evaluate(&judged.predictions, seed, interrupt)?.reliability.iter().collect::<Vec<_>>()))
}
