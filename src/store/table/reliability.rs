//! `reliability`: whether 80 % probable means right 8 times of 10.

use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of, texts};
use crate::error::Result;
use crate::evaluate::{ReliabilityRow, Report};
use crate::schema::SPLIT;

/// split, low (exclusive), high (inclusive), count (rows), confidence (mean), accuracy.
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        field("low", DataType::Float64),
        field("high", DataType::Float64),
        field("count", DataType::Int64),
        nullable("confidence", DataType::Float64),
        nullable("accuracy", DataType::Float64),
    ])
}

/// The bins of each side, in the given order.
pub fn batch(sides: &[(&str, &Report)]) -> Result<RecordBatch> {
    let rows: Vec<(&str, &ReliabilityRow)> =
        sides.iter().flat_map(|(split, report)| report.reliability.iter().map(|row| (*split, row))).collect();
    let floats = |value: fn(&ReliabilityRow) -> Option<f64>| {
        Arc::new(rows.iter().map(|(_, r)| value(r)).collect::<Float64Array>())
    };
    batch_of(
        schema(),
        vec![
            texts(rows.iter().map(|(split, _)| *split)),
            floats(|r| Some(r.low)),
            floats(|r| Some(r.high)),
            counts(rows.iter().map(|(_, r)| r.count)),
            floats(|r| r.confidence),
            floats(|r| r.accuracy),
        ],
    )
}
