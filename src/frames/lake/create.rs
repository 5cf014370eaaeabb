//! The first door: `CREATE EXTERNAL TABLE frames STORED AS CSV PARTITIONED BY (subject) LOCATION 'lake/'`.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider, TableProviderFactory};
use datafusion::common::{Result, ToDFSchema};
use datafusion::datasource::provider::DefaultTableFactory;
use datafusion::logical_expr::{CreateExternalTable, SortExpr};

use super::kind::Kind;
use super::location::Location;
use super::partitions::FILENAME;
use super::table::{Definition, LakeTable};
use crate::error::query_err;

/// Makes tables of files of one kind.
#[derive(Debug)]
pub struct LakeTableFactory {
    /// Of what kind.
    pub kind: Kind,
}

#[async_trait]
impl TableProviderFactory for LakeTableFactory {
    async fn create(&self, session: &dyn Session, statement: &CreateExternalTable) -> Result<Arc<dyn TableProvider>> {
        if is_unbounded(statement) {
            return DefaultTableFactory::new().create(session, statement).await;
        }
        let partitions: &Vec<String> = &statement.table_partition_cols.iter().map(|name| unquoted(name)).collect();
        let infers = session.config_options().execution.listing_table_factory_infer_partitions;
        let has_columns = !statement.schema.fields().is_empty();
        let definition = Definition {
            locations: statement.locations.iter().map(|text| Location::parse(text)).collect::<Result<_, _>>()?,
            kind: Some(self.kind),
            options: statement.options.clone(),
            declared: has_columns.then(|| Arc::clone(statement.schema.inner())),
            // Declared columns are all columns: what folders say besides is not asked for.
            partitions: (has_columns || !infers || !partitions.is_empty()).then(|| partitions.clone()),
            has_filename: partitions.iter().any(|name| name == FILENAME),
            order: statement.order_exprs.clone(),
            constraints: statement.constraints.clone(),
            defaults: statement.column_defaults.clone(),
            sql: statement.definition.clone(),
        };
        let table = LakeTable::open(session, definition).await?;
        check_order(&table, &statement.order_exprs)?;
        Ok(Arc::new(table))
    }
}

/// A name as it was meant: in quotes it arrives with them.
fn unquoted(name: &str) -> String {
    let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    inner.map_or_else(|| name.to_owned(), |inner| inner.replace("\"\"", "\""))
}

fn is_unbounded(statement: &CreateExternalTable) -> bool {
    let option = statement.options.iter().find(|(name, _)| name.eq_ignore_ascii_case("unbounded"));
    statement.unbounded || option.is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"))
}

/// WITH ORDER names columns that are there.
fn check_order(table: &LakeTable, order: &[Vec<SortExpr>]) -> Result<()> {
    let schema = table.schema().to_dfschema()?;
    let mut columns = order.iter().flatten().flat_map(|sort| sort.expr.column_refs());
    match columns.find(|column| !schema.has_column(column)) {
        Some(column) => {
            let names = schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>();
            Ok(query_err!(
                "WITH ORDER: there is no column '{}'{}",
                column.name,
                crate::error::suggest(&column.name, names)
            )?)
        }
        None => Ok(()),
    }
}
