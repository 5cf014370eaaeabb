//! The schemas of all files of a listing, and the one that they make.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Fields, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::csv::{self, Dialect};
use super::sample::sample;
use super::union::Union;
use crate::error::Error;

/// What was read of the files of a table. A file that has changed since is read again.
///
/// Files that have the same columns share one schema, so that a lake of ten thousand files does not hold ten thousand.
#[derive(Debug, Default)]
pub struct Schemas(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    files: HashMap<Path, (ObjectMeta, SchemaRef)>,
    schemas: HashMap<Fields, SchemaRef>,
}

impl Schemas {
    /// The schema of each file, in their order. They come with their names, for messages.
    ///
    /// # Errors
    /// A file that cannot be read, by its name.
    pub async fn of(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        format: &Arc<dyn FileFormat>,
        files: &[(String, ObjectMeta)],
    ) -> Result<Vec<SchemaRef>> {
        let dialect = dialect(session, format);
        let execution = &session.config_options().execution;
        // A file of CSV is in memory while it is looked at.
        let at_once =
            if dialect.is_some() { execution.target_partitions } else { execution.meta_fetch_concurrency.get() };
        let one = |(name, meta)| self.one(session, store, format, dialect.clone(), name, meta).boxed();
        // Boxed: https://github.com/rust-lang/rust/issues/64552
        let each: Vec<BoxFuture<'_, Result<SchemaRef>>> = files.iter().cloned().map(one).collect();
        stream::iter(each).buffered(at_once).try_collect().await
    }

    async fn one(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        format: &Arc<dyn FileFormat>,
        dialect: Option<Dialect>,
        name: String,
        meta: ObjectMeta,
    ) -> Result<SchemaRef> {
        if let Some(schema) = self.known(&meta) {
            return Ok(schema);
        }
        let schema = match dialect {
            // Parsing is work for a processor: a thread of its own for each.
            Some(dialect) => {
                let parts = sample(store.as_ref(), &meta, !dialect.newlines_in_values).await?;
                let parsed = tokio::task::spawn_blocking(move || csv::columns(&parts, &dialect, &name)).await;
                Arc::new(parsed.map_err(|e| Error::Internal(e.to_string()))??)
            }
            None => {
                let read = format.infer_schema(session, store, std::slice::from_ref(&meta)).await;
                read.map_err(|e| Error::Data(format!("{name}: cannot be read: {}", e.strip_backtrace())))?
            }
        };
        Ok(self.note(&meta, schema))
    }

    fn known(&self, meta: &ObjectMeta) -> Option<SchemaRef> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.files.get(&meta.location).filter(|(before, _)| before == meta).map(|(_, schema)| Arc::clone(schema))
    }

    fn note(&self, meta: &ObjectMeta, schema: SchemaRef) -> SchemaRef {
        // What a program noted of itself may differ in each file.
        let fields = schema.fields();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = known.schemas.entry(fields.clone()).or_insert_with(|| Arc::new(Schema::new(fields.clone())));
        let schema = Arc::clone(one);
        known.files.insert(meta.location.clone(), (meta.clone(), Arc::clone(&schema)));
        schema
    }
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

/// The schema of all files, and lines on what some of them lack.
///
/// # Errors
/// Columns of one name that cannot be one column.
pub fn union(files: &[(String, ObjectMeta)], schemas: &[SchemaRef]) -> Result<(SchemaRef, Vec<String>)> {
    let mut union = Union::default();
    let mut counts: HashMap<*const Schema, usize> = HashMap::new();
    schemas.iter().for_each(|schema| *counts.entry(Arc::as_ptr(schema)).or_default() += 1);
    for ((name, _), schema) in files.iter().zip(schemas) {
        if let Some(count) = counts.remove(&Arc::as_ptr(schema)) {
            union.add(schema, name, count)?;
        }
    }
    Ok(union.finish())
}
