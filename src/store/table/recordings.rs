//! `recordings`: how many windows of each recording the net has right, and the baselines: what paired tests are made of.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of, texts};
use crate::error::Result;
use crate::schema::{SPLIT, SUBJECT};

/// One recording as one model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingRow {
    /// train, validation or test.
    pub split: &'static str,
    /// `source/video`.
    pub recording: Arc<str>,
    /// Who is seen, if known.
    pub subject: Option<Arc<str>>,
    /// `net`, or the name of a baseline.
    pub predictor: &'static str,
    /// Windows.
    pub rows: u64,
    /// Windows whose class was found.
    pub correct: u64,
}

/// The predictor of the version itself.
pub const NET: &str = "net";

/// split, recording (`source/video`), subject, predictor ('net', or a baseline), rows (windows), correct (of them).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        field("recording", DataType::Utf8),
        nullable(SUBJECT, DataType::Utf8),
        field("predictor", DataType::Utf8),
        field("rows", DataType::Int64),
        field("correct", DataType::Int64),
    ])
}

/// The rows, in the given order.
pub fn batch(rows: &[RecordingRow]) -> Result<RecordBatch> {
    batch_of(
        schema(),
        vec![
            texts(rows.iter().map(|r| r.split)),
            texts(rows.iter().map(|r| &*r.recording)),
            Arc::new(rows.iter().map(|r| r.subject.as_deref()).collect::<StringArray>()),
            texts(rows.iter().map(|r| r.predictor)),
            counts(rows.iter().map(|r| r.rows)),
            counts(rows.iter().map(|r| r.correct)),
        ],
    )
}
