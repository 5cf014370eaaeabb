//! `metrics`: how good the model is on each side of the split, with 95 % intervals.

use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of, texts};
use crate::error::Result;
use crate::evaluate::{MetricRow, Report};
use crate::schema::SPLIT;

/// split, metric, value, low, high, interval, n (rows), groups (recordings).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        field("metric", DataType::Utf8),
        nullable("value", DataType::Float64),
        nullable("low", DataType::Float64),
        nullable("high", DataType::Float64),
        nullable("interval", DataType::Utf8),
        field("n", DataType::Int64),
        field("groups", DataType::Int64),
    ])
}

/// The metrics of each side, in the given order.
pub fn batch(sides: &[(&str, &Report)]) -> Result<RecordBatch> {
    let rows: Vec<(&str, &MetricRow)> =
        sides.iter().flat_map(|(split, report)| report.metrics.iter().map(|row| (*split, row))).collect();
    let floats =
        |value: fn(&MetricRow) -> Option<f64>| Arc::new(rows.iter().map(|(_, r)| value(r)).collect::<Float64Array>());
    batch_of(
        schema(),
        vec![
            texts(rows.iter().map(|(split, _)| *split)),
            texts(rows.iter().map(|(_, r)| r.metric)),
            floats(|r| r.value),
            floats(|r| r.low),
            floats(|r| r.high),
            Arc::new(rows.iter().map(|(_, r)| r.interval).collect::<StringArray>()),
            counts(rows.iter().map(|(_, r)| r.n)),
            counts(rows.iter().map(|(_, r)| r.groups)),
        ],
    )
}
