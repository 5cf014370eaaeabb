//! What cells of one session may call the tables that they make.

use std::collections::BTreeMap;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;

use super::Job;
use crate::error::{Result, query_err};

/// Refuses cells that make different tables of one name: they see the same tables, so one would work on another's.
///
/// # Errors
/// [`Error::Query`] that names the table and says what its name must hold.
pub(in crate::pipeline) fn check_names(jobs: &[Job]) -> Result<()> {
    let mut made: BTreeMap<String, &str> = BTreeMap::new();
    for job in jobs {
        for ((resolved, values), script) in job.cell.steps.iter().zip(&job.scripts) {
            for name in script.statements.iter().filter_map(|of| table(&of.statement)) {
                if *made.entry(name.clone()).or_insert(&resolved.sql) != resolved.sql {
                    let axes: Vec<String> = values.keys().map(|axis| format!("${{{axis}}}")).collect();
                    return query_err!(
                        "every cell of the matrix makes '{name}', which all cells see; put the axes of its step into its name: \
                         {name}_{}",
                        axes.join("_")
                    );
                }
            }
        }
    }
    Ok(())
}

/// The table or view that a statement makes.
fn table(statement: &Statement) -> Option<String> {
    match statement {
        Statement::CreateExternalTable(made) => Some(made.name.to_string()),
        Statement::Statement(statement) => match statement.as_ref() {
            SqlStatement::CreateTable(made) => Some(made.name.to_string()),
            SqlStatement::CreateView(made) => Some(made.name.to_string()),
            _ => None,
        },
        _ => None,
    }
}
