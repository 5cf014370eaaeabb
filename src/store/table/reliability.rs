//! `reliability`: whether 80 % probable means right 8 times of 10.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, field, schema_of, texts};
use crate::error::Result;
use crate::evaluate::tables::{reliability_columns, reliability_fields};
use crate::evaluate::{ReliabilityRow, Report};
use crate::schema::SPLIT;

/// split, then the columns of [`reliability_fields`].
pub fn schema() -> SchemaRef {
    schema_of([field(SPLIT, DataType::Utf8)].into_iter().chain(reliability_fields()).collect())
}

/// The rows of each side, in the given order.
pub fn batch(sides: &[(&str, &Report)]) -> Result<RecordBatch> {
    let splits = texts(sides.iter().flat_map(|(split, report)| report.reliability.iter().map(|_| *split)));
    let rows: Vec<&ReliabilityRow> = sides.iter().flat_map(|(_, report)| &report.reliability).collect();
    batch_of(schema(), [splits].into_iter().chain(reliability_columns(&rows)).collect())
}
