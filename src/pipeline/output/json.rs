//! Rows as JSON objects, by arrow's own encoder: NaN and infinities become null, which is all that JSON has for them.

use std::io::Write;

use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::writer::{LineDelimited, WriterBuilder};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::Result;

/// One object and line per row; keys with NULL are kept.
pub(super) fn lines(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

/// All rows as one array, a line for each.
pub(super) fn array(batches: &[RecordBatch], out: &mut impl Write) -> Result<()> {
    let mut separator: &[u8] = b"[\n";
    for batch in batches {
        let text = lines(batch)?;
        // A line break inside a string is escaped, so that each line is one row.
        for row in text.split(|byte| *byte == b'\n').filter(|row| !row.is_empty()) {
            out.write_all(separator)?;
            out.write_all(row)?;
            separator = b",\n";
        }
    }
    out.write_all(if separator == b"[\n" { b"[]\n" } else { b"\n]\n" })?;
    Ok(())
}
