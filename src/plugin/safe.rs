//! Safe mode: what statements may do in a session that is fenced in, see [`crate::roots`].
//!
//! Its files are those below the roots, which the registry of stores asks and every call of ours that touches a file. Statements are asked
//! here: no setting is changed, nothing is written where no folder may be, and no table opens files past the stores.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::logical_expr::dml::CopyTo;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};

use super::training::KINDS;
use crate::error::Error;
use crate::roots::Roots;

/// Refuses a plan that does what safe mode forbids; everything is allowed where no roots are set.
///
/// A host that plans by itself asks this before it runs a plan of somebody whom it does not trust.
///
/// # Errors
/// [`Error::Query`] that names what is forbidden.
pub fn check(roots: &Roots, plan: &LogicalPlan) -> Result<()> {
    let Some(allowed) = roots.allowed() else { return Ok(()) };
    let mut wrong = None;
    plan.apply_with_subqueries(|node| {
        wrong = forbidden(node, !allowed.write.is_empty());
        if let LogicalPlan::Copy(copy) = node {
            check_target(roots, copy)?;
        }
        Ok(if wrong.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    match wrong {
        Some(what) => Err(Error::Query(format!("safe mode: {what}")).into()),
        None => Ok(()),
    }
}

fn forbidden(node: &LogicalPlan, may_write: bool) -> Option<String> {
    match node {
        LogicalPlan::Ddl(DdlStatement::CreateExternalTable(table)) if table.unbounded => {
            Some("UNBOUNDED tables are read past every fence, and are not allowed".to_owned())
        }
        LogicalPlan::Ddl(DdlStatement::CreateFunction(_) | DdlStatement::CreateCatalog(_)) => {
            Some(format!("{} is not allowed", name(node)))
        }
        LogicalPlan::Ddl(_) | LogicalPlan::Dml(_) | LogicalPlan::Copy(_) if !may_write => {
            Some(format!("{} is not allowed; --allow-write FOLDER allows to make things there", name(node)))
        }
        LogicalPlan::Statement(_) => Some(format!("{} is not allowed: settings stay as they are", name(node))),
        _ => None,
    }
}

/// Refuses a COPY to a file outside before it has rows. Models are asked for where it is known what their target means.
fn check_target(roots: &Roots, copy: &CopyTo) -> Result<()> {
    if KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(&copy.file_type.get_ext())) {
        return Ok(());
    }
    let target = ListingTableUrl::parse(&copy.output_url)?;
    match target.get_url().to_file_path() {
        Ok(file) if target.scheme() == "file" => Ok(roots.check_write(&file)?),
        _ => {
            Err(Error::Query(format!("safe mode: COPY to {}: it is no folder that is allowed", target.scheme())).into())
        }
    }
}

/// What the statement is called: the first words of its plan.
fn name(node: &LogicalPlan) -> String {
    match node {
        LogicalPlan::Ddl(ddl) => ddl.name().to_owned(),
        LogicalPlan::Dml(dml) => dml.op.to_string(),
        LogicalPlan::Copy(_) => "COPY".to_owned(),
        LogicalPlan::Statement(statement) => statement.name().to_owned(),
        _ => String::new(),
    }
}

/// The folders of an option's text, parted as in PATH.
///
/// # Errors
/// Text that holds no path.
pub fn folders(text: &str) -> Result<Vec<std::path::PathBuf>> {
    let folders: Vec<_> = std::env::split_paths(text).filter(|folder| !folder.as_os_str().is_empty()).collect();
    if folders.is_empty() {
        Err(exec_datafusion_err!("expected folders, parted by ':' (was '{text}')"))
    } else {
        Ok(folders)
    }
}
