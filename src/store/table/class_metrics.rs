//! `class_metrics`: how good the model is on each class.

use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of, texts};
use crate::error::Result;
use crate::evaluate::{ClassRow, Report};
use crate::schema::{LABEL, SPLIT};

/// split, label, precision, recall, f1 (shares, NULL where they would divide by 0), support (rows).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        field(LABEL, DataType::Utf8),
        nullable("precision", DataType::Float64),
        nullable("recall", DataType::Float64),
        nullable("f1", DataType::Float64),
        field("support", DataType::Int64),
    ])
}

/// The classes of each side, in the given order.
pub fn batch(sides: &[(&str, &Report)]) -> Result<RecordBatch> {
    let rows: Vec<(&str, &ClassRow)> =
        sides.iter().flat_map(|(split, report)| report.classes.iter().map(|row| (*split, row))).collect();
    let floats =
        |value: fn(&ClassRow) -> Option<f64>| Arc::new(rows.iter().map(|(_, r)| value(r)).collect::<Float64Array>());
    batch_of(
        schema(),
        vec![
            texts(rows.iter().map(|(split, _)| *split)),
            texts(rows.iter().map(|(_, r)| r.label.as_str())),
            floats(|r| r.precision),
            floats(|r| r.recall),
            floats(|r| r.f1),
            counts(rows.iter().map(|(_, r)| r.support)),
        ],
    )
}
