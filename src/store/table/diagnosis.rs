//! `diagnosis`: what is wrong with the net, why, and what to try.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, field, floats, nullable, schema_of, texts};
use crate::error::Result;
use crate::evaluate::diagnose::Finding;
use crate::schema::SPLIT;

/// severity ('error', 'warning', 'note'), check, split (NULL where it is about the whole), subject (a class, a feature;
/// empty where it is about none), message, cause, advice, p, low and high (95 % interval of what was seen).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field("severity", DataType::Utf8),
        field("check", DataType::Utf8),
        nullable(SPLIT, DataType::Utf8),
        field("subject", DataType::Utf8),
        field("message", DataType::Utf8),
        field("cause", DataType::Utf8),
        field("advice", DataType::Utf8),
        nullable("p", DataType::Float64),
        nullable("low", DataType::Float64),
        nullable("high", DataType::Float64),
    ])
}

/// The findings, in the given order.
pub fn batch(findings: &[Finding]) -> Result<RecordBatch> {
    let splits: StringArray = findings.iter().map(|f| f.split.map(|side| side.name())).collect();
    batch_of(
        schema(),
        vec![
            texts(findings.iter().map(|f| f.severity.name())),
            texts(findings.iter().map(|f| f.check)),
            Arc::new(splits),
            texts(findings.iter().map(|f| f.subject.as_str())),
            texts(findings.iter().map(|f| f.message.as_str())),
            texts(findings.iter().map(|f| f.cause.as_str())),
            texts(findings.iter().map(|f| f.advice.as_str())),
            floats(findings.iter().map(|f| f.p)),
            floats(findings.iter().map(|f| f.low)),
            floats(findings.iter().map(|f| f.high)),
        ],
    )
}
