//! Readers whose errors name the file, the line and the column.

use std::fmt;
use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    CsvSource, FileOpenFuture, FileOpener, FileScanConfig, FileSource, ParquetSource,
};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::ObjectStore;

use super::damaged::{guarded, guarded_future, guarded_rows};
use super::failure::Failure;
use super::lines::line_of;
use super::opener::opener;
use super::records::Marks;
use crate::error::Error;
use crate::frames::lake::location::name_of;

/// A source of files as DataFusion reads them, but for its errors.
#[derive(Clone)]
pub struct NamedSource {
    inner: Arc<dyn FileSource>,
    /// Whether a file is read by one reader from its beginning to its end.
    is_whole: bool,
}

impl NamedSource {
    /// Around a source.
    pub fn new(inner: Arc<dyn FileSource>, is_whole: bool) -> Self {
        Self { inner, is_whole }
    }

    /// What it is around.
    pub fn inner(&self) -> &Arc<dyn FileSource> {
        &self.inner
    }

    /// The same around another source.
    pub fn with(&self, inner: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        Arc::new(Self { inner, is_whole: self.is_whole })
    }
}

impl FileSource for NamedSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        let is_parquet = self.inner.downcast_ref::<ParquetSource>().is_some();
        let opener = match is_parquet {
            true => opener(self.inner.as_ref(), Arc::clone(&store), config, partition)?,
            false => self.inner.create_file_opener(Arc::clone(&store), config, partition)?,
        };
        let fields = self.inner.table_schema().file_schema().fields().iter();
        let columns = fields.map(|field| field.name().clone()).collect();
        let marks = self.inner.downcast_ref::<CsvSource>().map(Marks::of);
        Ok(Arc::new(NamedOpener { opener, store, url: config.object_store_url.clone(), columns, marks }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        self.with(self.inner.with_batch_size(batch_size))
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        self.inner.fmt_extra(t, f)
    }

    fn supports_repartitioning(&self) -> bool {
        !self.is_whole && self.inner.supports_repartitioning()
    }

    fn repartitioned(
        &self,
        target_partitions: usize,
        repartition_file_min_size: usize,
        output_ordering: Option<LexOrdering>,
        config: &FileScanConfig,
    ) -> Result<Option<FileScanConfig>> {
        // The configuration has this source, which stays in it.
        match self.is_whole {
            true => Ok(None),
            false => self.inner.repartitioned(target_partitions, repartition_file_min_size, output_ordering, config),
        }
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let mut pushed = self.inner.try_pushdown_filters(filters, config)?;
        pushed.updated_node = pushed.updated_node.map(|inner| self.with(inner));
        Ok(pushed)
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(self.inner.try_pushdown_sort(order, properties)?.map(|inner| self.with(inner)))
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        Ok(self.inner.try_pushdown_projection(projection)?.map(|inner| self.with(inner)))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }
}

struct NamedOpener {
    opener: Arc<dyn FileOpener>,
    store: Arc<dyn ObjectStore>,
    url: ObjectStoreUrl,
    /// Of the file, in its order.
    columns: Arc<[String]>,
    /// Of CSV.
    marks: Option<Marks>,
}

impl FileOpener for NamedOpener {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        let name = name_of(&self.url, &file.object_meta.location);
        let opened = guarded(&name, || self.opener.open(file.clone()))??;
        let (store, columns) = (Arc::clone(&self.store), Arc::clone(&self.columns));
        let place = Arc::new(Place { name, file, store, columns, marks: self.marks });
        Ok(async move {
            match guarded_future(&place.name, opened).await {
                Ok(rows) => {
                    let rows = guarded_rows(place.name.clone(), rows);
                    let told = move |error| {
                        let place = Arc::clone(&place);
                        async move { Err(place.tell(error).await) }
                    };
                    Ok(rows.or_else(told).boxed())
                }
                Err(error) => Err(place.tell(error).await),
            }
        }
        .boxed())
    }
}

/// What an error is of.
struct Place {
    name: String,
    file: PartitionedFile,
    store: Arc<dyn ObjectStore>,
    columns: Arc<[String]>,
    marks: Option<Marks>,
}

impl Place {
    async fn tell(&self, error: DataFusionError) -> DataFusionError {
        let (file, text) = (&self.name, error.strip_backtrace());
        // What names the file already, and what is no fault of a file: a limit, an end that somebody asked for.
        if text.contains(&format!("{file}: ")) || Error::find(&error).is_some() || is_exhausted(&error) {
            return error;
        }
        let Some((marks, failure)) = self.marks.zip(Failure::of(&text)) else {
            return if is_of_file(&error) { Error::Data(cannot(file, &text)).into() } else { error.context(file) };
        };
        let start = self.file.range.as_ref().map_or(0, |range| range.start.unsigned_abs());
        let line = match line_of(&self.store, &self.file.object_meta, marks, start, failure.record).await {
            Ok(line) => line,
            Err(e) => return e,
        };
        let what = failure.what;
        let message = match failure.column.map(|column| self.columns.get(column).map_or("", String::as_str)) {
            Some(column) => format!(
                "{file}, line {line}, column '{column}': {what}; mend the file, or say what the column is: \
                 CREATE EXTERNAL TABLE frames ({column} VARCHAR, ...)"
            ),
            None => format!("{file}, line {line}: {what}; mend the file"),
        };
        Error::Data(message).into()
    }
}

fn cannot(file: &str, text: &str) -> String {
    let text = ["Parquet error: External: ", "Parquet error: ", "Arrow error: "]
        .iter()
        .fold(text, |text, layer| text.strip_prefix(layer).unwrap_or(text));
    format!("{file}: cannot be read: {text}")
}

fn is_exhausted(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

/// Whether what reads the file says it, and no expression over its values that is computed beside.
fn is_of_file(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ArrowError(error, _) => {
            !matches!(error.as_ref(), ArrowError::DivideByZero | ArrowError::ArithmeticOverflow(_))
        }
        DataFusionError::ParquetError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::IoError(_)
        | DataFusionError::External(_) => true,
        _ => false,
    }
}
