//! `class_metrics`: how good the model is on each class.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, field, schema_of, texts};
use crate::error::Result;
use crate::evaluate::tables::{class_columns, class_fields};
use crate::evaluate::{ClassRow, Report};
use crate::schema::SPLIT;

/// split, then the columns of [`class_fields`].
pub fn schema() -> SchemaRef {
    schema_of([field(SPLIT, DataType::Utf8)].into_iter().chain(class_fields()).collect())
}

/// The rows of each side, in the given order.
pub fn batch(sides: &[(&str, &Report)]) -> Result<RecordBatch> {
    let splits = texts(sides.iter().flat_map(|(split, report)| report.classes.iter().map(|_| *split)));
    let rows: Vec<&ClassRow> = sides.iter().flat_map(|(_, report)| &report.classes).collect();
    batch_of(schema(), [splits].into_iter().chain(class_columns(&rows)).collect())
}
