//! What a relation function is: a name, the names of its arguments, and a plan over the planned input.

use std::fmt::Debug;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{Column, JoinType, NullEquality, Result, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, WindowFrame, WindowFunctionDefinition};

use crate::args::{Alias, Arguments};
use crate::error::query_err;

/// A function over a relation: `pose_windows((SELECT ...), width => 30)`.
pub trait RelationFunction: Debug + Send + Sync {
    /// The SQL name.
    fn name(&self) -> &'static str;

    /// The names of the arguments after the input, in positional order.
    fn parameters(&self) -> &'static [&'static str];

    /// Old names of arguments, each with the one of [`RelationFunction::parameters`] that it is now.
    fn aliases(&self) -> &'static [Alias] {
        &[]
    }

    /// One sentence, and an example that runs, over a table `frames`, `windows`, `split_windows` or `predictions`.
    fn about(&self) -> (&'static str, &'static str);

    /// Whether the name of a model comes before the input: `pose_timeline('gait', (SELECT ...))`. It is the argument
    /// `model`, the first of [`RelationFunction::parameters`].
    fn takes_model(&self) -> bool {
        false
    }

    /// The plan over `input`, whose columns are unqualified and have distinct names.
    ///
    /// # Errors
    /// A plan error that names the argument or column that is wrong, and what is expected.
    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan>;
}

/// A function that makes a relation of nothing but its arguments: `pose_walkers(subjects => 10, seed => 7)`.
pub trait SourceFunction: Debug + Send + Sync {
    /// The SQL name.
    fn name(&self) -> &'static str;

    /// The names of the arguments, in positional order.
    fn parameters(&self) -> &'static [&'static str];

    /// Old names of arguments, each with the one of [`SourceFunction::parameters`] that it is now.
    fn aliases(&self) -> &'static [Alias] {
        &[]
    }

    /// One sentence, and an example that runs.
    fn about(&self) -> (&'static str, &'static str);

    /// The table of these arguments.
    ///
    /// # Errors
    /// A plan error that names the argument that is wrong, and what is expected.
    fn table(&self, arguments: &Arguments) -> Result<Arc<dyn TableProvider>>;
}

/// A call of `source`, under its name.
///
/// Plans are compared by the names of their tables, not by what these are made of: of `(SELECT max(t) FROM f(1))` and
/// `(SELECT max(t) FROM f(2))` only one would be run. So the arguments are a part of the table's name.
///
/// # Errors
/// Those of [`SourceFunction::table`].
pub fn call(source: &dyn SourceFunction, arguments: &Arguments) -> Result<LogicalPlan> {
    let table = provider_as_source(source.table(arguments)?);
    LogicalPlanBuilder::scan(TableReference::bare(arguments.to_string()), table, None)?.alias(source.name())?.build()
}

/// The column of that name in the plan below, unqualified.
pub fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// Refuses an input that has one of the columns that are to be added.
///
/// # Errors
/// Names the function and the column, and says what to do.
pub fn refuse_present(function: &str, input: &LogicalPlan, added: &[&str]) -> Result<()> {
    match added.iter().find(|name| input.schema().has_column_with_unqualified_name(name)) {
        Some(name) => Ok(query_err!(
            "{function}: the input already has a column '{name}'; leave it out of the subquery or rename it"
        )?),
        None => Ok(()),
    }
}

/// Adds the columns of a small relation to every row of `input`, by equal keys, NULL being equal to NULL.
///
/// `small` holds each key once. `keys` are names in `input`; in `small` the same columns are named `key_name(..)` of them.
///
/// # Errors
/// `input` already has one of the columns that are added.
pub fn attach(
    function: &str,
    input: LogicalPlan,
    small: LogicalPlan,
    keys: &[&str],
    added: &[&str],
) -> Result<LogicalPlan> {
    refuse_present(function, &input, added)?;
    let names: Vec<String> = input.schema().fields().iter().map(|f| f.name().clone()).collect();
    let left: Vec<Column> = keys.iter().map(|k| Column::from_name(key_name(k))).collect();
    let right: Vec<Column> = keys.iter().map(|k| Column::from_name(*k)).collect();
    // The small side is built into a hash table, the input streams past it.
    LogicalPlanBuilder::from(small)
        .join_detailed(input, JoinType::Right, (left, right), None, NullEquality::NullEqualsNull)?
        .project(names.iter().map(String::as_str).chain(added.iter().copied()).map(column))?
        .build()
}

/// The name of a key column in a relation that is to be attached.
pub fn key_name(key: &str) -> String {
    format!("__key_{key}")
}

/// A window function over all rows at once: `f(args) OVER ()`.
pub fn over_all(fun: WindowFunctionDefinition, args: Vec<Expr>) -> Expr {
    let params = WindowFunctionParams {
        args,
        partition_by: vec![],
        order_by: vec![],
        window_frame: WindowFrame::new(None),
        null_treatment: None,
        filter: None,
        distinct: false,
    };
    Expr::from(WindowFunction { fun, params })
}

/// The plan with window functions as further columns of the given names.
pub fn with_windows(plan: LogicalPlan, functions: Vec<(Expr, &str)>) -> Result<LogicalPlan> {
    let columns: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
    let named = functions.iter().map(|(f, name)| column(&f.schema_name().to_string()).alias(*name)).collect::<Vec<_>>();
    let windowed = LogicalPlanBuilder::window_plan(plan, functions.into_iter().map(|(f, _)| f))?;
    LogicalPlanBuilder::from(windowed).project(columns.into_iter().chain(named))?.build()
}
