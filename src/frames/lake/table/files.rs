//! The files of a query: those that are there now and that filters leave, with what is known of each.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::logical_expr::Expr;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;

use super::{LakeTable, say};
use crate::frames::lake::kind::Kind;
use crate::frames::lake::listing::Found;
use crate::frames::lake::partitions::{self, FILENAME};
use crate::frames::lake::scan::alike::{Alike, Shape, Shapes};
use crate::frames::lake::scan::damaged::guarded_future;
use crate::frames::lake::scan::lacking::lacking;
use crate::frames::lake::scan::pruning::{is_of_folders, meets};
use crate::frames::lake::scan::statistics::{MOST, of_file};
use crate::frames::lake::schema::file::dialect;
use crate::frames::lake::schema::reader::unreadable;

/// A file, and the values of the columns of folders for it.
type Valued = (Found, Vec<ScalarValue>);

impl LakeTable {
    /// The files that filters leave, those together that are read alike.
    pub(super) async fn alike(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<Alike>> {
        let store = self.definition.store(session)?;
        let found = self.found(session, filters).await?;
        let schemas = self.schemas_of(session, &store, found.iter().map(|(found, _)| found)).await?;
        let mut shapes = self.shapes(session);
        let shaped = found.into_iter().zip(schemas).map(|(file, schema)| {
            let shape = shapes.of(&schema, &file.0.name)?;
            Ok((file, shape))
        });
        let shaped = shaped.collect::<crate::error::Result<Vec<_>>>()?;
        let files = self.with_statistics(session, &store, shaped).await?;
        Ok(shapes.alike(files))
    }

    /// The files that filters on their folders leave.
    async fn found(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<Valued>> {
        let names: Vec<String> = self.folders.iter().map(|field| field.name().clone()).collect();
        let listing = self.definition.list(session, Some(self.kind), Some(&names)).await?;
        let is_gone = listing.files.is_empty() && !listing.is_open && self.definition.declared.is_none();
        if is_gone {
            return Err(self.definition.nothing().into());
        }
        say(session, listing.notes);
        self.look(session, &listing.files).await?;
        let values = |found: &Found| self.folders.iter().map(|field| value(found, field)).collect();
        let values = listing.files.iter().map(values).collect::<crate::error::Result<Vec<Vec<ScalarValue>>>>()?;
        let of_folders = filters.iter().filter(|filter| is_of_folders(filter, &self.folders)).cloned().collect();
        let met = meets(session, &self.folders, &values, of_folders)?;
        let files = listing.files.into_iter().zip(values).zip(met);
        Ok(files.filter(|(_, met)| *met).map(|(file, _)| file).collect())
    }

    /// Looks once, when there are files, whether these have the columns that were declared. Of CSV each file is asked when it is read.
    ///
    /// # Errors
    /// A column that no file has, and one of another type, by their names.
    pub(super) async fn look(&self, session: &dyn Session, files: &[Found]) -> Result<()> {
        let is_found = self.definition.declared.is_none() || self.kind == Kind::Csv;
        if is_found || files.is_empty() || self.was_looked_at.load(Ordering::Relaxed) {
            return Ok(());
        }
        let store = self.definition.store(session)?;
        let schemas = self.schemas_of(session, &store, files.iter()).await?;
        let mut shapes = self.shapes(session);
        for (found, schema) in files.iter().zip(&schemas) {
            shapes.of(schema, &found.name)?;
        }
        say(session, lacking(&schemas, self.columns(), &self.definition.texts())?);
        self.was_looked_at.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn shapes(&self, session: &dyn Session) -> Shapes<'_> {
        let has_header = dialect(session, &self.format).is_some_and(|dialect| dialect.has_header);
        // An array of objects in JSON has no lines.
        let is_array = self.format.downcast_ref::<JsonFormat>().is_some_and(|json| !json.options().newline_delimited);
        Shapes::new(self.kind, self.columns(), has_header, is_array)
    }

    async fn schemas_of(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        files: impl Iterator<Item = &Found>,
    ) -> Result<Vec<SchemaRef>> {
        let metas: Vec<_> = files.map(|found| (found.name.clone(), found.meta.clone())).collect();
        self.schemas.of(session, store, &self.format, &metas).await
    }

    /// Files with their statistics, where the format has any. Those that say that they have no rows are left out.
    async fn with_statistics(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        found: Vec<(Valued, Arc<Shape>)>,
    ) -> Result<Vec<(PartitionedFile, Arc<Shape>)>> {
        let collects = self.kind == Kind::Parquet
            && session.config().collect_statistics()
            && found.len().saturating_mul(self.schema.fields().len()) <= MOST;
        let file = |(file, shape)| self.one(session, store, file, shape, collects).boxed();
        let each: Vec<BoxFuture<'_, Result<_>>> = found.into_iter().map(file).collect();
        let at_once = session.config_options().execution.meta_fetch_concurrency.get();
        let files: Vec<(PartitionedFile, _)> = stream::iter(each).buffered(at_once).try_collect().await?;
        let is_empty = |file: &PartitionedFile| {
            file.statistics.as_ref().is_some_and(|statistics| statistics.num_rows == Precision::Exact(0))
        };
        Ok(files.into_iter().filter(|(file, _)| !is_empty(file)).collect())
    }

    async fn one(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        (found, values): Valued,
        shape: Arc<Shape>,
        collects: bool,
    ) -> Result<(PartitionedFile, Arc<Shape>)> {
        let mut file = PartitionedFile::from(found.meta.clone());
        if collects {
            let own = self.format.infer_stats(session, store, Arc::clone(&shape.own), &found.meta);
            let own = guarded_future(&found.name, own).await.map_err(|e| unreadable(&found.name, e))?;
            // The order that a file says it has is that of its first rows only.
            file.statistics = Some(Arc::new(of_file(&own, &shape, &self.files, &values)));
        }
        file.partition_values = values;
        Ok((file, shape))
    }
}

/// The value of a column of folders for a file.
fn value(found: &Found, field: &FieldRef) -> crate::error::Result<ScalarValue> {
    let path = found.name.as_str();
    let text = found.values.iter().find(|(name, _)| name == field.name());
    let text = text.map_or((field.name() == FILENAME).then_some(path), |(_, value)| value.as_deref());
    partitions::value(field, text, path)
}
