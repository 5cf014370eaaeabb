//! A table of files.

mod columns;
mod definition;
mod files;
mod insert;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Constraints, Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::FileFormat;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;

use self::columns::{found, parted};
pub use self::definition::Definition;
use super::kind::Kind;
use super::partitions::FILENAME;
use super::scan::layout::Columns;
use super::scan::plan::Scan;
use super::scan::pruning::is_of_folders;
use super::schema::file::Schemas;
use crate::notes::Notes;

/// A table of files, which are listed anew for every query.
#[derive(Debug)]
pub struct LakeTable {
    definition: Definition,
    kind: Kind,
    format: Arc<dyn FileFormat>,
    /// Columns of files. A file that comes later may lack any of them, or hold NULL.
    files: SchemaRef,
    /// Columns of folders, and `filename`.
    folders: Vec<FieldRef>,
    /// Both.
    schema: SchemaRef,
    schemas: Schemas,
    /// Whether files were asked for the columns that were declared.
    was_looked_at: AtomicBool,
}

impl LakeTable {
    /// Lists the files, reads what columns each has, and makes one table of them.
    ///
    /// # Errors
    /// No file, where no columns are declared; files that cannot be read, or whose columns cannot be one, or are not those that are declared: by their names.
    pub async fn open(session: &dyn Session, definition: Definition) -> Result<Self> {
        let listing = definition.list(session, definition.kind, definition.partitions.as_deref()).await?;
        let Some(kind) = definition.kind.or(listing.kind) else { return Err(definition.nothing().into()) };
        let format = kind.format(session, &definition.options)?;
        let mut notes = listing.notes;
        let schemas = if definition.declared.is_some() { Schemas::of_declared() } else { Schemas::default() };
        let all = match &definition.declared {
            Some(declared) => Arc::clone(declared),
            None if listing.files.is_empty() => return Err(definition.nothing().into()),
            None => {
                let (schema, lines) = found(session, &definition, &format, &schemas, &listing.files).await?;
                notes.extend(lines);
                schema
            }
        };
        if listing.files.is_empty() {
            notes.push(format!("{}: there is no file yet", definition.texts()));
        }
        let mut names = listing.partitions;
        let has_name = names.iter().any(|name| name == FILENAME) || all.index_of(FILENAME).is_ok();
        if definition.has_filename && listing.is_open && !has_name {
            names.push(FILENAME.to_owned());
        }
        let (files, folders) = parted(&definition, &all, &names, &mut notes);
        let schema = Arc::new(Schema::new(files.fields().iter().chain(&folders).cloned().collect::<Vec<_>>()));
        say(session, notes);
        let was_looked_at = AtomicBool::new(false);
        let table = Self { definition, kind, format, files, folders, schema, schemas, was_looked_at };
        table.look(session, &listing.files).await?;
        Ok(table)
    }

    fn columns(&self) -> Columns<'_> {
        Columns { files: &self.files, folders: &self.folders, is_declared: self.definition.declared.is_some() }
    }
}

fn say(session: &dyn Session, lines: Vec<String>) {
    if let Some(notes) = session.config().get_extension::<Notes>() {
        lines.into_iter().for_each(|line| notes.say(line));
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.definition.constraints)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.definition.sql.as_deref()
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.definition.defaults.get(column)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match is_of_folders(filter, &self.folders) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(support).collect())
    }

    fn statistics(&self) -> Option<Statistics> {
        None
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projection = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let alike = self.alike(session, filters).await?;
        let Some(first) = self.definition.locations.first().filter(|_| !alike.is_empty()) else {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&projection)?))));
        };
        let scan = Scan {
            session,
            store: first.store(),
            format: &self.format,
            columns: self.columns(),
            order: &self.definition.order,
            projection,
            // A filter that is left takes rows away.
            limit: limit.filter(|_| filters.iter().all(|filter| is_of_folders(filter, &self.folders))),
        };
        let (all, partitions) =
            (alike.iter().map(|alike| alike.files.len()).sum::<usize>(), session.config().target_partitions());
        let mut plans = vec![];
        for alike in alike {
            // As many partitions as are wanted, shared out by the number of files.
            let share = (partitions * alike.files.len()).div_ceil(all);
            plans.push(scan.plan(alike, share).await?);
        }
        match plans.len() {
            1 => Ok(plans.swap_remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }

    async fn insert_into(
        &self,
        session: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        insert_op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.insert(session, input, insert_op).await
    }
}
