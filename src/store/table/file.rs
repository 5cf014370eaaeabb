//! A table as the bytes of a Parquet file, and back.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};
use crate::frames::lake::scan::damaged::guarded;

/// The bytes of a Parquet file with these rows: the same rows give the same bytes.
pub fn to_parquet(batch: &RecordBatch) -> Result<Vec<u8>> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let written = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).and_then(|mut writer| {
        writer.write(batch)?;
        writer.into_inner()
    });
    written.map_err(|e| Error::Internal(format!("writing a table of a model: {e}")))
}

/// The rows of a Parquet file; `name` names it in errors.
///
/// # Errors
/// [`Error::Model`] for bytes that are no Parquet file, also where its reader panics of them.
pub fn from_parquet(bytes: Bytes, name: &str) -> Result<RecordBatch> {
    let wrong =
        |why: String| Error::Model(format!("{name}: expected a Parquet file ({why}); train again for a new version"));
    // What a training leaves while it runs has no digest, so anything may be in it.
    let read = guarded(name, || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        let schema = builder.schema().clone();
        let batches = builder.build()?.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(concat_batches(&schema, &batches)?)
    });
    match read {
        Ok(read) => read.map_err(|e: ParquetError| wrong(e.to_string())),
        Err(panic) => Err(wrong(Error::find(&panic).map_or_else(|| panic.to_string(), Error::to_string))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::lake::scan::damaged::hush;
    use crate::store::table::features;
    use crate::train::normalize::Normalization;

    #[test]
    fn a_table_is_read_back_and_written_the_same_twice() {
        let scale = Normalization { mean: vec![1.0, 2.0], std: vec![0.5, 0.25] };
        let batch = features::batch(2, None, &scale, |_| None).unwrap();
        let bytes = to_parquet(&batch).unwrap();
        assert_eq!(bytes, to_parquet(&batch).unwrap());
        assert_eq!(from_parquet(bytes.into(), "features.parquet").unwrap(), batch);
    }

    #[test]
    fn what_is_no_parquet_file_is_refused_by_name() {
        let error = from_parquet(Bytes::from_static(b"pose"), "features.parquet").unwrap_err().to_string();
        assert!(error.starts_with("features.parquet: expected a Parquet file"), "{error}");
    }

    /// The schema of Arrow that a file holds has offsets within itself; of one that leads out of it arrow-ipc 59.3 panics.
    #[test]
    fn a_file_of_which_the_reader_panics_is_refused_by_name() {
        hush();
        let batch = features::batch(2, None, &Normalization::default(), |_| None).unwrap();
        let bytes = to_parquet(&batch).unwrap();
        let at = bytes.windows(12).position(|text| text == b"ARROW:schema").unwrap();
        let mut refused = 0;
        // Letters of its base64.
        for place in at + 16..bytes.len() - 8 {
            let mut changed = bytes.clone();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            if let Err(error) = from_parquet(changed.into(), "features.parquet") {
                let error = error.to_string();
                assert!(error.starts_with("features.parquet: expected a Parquet file"), "{error}");
                refused += 1;
            }
        }
        assert!(refused > 0);
    }
}
