//! A table as the bytes of a Parquet file, and back.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};

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
/// [`Error::Model`] for bytes that are no Parquet file.
pub fn from_parquet(bytes: Bytes, name: &str) -> Result<RecordBatch> {
    let read = ParquetRecordBatchReaderBuilder::try_new(bytes).and_then(|builder| {
        let schema = builder.schema().clone();
        let batches = builder.build()?.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(concat_batches(&schema, &batches)?)
    });
    read.map_err(|e| Error::Model(format!("{name}: expected a Parquet file ({e}); train again for a new version")))
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
