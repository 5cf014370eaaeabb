//! `confusion`: what was taken for what, with the rows of [`Confusion::cells`](crate::evaluate::metric::confusion::Confusion::cells).

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, field, schema_of, texts};
use crate::error::Result;
use crate::evaluate::tables::{confusion_columns, confusion_fields};
use crate::evaluate::{CellRow, Report};
use crate::schema::SPLIT;

/// split, then the columns of [`confusion_fields`].
pub fn schema() -> SchemaRef {
    schema_of([field(SPLIT, DataType::Utf8)].into_iter().chain(confusion_fields()).collect())
}

/// The rows of each side, in the given order.
pub fn batch(sides: &[(&str, &Report)]) -> Result<RecordBatch> {
    let splits = texts(sides.iter().flat_map(|(split, report)| report.confusion.iter().map(|_| *split)));
    let rows: Vec<&CellRow> = sides.iter().flat_map(|(_, report)| &report.confusion).collect();
    batch_of(schema(), [splits].into_iter().chain(confusion_columns(&rows)).collect())
}
