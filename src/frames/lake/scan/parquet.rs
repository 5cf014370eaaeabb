//! A reader of Parquet that knows what this build cannot read.
//!
//! Its errors name the file where bytes come from; those of what the bytes mean are named where the rows come out (`named.rs`).

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::basic::CompressionCodec;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use crate::error::Error;
use crate::frames::lake::location::name_of;

/// Makes readers whose errors name the file.
#[derive(Debug)]
pub struct NamedReaders {
    /// What makes readers.
    pub inner: Arc<dyn ParquetFileReaderFactory>,
    /// Where the files are.
    pub url: ObjectStoreUrl,
}

impl ParquetFileReaderFactory for NamedReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let name = name_of(&self.url, &file.object_meta.location);
        let inner = self.inner.create_reader(partition, file, metadata_size_hint, metrics)?;
        Ok(Box::new(NamedReader { inner, name, closed: None }))
    }
}

struct NamedReader {
    inner: Box<dyn AsyncFileReader + Send>,
    name: String,
    /// What this build cannot read, once the metadata of the file are known.
    closed: Option<Vec<Closed>>,
}

/// A part of a file that is compressed by what this build does not know.
#[derive(Debug)]
struct Closed {
    bytes: Range<u64>,
    column: String,
    codec: CompressionCodec,
}

impl NamedReader {
    /// The error, with the name of the file.
    fn named(&self, error: &dyn std::fmt::Display) -> ParquetError {
        ParquetError::External(Box::new(Error::Data(format!("{}: cannot be read: {error}", self.name))))
    }

    async fn check(&mut self, ranges: &[Range<u64>]) -> ParquetResult<()> {
        if self.closed.is_none() {
            let metadata = self.inner.get_metadata(None).await.map_err(|e| self.named(&e))?;
            self.closed = Some(closed(&metadata));
        }
        let meets = |closed: &&Closed| {
            ranges.iter().any(|range| range.start < closed.bytes.end && closed.bytes.start < range.end)
        };
        match self.closed.iter().flatten().find(meets) {
            Some(Closed { column, codec, .. }) => Err(self.named(&format!(
                "column '{column}' is compressed by {codec:?}, which this build does not know; write the file with SNAPPY, ZSTD, GZIP or LZ4"
            ))),
            None => Ok(()),
        }
    }
}

impl AsyncFileReader for NamedReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            self.check(std::slice::from_ref(&range)).await?;
            self.inner.get_bytes(range).await.map_err(|e| self.named(&e))
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            self.check(&ranges).await?;
            self.inner.get_byte_ranges(ranges).await.map_err(|e| self.named(&e))
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let metadata = self.inner.get_metadata(options).await.map_err(|e| self.named(&e))?;
            self.closed = Some(closed(&metadata));
            Ok(metadata)
        }
        .boxed()
    }
}

fn closed(metadata: &ParquetMetaData) -> Vec<Closed> {
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    let closed = |chunk: &ColumnChunkMetaData| {
        let (start, length) = chunk.byte_range();
        Closed { bytes: start..start + length, column: chunk.column_path().string(), codec: chunk.compression_codec() }
    };
    // The features of the crate `parquet` in Cargo.toml.
    let is_closed = |chunk: &&ColumnChunkMetaData| {
        matches!(chunk.compression_codec(), CompressionCodec::LZO | CompressionCodec::BROTLI)
    };
    chunks.filter(is_closed).map(closed).collect()
}

#[cfg(test)]
mod tests {
    use parquet::file::metadata::{FileMetaData, RowGroupMetaData};
    use parquet::schema::parser::parse_message_type;
    use parquet::schema::types::SchemaDescriptor;

    use super::*;

    /// Knows its metadata alone.
    struct Footer(Arc<ParquetMetaData>);

    impl AsyncFileReader for Footer {
        fn get_bytes(&mut self, _: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
            async { Ok(Bytes::new()) }.boxed()
        }

        fn get_metadata<'a>(
            &'a mut self,
            _: Option<&'a ArrowReaderOptions>,
        ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
            async { Ok(Arc::clone(&self.0)) }.boxed()
        }
    }

    /// A file of two columns of 100 bytes, of which the second is compressed by Brotli.
    fn reader() -> NamedReader {
        let columns = parse_message_type("message m { required int64 x; required int64 y; }").unwrap();
        let columns = Arc::new(SchemaDescriptor::new(Arc::new(columns)));
        let chunk = |place: usize, codec| {
            let chunk = ColumnChunkMetaData::builder(columns.column(place)).set_compression_codec(codec);
            chunk.set_data_page_offset(4 + 100 * place as i64).set_total_compressed_size(100).build().unwrap()
        };
        let chunks = vec![chunk(0, CompressionCodec::SNAPPY), chunk(1, CompressionCodec::BROTLI)];
        let group = RowGroupMetaData::builder(Arc::clone(&columns)).set_column_metadata(chunks).build().unwrap();
        let file = FileMetaData::new(1, 0, None, None, columns, None);
        let inner = Box::new(Footer(Arc::new(ParquetMetaData::new(file, vec![group]))));
        NamedReader { inner, name: "/p/b.parquet".to_owned(), closed: None }
    }

    #[tokio::test]
    async fn a_column_of_an_unknown_codec_is_named_when_it_is_read() {
        let mut reader = reader();
        assert!(reader.get_bytes(4..104).await.is_ok());
        let error = reader.get_byte_ranges(vec![4..104, 104..204]).await.unwrap_err().to_string();
        assert!(error.contains("/p/b.parquet: cannot be read: column 'y' is compressed by BROTLI,"), "{error}");
    }
}
