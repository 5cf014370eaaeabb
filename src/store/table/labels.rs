//! `labels`: the classes in the order of the probabilities, and how many rows each had.

use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of, texts};
use crate::error::Result;
use crate::schema::{LABEL, TEST, TRAIN, VALIDATION, WEIGHT};

/// One class.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRow {
    /// Its name.
    pub label: String,
    /// Its rows in train, copies included.
    pub train: u64,
    /// Its rows in validation.
    pub validation: u64,
    /// Its rows in test.
    pub test: u64,
    /// The mean weight of its train rows in the loss; None without such rows.
    pub weight: Option<f64>,
}

/// index (from 0), label, train, validation, test (rows), weight.
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field("index", DataType::Int64),
        field(LABEL, DataType::Utf8),
        field(TRAIN, DataType::Int64),
        field(VALIDATION, DataType::Int64),
        field(TEST, DataType::Int64),
        nullable(WEIGHT, DataType::Float64),
    ])
}

/// The classes in the order of the probabilities.
pub fn batch(rows: &[LabelRow]) -> Result<RecordBatch> {
    batch_of(
        schema(),
        vec![
            counts(0..rows.len() as u64),
            texts(rows.iter().map(|r| r.label.as_str())),
            counts(rows.iter().map(|r| r.train)),
            counts(rows.iter().map(|r| r.validation)),
            counts(rows.iter().map(|r| r.test)),
            Arc::new(rows.iter().map(|r| r.weight).collect::<Float64Array>()),
        ],
    )
}
