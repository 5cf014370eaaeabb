//! A reader whose errors name the file, the line and the column.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::DisplayFormatType;
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};

use crate::error::Error;
use crate::frames::lake::location::name_of;

/// A source of text files (CSV, JSON) as DataFusion reads them, but for its errors.
#[derive(Clone)]
pub struct NamedSource {
    inner: Arc<dyn FileSource>,
}

impl NamedSource {
    /// Around a source.
    pub fn new(inner: Arc<dyn FileSource>) -> Self {
        Self { inner }
    }

    fn with(&self, inner: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        Arc::new(Self { inner })
    }
}

impl FileSource for NamedSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        let opener = self.inner.create_file_opener(Arc::clone(&store), config, partition)?;
        let fields = self.inner.table_schema().file_schema().fields().iter();
        let columns = fields.map(|field| field.name().clone()).collect();
        Ok(Arc::new(NamedOpener { opener, store, url: config.object_store_url.clone(), columns }))
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
        self.inner.supports_repartitioning()
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
}

impl FileOpener for NamedOpener {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        let opened = self.opener.open(file.clone())?;
        let name = name_of(&self.url, &file.object_meta.location);
        let place = Arc::new(Place { name, file, store: Arc::clone(&self.store), columns: Arc::clone(&self.columns) });
        Ok(async move {
            match opened.await {
                Ok(rows) => {
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

/// Bytes that are read at once to count lines.
const CHUNK: u64 = 8 << 20;

/// What an error is of.
struct Place {
    name: String,
    file: PartitionedFile,
    store: Arc<dyn ObjectStore>,
    columns: Arc<[String]>,
}

impl Place {
    async fn tell(&self, error: DataFusionError) -> DataFusionError {
        let file = &self.name;
        let text = error.strip_backtrace();
        let Some(value) = Unparsed::of(&text) else { return Error::Data(format!("{file}: {text}")).into() };
        let line = match self.lines_before().await {
            Ok(before) => before + value.line + 1,
            Err(e) => return e,
        };
        let names = self.columns.get(value.column).map_or_else(|| value.column.to_string(), Clone::clone);
        Error::Data(format!(
            "{file}, line {line}, column '{names}': '{}' is no {}; mend the file, or say what the column is: \
             CREATE EXTERNAL TABLE frames ({names} VARCHAR, ...)",
            value.text, value.data_type
        ))
        .into()
    }

    /// Lines of the file before the part of it that was read.
    async fn lines_before(&self) -> Result<u64> {
        let Some(range) = self.file.range.as_ref().filter(|range| range.start > 0) else { return Ok(0) };
        let (mut at, end) = (0, range.start as u64);
        let (mut ends, mut last) = (0, b'\n');
        while at < end {
            let next = end.min(at + CHUNK);
            let bytes = self.store.get_range(&self.file.object_meta.location, at..next).await?;
            ends += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            (at, last) = (next, bytes.last().copied().unwrap_or(last));
        }
        // A part begins behind the end of the line that it begins in.
        Ok(if last == b'\n' { ends } else { ends + 1 })
    }
}

/// A value that could not be read, as arrow-csv tells of it.
#[derive(Debug, PartialEq)]
struct Unparsed<'a> {
    text: &'a str,
    data_type: &'a str,
    column: usize,
    /// From 0, in the part of the file that was read.
    line: u64,
}

impl<'a> Unparsed<'a> {
    /// `Error while parsing value '4.x4' as type 'Float32' for column 1 at line 4. Row data: ...`
    fn of(error: &'a str) -> Option<Self> {
        let (_, rest) = error.split_once("while parsing value '")?;
        let (text, rest) = rest.split_once("' as type '")?;
        let (data_type, rest) = rest.split_once("' for column ")?;
        let (column, rest) = rest.split_once(" at line ")?;
        let (line, _) = rest.split_once('.')?;
        Some(Self { text, data_type, column: column.parse().ok()?, line: line.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrow_says_of_a_value_is_understood() {
        let error = "Parser error: Error while parsing value '4.x4' as type 'Float32' for column 1 at line 4. Row data: '[4,4.x4,,false]'";
        assert_eq!(Unparsed::of(error), Some(Unparsed { text: "4.x4", data_type: "Float32", column: 1, line: 4 }));
        assert_eq!(Unparsed::of("incorrect number of fields for line 3, expected 2 got 1"), None);
    }
}
