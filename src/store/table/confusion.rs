//! `confusion`: what was taken for what, zeros included.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, schema_of, texts};
use crate::error::Result;
use crate::evaluate::{CellRow, Report};
use crate::schema::{LABEL, SPLIT};

/// split, label (the true class), predicted, count (rows).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        field(LABEL, DataType::Utf8),
        field("predicted", DataType::Utf8),
        field("count", DataType::Int64),
    ])
}

/// The cells of each side, in the given order.
pub fn batch(sides: &[(&str, &Report)]) -> Result<RecordBatch> {
    let rows: Vec<(&str, &CellRow)> =
        sides.iter().flat_map(|(split, report)| report.confusion.iter().map(|row| (*split, row))).collect();
    batch_of(
        schema(),
        vec![
            texts(rows.iter().map(|(split, _)| *split)),
            texts(rows.iter().map(|(_, r)| r.label.as_str())),
            texts(rows.iter().map(|(_, r)| r.predicted.as_str())),
            counts(rows.iter().map(|(_, r)| r.count)),
        ],
    )
}
