//! The plan of a query over files: one scan of those that are alike, and above it what makes their columns those of the table.

use std::sync::Arc;

use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::SortExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, create_lex_ordering};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};

use super::alike::Alike;
use super::layout::{Columns, Layout};
use super::named::NamedSource;
use super::parquet::NamedReaders;
use super::statistics::{of_groups, without_bounds_beside_null};
use crate::error::Error;

/// What all scans of a table have in common.
pub struct Scan<'a> {
    /// The session that asks.
    pub session: &'a dyn Session,
    /// Where the files are.
    pub store: ObjectStoreUrl,
    /// How they are read.
    pub format: &'a Arc<dyn FileFormat>,
    /// The columns of the table.
    pub columns: Columns<'a>,
    /// The order that was declared.
    pub order: &'a [Vec<SortExpr>],
    /// The columns that are wanted, by their places in those of files, then of folders.
    pub projection: Vec<usize>,
    /// So many rows are enough.
    pub limit: Option<usize>,
}

impl Scan<'_> {
    /// The plan over files of one layout, in as many as `partitions` partitions.
    ///
    /// # Errors
    /// Options that the format does not take.
    pub async fn plan(&self, alike: Alike, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let Alike { layout, is_whole, files } = alike;
        let own = TableSchema::builder(Arc::clone(&layout.read))
            .with_table_partition_cols(self.columns.folders.to_vec())
            .build();
        let schema = Arc::clone(own.table_schema());
        let order = self.order(&layout, &schema)?;
        let ordered = order.iter().flatten().flat_map(|key| collect_columns(&key.expr)).map(|column| column.index());
        let files = without_bounds_beside_null(files, &ordered.collect());
        let groups = FileGroup::new(files).split_files(partitions);
        let (groups, statistics) = of_groups(groups, &schema)?;
        let places: Vec<Option<usize>> = self.projection.iter().map(|column| self.place(&layout, *column)).collect();
        let config = FileScanConfigBuilder::new(self.store.clone(), self.format.file_source(own))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some(places.iter().flatten().copied().collect()))?
            .with_limit(self.limit)
            .with_output_ordering(order)
            .build();
        let scan = named(&self.format.create_physical_plan(self.session, config).await?, is_whole)?;
        self.as_in_table(scan, &places)
    }

    /// The place of a column of the table in what is read.
    fn place(&self, layout: &Layout, column: usize) -> Option<usize> {
        match column.checked_sub(self.columns.files.fields().len()) {
            Some(folder) => Some(layout.read.fields().len() + folder),
            None => layout.places[column],
        }
    }

    /// The wanted column of the table.
    fn field(&self, column: usize) -> &FieldRef {
        let files = self.columns.files.fields();
        files.get(column).unwrap_or_else(|| &self.columns.folders[column - files.len()])
    }

    /// Columns under the names and types of the table, and NULL for those that have no place. A scan that has them already stays as it is.
    fn as_in_table(&self, scan: Arc<dyn ExecutionPlan>, places: &[Option<usize>]) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = scan.schema();
        let mut read = schema.fields().iter().enumerate();
        let (mut columns, mut is_same) = (vec![], true);
        for (column, place) in self.projection.iter().zip(places) {
            let field = self.field(*column);
            let (expr, same) = match place.and_then(|_| read.next()) {
                Some((place, own)) => as_field(place, own, field),
                None => (null(field)?, false),
            };
            is_same &= same;
            columns.push(ProjectionExpr::new(expr, field.name().clone()));
        }
        match is_same {
            true => Ok(scan),
            false => Ok(Arc::new(ProjectionExec::try_new(columns, scan)?)),
        }
    }

    /// The declared order, where the files write its columns as the table does.
    fn order(&self, layout: &Layout, schema: &SchemaRef) -> Result<Vec<LexOrdering>> {
        let is_renamed = |(field, place): (&FieldRef, &Option<usize>)| {
            place.is_some_and(|place| layout.read.field(place).name() != field.name())
        };
        match self.columns.files.fields().iter().zip(&layout.places).any(is_renamed) {
            true => Ok(vec![]),
            false => create_lex_ordering(schema, self.order, self.session.execution_props()),
        }
    }
}

/// A column that was read as one of the table, and whether it is that already.
fn as_field(place: usize, own: &FieldRef, field: &FieldRef) -> (Arc<dyn PhysicalExpr>, bool) {
    let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(own.name(), place));
    match own.data_type() == field.data_type() {
        true => (column, own.name() == field.name()),
        false => (Arc::new(CastExpr::new_with_target_field(column, Arc::clone(field), None)), false),
    }
}

fn null(field: &FieldRef) -> Result<Arc<dyn PhysicalExpr>> {
    let value = ScalarValue::try_new_null(field.data_type())?;
    Ok(Arc::new(Literal::new_with_metadata(value, Some(FieldMetadata::from(field.as_ref())))))
}

/// The scan, whose errors name the file.
fn named(scan: &Arc<dyn ExecutionPlan>, is_whole: bool) -> Result<Arc<dyn ExecutionPlan>> {
    let source = scan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
    let Some(config) = source.and_then(|source| source.downcast_ref::<FileScanConfig>()) else {
        return Err(Error::Internal(format!("{} is no scan of files", scan.name())).into());
    };
    let source: Arc<dyn FileSource> = match config.file_source().downcast_ref::<ParquetSource>() {
        Some(source) => Arc::new(named_parquet(source, &config.object_store_url)),
        None => Arc::clone(config.file_source()),
    };
    let source = Arc::new(NamedSource::new(source, is_whole));
    Ok(DataSourceExec::from_data_source(FileScanConfigBuilder::from(config.clone()).with_source(source).build()))
}

fn named_parquet(source: &ParquetSource, url: &ObjectStoreUrl) -> ParquetSource {
    match source.parquet_file_reader_factory() {
        Some(inner) => {
            let readers = NamedReaders { inner: Arc::clone(inner), url: url.clone() };
            source.clone().with_parquet_file_reader_factory(Arc::new(readers))
        }
        None => source.clone(),
    }
}
