//! What cells must not do to be jobs of their own, whose order shows in nothing.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::parser::{CopyToStatement, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;

use super::Job;
use super::known::model;
use crate::error::{Result, query_err};
use crate::pipeline::provenance;
use crate::pipeline::script::Located;

/// Refuses cells whose results depend on which of them comes first.
///
/// # Errors
/// [`Error::Query`](crate::error::Error::Query) that names what they have in common, and says what to write.
pub(in crate::pipeline) fn check_independent(jobs: &[Job]) -> Result<()> {
    check_tables(jobs)?;
    check_settings(jobs)?;
    check_donors(jobs)
}

/// Refuses different tables of one name: cells see the same tables, so one would work on another's.
fn check_tables(jobs: &[Job]) -> Result<()> {
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

/// Refuses SET where cells share the step: it would hold for the one that happens to run it.
fn check_settings(jobs: &[Job]) -> Result<()> {
    let is_set = |of: &Located| matches!(of.statement.as_ref(), Statement::Statement(statement) if matches!(**statement, SqlStatement::Set(_)));
    for job in jobs {
        for ((_, values), script) in job.cell.steps.iter().zip(&job.scripts) {
            if values.len() < job.cell.values.len()
                && let Some(set) = script.statements.iter().find(|of| is_set(of))
            {
                return query_err!(
                    "{}: {}: cells share this step, and one of them runs it: put it under [settings], or into the step with all axes",
                    script.place(set),
                    set.text
                );
            }
        }
    }
    Ok(())
}

/// Refuses a net that begins with, or averages, the newest of a model that several cells train: which is the newest depends on
/// which of them is ready first.
fn check_donors(jobs: &[Job]) -> Result<()> {
    // By model, the steps that train it, each for some values.
    let mut trained: BTreeMap<&str, BTreeSet<Vec<String>>> = BTreeMap::new();
    for job in jobs {
        for ((resolved, values), script) in job.cell.steps.iter().zip(&job.scripts) {
            for copy in script.statements.iter().filter_map(|of| model(&of.statement)) {
                let of = values.iter().flat_map(|(axis, value)| [axis.to_string(), value.to_string()]);
                let task: Vec<String> = of.chain([resolved.step.to_string()]).collect();
                trained.entry(copy.target.trim_end_matches('/')).or_default().insert(task);
            }
        }
    }
    for job in jobs {
        let axes: Vec<String> = job.cell.values.iter().map(|(axis, _)| format!("${{{axis}}}")).collect();
        for script in &job.scripts {
            for (statement, copy) in script.statements.iter().filter_map(|of| Some((of, model(&of.statement)?))) {
                for donor in donors(copy) {
                    if trained.get(donor.as_str()).is_some_and(|tasks| tasks.len() > 1) {
                        return query_err!(
                            "{}: several cells train '{donor}', and which version is its newest depends on which of them is ready \
                             first; put their axes into its name: {donor}_{}",
                            script.place(statement),
                            axes.join("_")
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

/// The models that a training begins with, or averages, as paths beside its own; `gait@3` is `models/gait@3`.
fn donors(copy: &CopyToStatement) -> impl Iterator<Item = String> {
    let folder = copy.target.trim_end_matches('/').rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
    let is_donor = |name: &String| ["init_from", "members"].iter().any(|known| name.eq_ignore_ascii_case(known));
    let names = copy.options.iter().filter(move |(name, _)| is_donor(name));
    let names = names.filter_map(|(_, value)| value.clone().into_string());
    let names = names.flat_map(|names| names.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
    names.map(move |name| folder.clone().unwrap_or_default() + &name)
}

/// The table or view that a statement makes.
fn table(statement: &Statement) -> Option<String> {
    provenance::changed(statement).filter(|(_, is_new)| *is_new).map(|(name, _)| name.to_string())
}
