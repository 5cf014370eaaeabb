//! The plan of a query over files: one scan of those that are alike, columns by name.

use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::SortExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, create_lex_ordering};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};

use super::named::NamedSource;
use super::statistics::{common_order, of_groups};
use crate::error::Error;
use crate::frames::lake::kind::Kind;

/// What all scans of a table have in common.
pub struct Scan<'a> {
    /// The session that asks.
    pub session: &'a dyn Session,
    /// Where the files are.
    pub store: ObjectStoreUrl,
    /// Of what kind they are.
    pub kind: Kind,
    /// How they are read.
    pub format: &'a Arc<dyn FileFormat>,
    /// Columns of folders.
    pub folders: &'a [FieldRef],
    /// Columns of files, then of folders.
    pub schema: &'a SchemaRef,
    /// The order that was declared.
    pub order: &'a [Vec<SortExpr>],
    /// The columns that are wanted, by their places in `schema`.
    pub projection: Vec<usize>,
    /// So many rows are enough.
    pub limit: Option<usize>,
}

impl Scan<'_> {
    /// The plan over files that have the columns of `layout`, in as many as `partitions` partitions.
    ///
    /// # Errors
    /// Options that the format does not take.
    pub async fn plan(
        &self,
        layout: &SchemaRef,
        files: Vec<PartitionedFile>,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let own = TableSchema::builder(Arc::clone(layout)).with_table_partition_cols(self.folders.to_vec()).build();
        let schema = Arc::clone(own.table_schema());
        let groups = FileGroup::new(files).split_files(partitions);
        let (groups, statistics) = of_groups(groups, &schema)?;
        let order = self.order(&schema, &groups)?;
        let names: Vec<&str> = self.projection.iter().map(|place| self.schema.field(*place).name().as_str()).collect();
        let places: Vec<usize> = names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        let config = FileScanConfigBuilder::new(self.store.clone(), self.format.file_source(own))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some(places.clone()))?
            .with_limit(self.limit)
            .with_output_ordering(order)
            .build();
        let scan = self.format.create_physical_plan(self.session, config).await?;
        let scan = if matches!(self.kind, Kind::Csv | Kind::Json) { named(&scan)? } else { scan };
        match places.len() == names.len() {
            true => Ok(scan),
            false => self.with_missing(scan, &schema),
        }
    }

    /// The columns that the files lack, as NULL.
    fn with_missing(&self, scan: Arc<dyn ExecutionPlan>, own: &Schema) -> Result<Arc<dyn ExecutionPlan>> {
        let mut place = 0;
        let mut column = |field: &FieldRef| -> Result<ProjectionExpr> {
            let expr: Arc<dyn PhysicalExpr> = if own.index_of(field.name()).is_ok() {
                place += 1;
                Arc::new(Column::new(field.name(), place - 1))
            } else {
                Arc::new(Literal::new(ScalarValue::try_new_null(field.data_type())?))
            };
            Ok(ProjectionExpr::new(expr, field.name().clone()))
        };
        let columns = self.projection.iter().map(|place| column(&self.schema.fields()[*place]));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(ProjectionExec::try_new(columns, scan)?))
    }

    fn order(&self, schema: &SchemaRef, groups: &[FileGroup]) -> Result<Vec<LexOrdering>> {
        match self.order.is_empty() {
            true => Ok(common_order(groups).into_iter().collect()),
            false => create_lex_ordering(schema, self.order, self.session.execution_props()),
        }
    }
}

/// The scan, whose errors name the file.
fn named(scan: &Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let source = scan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
    let Some(config) = source.and_then(|source| source.downcast_ref::<FileScanConfig>()) else {
        return Err(Error::Internal(format!("{} is no scan of files", scan.name())).into());
    };
    let source = NamedSource::new(Arc::clone(config.file_source()));
    let config = FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(source)).build();
    Ok(DataSourceExec::from_data_source(config))
}
