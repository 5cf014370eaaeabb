//! `metrics`: how good the model is on each side of the split, with 95 % intervals.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, field, nullable, schema_of, texts};
use crate::error::Result;
use crate::evaluate::tables::{metric_columns, metric_fields};
use crate::evaluate::{MetricRow, Report};
use crate::schema::SPLIT;

/// What has to be said beside every number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caveat {
    /// Rows of evaluation leak into train, and that was allowed.
    pub leaky: bool,
    /// Why the numbers are better than they would be elsewhere.
    pub caveat: Option<&'static str>,
}

/// split, the columns of [`metric_fields`], leaky (whether leaks were allowed), caveat ('optimistic: ...').
pub fn schema() -> SchemaRef {
    let own = [nullable("leaky", DataType::Boolean), nullable("caveat", DataType::Utf8)];
    schema_of([field(SPLIT, DataType::Utf8)].into_iter().chain(metric_fields()).chain(own).collect())
}

/// The metrics of each side, in the given order.
pub fn batch(sides: &[(&str, &Report)], caveat: Caveat) -> Result<RecordBatch> {
    let splits = texts(sides.iter().flat_map(|(split, report)| report.metrics.iter().map(|_| *split)));
    let rows: Vec<&MetricRow> = sides.iter().flat_map(|(_, report)| &report.metrics).collect();
    let leaky: ArrayRef = Arc::new(BooleanArray::from(vec![caveat.leaky; rows.len()]));
    let caveats: ArrayRef = Arc::new(StringArray::from(vec![caveat.caveat; rows.len()]));
    batch_of(schema(), [splits].into_iter().chain(metric_columns(&rows)).chain([leaky, caveats]).collect())
}
