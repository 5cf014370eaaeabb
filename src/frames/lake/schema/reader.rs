//! How the columns of a file are found.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Cursor};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use datafusion::catalog::Session;
use datafusion::common::parsers::CompressionTypeVariant;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use futures::FutureExt;
use object_store::{GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::arrow::wrong_length;
use super::csv::{self, Dialect};
use super::json;
use super::lines::spanning;
use super::sample::{WHOLE, head, holds, sample};
use crate::error::{Error, data_err};
use crate::frames::lake::scan::damaged::{damaged, guarded_future};

/// How the columns of files are found.
#[derive(Debug, Clone)]
pub enum Reader {
    /// By the first line, and all values.
    Csv(Box<Dialect>),
    /// By all values of so many records at most.
    Json(usize),
    /// The same of a file that is one array.
    JsonArray(usize),
    /// As DataFusion finds them.
    Format(Arc<dyn FileFormat>),
}

impl Reader {
    /// How a format finds them.
    pub fn of(session: &dyn Session, format: &Arc<dyn FileFormat>) -> Self {
        if let Some(dialect) = dialect(session, format) {
            return Self::Csv(Box::new(dialect));
        }
        let json = format.downcast_ref::<JsonFormat>().map(JsonFormat::options);
        match json.filter(|json| json.compression == CompressionTypeVariant::UNCOMPRESSED) {
            Some(json) => {
                let most = json.schema_infer_max_rec.unwrap_or(usize::MAX);
                if json.newline_delimited { Self::Json(most) } else { Self::JsonArray(most) }
            }
            None => Self::Format(Arc::clone(format)),
        }
    }

    /// The schema of a file. `name` is its name, for messages; `is_declared`, whether a statement says what the columns are.
    ///
    /// # Errors
    /// A file that cannot be read, by its name.
    pub async fn read(
        self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        name: String,
        meta: &ObjectMeta,
        is_declared: bool,
    ) -> Result<SchemaRef> {
        let file = name.clone();
        // Parsing is work for a processor: a thread of its own for each.
        let parsed = match self {
            Self::Csv(dialect) if is_declared => {
                let (parts, is_whole) =
                    head(store.as_ref(), meta, !dialect.newlines_in_values, dialect.options.quote).await?;
                let dialect = told(*dialect, store.as_ref(), meta, &parts, is_whole).await?;
                tokio::task::spawn_blocking(move || csv::undecided(&parts, is_whole, &dialect, &name)).await
            }
            Self::Csv(dialect) => {
                let parts = sample(store.as_ref(), meta, !dialect.newlines_in_values).await?;
                let is_whole = meta.size <= WHOLE;
                let dialect = told(*dialect, store.as_ref(), meta, &parts, is_whole).await?;
                tokio::task::spawn_blocking(move || csv::columns(&parts, is_whole, &dialect, &name)).await
            }
            Self::Json(most) => {
                let lines = lines(store.as_ref(), meta).await?;
                tokio::task::spawn_blocking(move || json::columns(lines, most, is_declared, &name)).await
            }
            Self::JsonArray(most) => {
                let bytes = store.get(&meta.location).await?.bytes().await?;
                let read = move || json::columns_of_array(&bytes, most, is_declared, &name);
                // An array has no lines to begin at.
                tokio::task::spawn_blocking(move || read().map(spanning)).await
            }
            Self::Format(format) => {
                if format.downcast_ref::<ArrowFormat>().is_some()
                    && let Some(wrong) = wrong_length(store.as_ref(), meta).await?
                {
                    return Err(damaged(&name, &wrong).into());
                }
                let read = format.infer_schema(session, store, std::slice::from_ref(meta));
                let read = guarded_future(&name, read.boxed()).await;
                let cannot = |e| unreadable(&name, e);
                let read = read.map_err(cannot)?;
                if format.downcast_ref::<ParquetFormat>().is_some() {
                    let checked = check_names(session, store.as_ref(), &name, meta).boxed();
                    guarded_future(&name, checked).await.map_err(cannot)?;
                }
                // An array of JSON has no lines to begin at.
                let is_json = format.downcast_ref::<JsonFormat>().is_some();
                return Ok(if is_json { Arc::new(spanning(read.as_ref().clone())) } else { read });
            }
        };
        Ok(Arc::new(parsed.map_err(|e| damaged(&file, &e.to_string()))??))
    }
}

/// The error of a file that cannot be read, by its name, unless it says that already.
pub fn unreadable(file: &str, error: DataFusionError) -> DataFusionError {
    match error.strip_backtrace() {
        text if text.contains(&format!("{file}: ")) || matches!(error, DataFusionError::ResourcesExhausted(_)) => error,
        text => Error::Data(format!("{file}: cannot be read: {text}")).into(),
    }
}

/// The dialect of a file that was seen in part: a quote anywhere else says that a value may hold the end of a line, too.
async fn told(
    dialect: Dialect,
    store: &dyn ObjectStore,
    meta: &ObjectMeta,
    parts: &[Bytes],
    is_whole: bool,
) -> Result<Dialect> {
    let quote = dialect.options.quote;
    let is_known = is_whole || dialect.newlines_in_values || parts.iter().any(|part| part.contains(&quote));
    let newlines_in_values = dialect.newlines_in_values || (!is_known && holds(store, meta, quote).await?);
    Ok(Dialect { newlines_in_values, ..dialect })
}

/// Refuses a Parquet file with two columns of one name: a table has one of each, and DataFusion would read the first of them alone.
async fn check_names(session: &dyn Session, store: &dyn ObjectStore, file: &str, meta: &ObjectMeta) -> Result<()> {
    // What was read for the schema is kept there.
    let cache = session.runtime_env().cache_manager.get_file_metadata_cache();
    let footer = DFParquetMetadata::new(store, meta).with_file_metadata_cache(Some(cache)).fetch_metadata().await?;
    let mut seen = HashSet::new();
    let fields = footer.file_metadata().schema_descr().root_schema().get_fields();
    match fields.iter().find(|field| !seen.insert(field.name())) {
        None => Ok(()),
        Some(field) => Ok(data_err!(
            "{file} has two columns '{}', and a table has one of each name: give one of them another name where it is written",
            field.name()
        )?),
    }
}

async fn lines(store: &dyn ObjectStore, meta: &ObjectMeta) -> Result<Box<dyn BufRead + Send>> {
    let found = store.get(&meta.location).await?;
    Ok(match found.payload {
        GetResultPayload::File(file, _) => Box::new(BufReader::new(file)),
        GetResultPayload::Stream(_) => Box::new(Cursor::new(found.bytes().await?)),
    })
}

/// How the files are written, where they are CSV.
pub fn dialect(session: &dyn Session, format: &Arc<dyn FileFormat>) -> Option<Dialect> {
    let options = format.downcast_ref::<CsvFormat>()?.options().clone();
    let defaults = &session.config_options().catalog;
    Some(Dialect {
        has_header: options.has_header.unwrap_or(defaults.has_header),
        newlines_in_values: options.newlines_in_values.unwrap_or(defaults.newlines_in_values),
        options,
    })
}
