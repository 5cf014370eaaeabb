//! `pose_windows('frames', 30, 15)`: positional arguments over the name of a table, for hosts that load us without the planner.

use std::sync::Arc;

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Result, TableReference};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use futures::FutureExt;

use super::relations::{constant, unqualified};
use crate::args::{Arguments, Value};
use crate::error::query_err;
use crate::notes::Notes;
use crate::relation::{RelationFunction, SourceFunction, call};

/// A relation function as a plain table function of DataFusion, and where it says what it has to say.
#[derive(Debug)]
pub struct PositionalFunction(pub Arc<dyn RelationFunction>, pub Notes);

impl TableFunctionImpl for PositionalFunction {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let function = self.0.name();
        let Some((Expr::Literal(table, _), rest)) = args.exprs().split_first() else {
            return Ok(query_err!(
                "{function}: the first argument must be a subquery or the name of a table: \
                 {function}((SELECT * FROM frames), ...) or {function}('frames', ...)"
            )?);
        };
        let Some(Some(table)) = table.try_as_str() else {
            return Ok(query_err!("{function}: the name of a table must be a text (was {table})")?);
        };
        let none = Arguments::new(function).with_notes(self.1.clone());
        let arguments = positional(none, self.0.parameters(), rest)?;
        let session = args.session().as_any().downcast_ref::<SessionState>();
        let input = session.map_or_else(|| cannot_answer(function, table), |s| scan(function, table, s))?;
        let plan = self.0.plan(unqualified(function, input)?, &arguments)?;
        Ok(Arc::new(ViewTable::new(plan, None)))
    }
}

/// A source as a plain table function of DataFusion: its arguments by their places.
#[derive(Debug)]
pub struct PositionalSource(pub Arc<dyn SourceFunction>);

impl TableFunctionImpl for PositionalSource {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let none = Arguments::new(self.0.name());
        let plan = call(self.0.as_ref(), &positional(none, self.0.parameters(), args.exprs())?)?;
        Ok(Arc::new(ViewTable::new(plan, None)))
    }
}

/// `arguments` with those that were written, by their places: nothing is given by a name here, old or new.
fn positional(mut arguments: Arguments, known: &'static [&'static str], exprs: &[Expr]) -> Result<Arguments> {
    let function = arguments.function();
    for (place, expr) in exprs.iter().enumerate() {
        let name = known.get(place).copied().unwrap_or("argument");
        let value: Value = constant(function, name, expr.clone())?;
        arguments.insert_positional(known, place, value)?;
    }
    Ok(arguments)
}

/// Catalogs answer asynchronously, table functions are planned synchronously: only a catalog that answers at once can be used.
fn scan(function: &str, table: &str, session: &SessionState) -> Result<LogicalPlan> {
    let reference = TableReference::from(table);
    let schema = session.schema_for_ref(reference.clone())?;
    let Some(answer) = schema.table(reference.table()).now_or_never() else { return cannot_answer(function, table) };
    match answer? {
        Some(provider) => LogicalPlanBuilder::scan(table, provider_as_source(provider), None)?.build(),
        None => Ok(query_err!("{function}: table '{table}' not found")?),
    }
}

fn cannot_answer<T>(function: &str, table: &str) -> Result<T> {
    Ok(query_err!(
        "{function}: the catalog of '{table}' does not answer at once; use a subquery: {function}((SELECT * FROM {table}), ...)"
    )?)
}
