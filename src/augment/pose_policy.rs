//! `pose_policy('noise(0.02)@0.5 | mirror@0.5')`: a policy as a table.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::datasource::MemTable;

use super::policy::written;
use crate::args::Arguments;
use crate::error::{Error, query_err};
use crate::relation::SourceFunction;

/// The operations of a policy, a row each: step, operation, arguments, probability.
#[derive(Debug)]
pub struct PosePolicy;

impl SourceFunction for PosePolicy {
    fn name(&self) -> &'static str {
        "pose_policy"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["policy"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "The operations of an augmentation policy, a row each.",
            "SELECT step, operation, arguments, probability FROM pose_policy('noise(0.02)@0.5 | mirror@0.5') ORDER BY step",
        )
    }

    fn table(&self, arguments: &Arguments) -> Result<Arc<dyn TableProvider>> {
        let Some(policy) = arguments.text("policy")? else {
            return Ok(query_err!("pose_policy: policy is missing, as in pose_policy('noise(0.02) | mirror@0.5')")?);
        };
        let steps = written(policy).map_err(|e| Error::Query(format!("pose_policy: {e}")))?;
        let mut lists = ListBuilder::new(StringBuilder::new());
        steps.iter().for_each(|step| lists.append_value(step.arguments.iter().copied().map(Some)));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(1..=steps.len() as i64)),
            Arc::new(StringArray::from_iter_values(steps.iter().map(|step| step.name))),
            Arc::new(lists.finish()),
            Arc::new(Float64Array::from_iter_values(steps.iter().map(|step| step.probability))),
        ];
        let schema = Arc::new(Schema::new(vec![
            Field::new("step", DataType::Int64, false),
            Field::new("operation", DataType::Utf8, false),
            Field::new_list("arguments", Field::new_list_field(DataType::Utf8, true), false),
            Field::new("probability", DataType::Float64, false),
        ]));
        let rows = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        Ok(Arc::new(MemTable::try_new(schema, vec![vec![rows]])?))
    }
}
