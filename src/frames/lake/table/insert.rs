//! INSERT INTO a table of files: rows become new files in its folder.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{Result, SchemaExt};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOutputMode, FileSinkConfig};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::physical_expr::expressions::{CastExpr, Column, case, is_null, lit};
use datafusion::physical_expr::{PhysicalExpr, create_lex_ordering};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};

use super::LakeTable;
use crate::error::query_err;
use crate::frames::lake::partitions::FILENAME;

impl LakeTable {
    /// The plan that writes rows.
    ///
    /// # Errors
    /// Rows of other columns; a table of which nothing says where the rows are to go.
    pub(super) async fn insert(
        &self,
        session: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        insert_op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [location] = self.definition.locations.as_slice() else {
            return Ok(query_err!("INSERT INTO a table of several locations: nothing tells which one gets the rows")?);
        };
        if !location.is_folder() {
            return Ok(query_err!(
                "INSERT INTO writes new files into a folder, and '{location}' is none; write its location with a slash at its end"
            )?);
        }
        if self.folders.iter().any(|field| field.name() == FILENAME) {
            return Ok(query_err!(
                "INSERT INTO: the names of new files are not for the statement to choose; make a table without 'filename'"
            )?);
        }
        self.schema.logically_equivalent_names_and_types(&input.schema())?;
        let order = create_lex_ordering(&self.schema, &self.definition.order, session.execution_props())?;
        let folders = self.folders.iter().map(|field| (field.name().clone(), DataType::Utf8));
        let config = FileSinkConfig {
            original_url: location.text().to_owned(),
            object_store_url: location.store(),
            file_group: Vec::<PartitionedFile>::new().into(),
            table_paths: vec![location.url().clone()],
            output_schema: self.written(),
            table_partition_cols: folders.collect(),
            insert_op,
            keep_partition_by_columns: session.config_options().execution.keep_partition_by_columns,
            file_extension: self.format.get_ext(),
            file_output_mode: FileOutputMode::Automatic,
        };
        let input = self.with_texts(input)?;
        self.format.create_writer_physical_plan(input, session, config, order.into_iter().next().map(Into::into)).await
    }

    /// The columns that are written: NOT NULL where that was declared, those of folders as texts.
    fn written(&self) -> SchemaRef {
        let declared = |field: &FieldRef| {
            let declared = self.definition.declared.as_ref()?.field_with_name(field.name()).ok()?;
            (!declared.is_nullable()).then(|| Arc::new(field.as_ref().clone().with_nullable(false)))
        };
        let files = self.files.fields().iter().map(|field| declared(field).unwrap_or_else(|| Arc::clone(field)));
        let folders = self.folders.iter().map(|field| Arc::new(Field::new(field.name(), DataType::Utf8, true)));
        Arc::new(Schema::new(files.chain(folders).collect::<Vec<_>>()))
    }

    /// The rows with the columns of folders as they are written into folders' names: as texts, NULL as an empty one, which is read as NULL. DataFusion would write
    /// whatever value lies below a NULL: 0, or a text that was there before.
    fn with_texts(&self, input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        if self.folders.is_empty() {
            return Ok(input);
        }
        let column = |(place, field): (usize, &FieldRef)| {
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), place));
            let expr = if place < self.files.fields().len() { column } else { text(column)? };
            Ok(ProjectionExpr::new(expr, self.schema.field(place).name().clone()))
        };
        let columns = input.schema().fields().iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(ProjectionExec::try_new(columns, input)?))
    }
}

/// A column as text without NULL.
fn text(column: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
    let missing = is_null(Arc::clone(&column))?;
    let text = Arc::new(CastExpr::new(column, DataType::Utf8, None));
    case(None, vec![(missing, lit(""))], Some(text))
}
