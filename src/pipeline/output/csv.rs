//! Rows as CSV. CSV knows no lists and structs: they are written as JSON text.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringBuilder};
use datafusion::arrow::csv::WriterBuilder;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::writer::{EncoderOptions, make_encoder};
use datafusion::arrow::record_batch::RecordBatch;

/// The line of column names.
pub(super) fn header(schema: &SchemaRef) -> Result<Vec<u8>, ArrowError> {
    let empty = RecordBatch::new_empty(Arc::clone(schema));
    encode(&flat(&empty)?, true)
}

/// The rows of a batch, without a header.
pub(super) fn rows(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    encode(&flat(batch)?, false)
}

fn encode(batch: &RecordBatch, header: bool) -> Result<Vec<u8>, ArrowError> {
    let mut writer = WriterBuilder::new().with_header(header).build(Vec::new());
    writer.write(batch)?;
    Ok(writer.into_inner())
}

fn flat(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        if !is_nested(field.data_type()) {
            return Ok((Arc::clone(field), Arc::clone(column)));
        }
        let text = json_text(field, column)?;
        Ok((Arc::new(Field::new(field.name(), DataType::Utf8, true)), text))
    });
    let (fields, columns): (Vec<FieldRef>, Vec<ArrayRef>) =
        columns.collect::<Result<Vec<_>, ArrowError>>()?.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn is_nested(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_nested(values),
        other => other.is_nested(),
    }
}

fn json_text(field: &FieldRef, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, column.as_ref(), &options)?;
    let mut text = StringBuilder::new();
    for row in 0..column.len() {
        if encoder.is_null(row) {
            text.append_null();
            continue;
        }
        let mut value = Vec::new();
        encoder.encode(row, &mut value);
        text.append_value(String::from_utf8_lossy(&value));
    }
    Ok(Arc::new(text.finish()))
}
