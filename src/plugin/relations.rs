//! Relation functions in SQL: `name((SELECT ...), argument => value)` becomes a plan over the planned subquery.

use std::sync::Arc;

use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, FunctionArg, FunctionArgExpr, ObjectName, TableAlias, TableFactor, TableFunctionArgs,
};

use crate::args::{Arguments, Value};
use crate::error::query_err;
use crate::notes::Notes;
use crate::relation::{RelationFunction, SourceFunction, call};

/// Plans the relation functions of a list; everything else is left to DataFusion.
#[derive(Debug)]
pub struct Relations {
    /// Functions over a relation.
    pub relations: Vec<Arc<dyn RelationFunction>>,
    /// Functions of their arguments alone.
    pub sources: Vec<Arc<dyn SourceFunction>>,
    /// Of the session: who runs a statement hears there what its relations have to say.
    pub notes: Notes,
}

fn simple(name: &ObjectName, context: &dyn RelationPlannerContext) -> Option<String> {
    let [part] = name.0.as_slice() else { return None };
    Some(context.normalize_ident(part.as_ident()?.clone()))
}

impl RelationPlanner for Relations {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let original = |relation| Ok(RelationPlanning::Original(Box::new(relation)));
        let TableFactor::Table { name, args: Some(args), .. } = &relation else { return original(relation) };
        let Some(name) = simple(name, context) else { return original(relation) };
        if let Some(source) = self.sources.iter().find(|source| source.name() == name) {
            refuse_modifiers(source.name(), &relation)?;
            let none = Arguments::new(source.name()).with_aliases(source.aliases()).with_notes(self.notes.clone());
            let (args, alias) = parts(relation);
            let arguments = read_arguments(none, source.parameters(), args, context)?;
            let plan = call(source.as_ref(), &arguments)?;
            return Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))));
        }
        let Some(function) = self.relations.iter().find(|function| function.name() == name) else {
            return original(relation);
        };
        let before = usize::from(function.takes_model());
        if names_a_table(args, before) {
            return original(relation);
        }
        refuse_modifiers(function.name(), &relation)?;
        // Taken and not copied: a copy of a deep subquery takes more stack than a thread has.
        let (mut given, alias) = parts(relation);
        let input = (before < given.len()).then(|| given.remove(before));
        let input = plan_input(function.as_ref(), input, context)?;
        let none = Arguments::new(function.name()).with_aliases(function.aliases()).with_notes(self.notes.clone());
        let arguments = read_arguments(none, function.parameters(), given, context)?;
        let plan = function.plan(unqualified(function.name(), input)?, &arguments)?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))))
    }
}

/// The arguments of a call, and the name that it has in the query.
fn parts(relation: TableFactor) -> (Vec<FunctionArg>, Option<TableAlias>) {
    match relation {
        TableFactor::Table { args: Some(args), alias, .. } => (args.args, alias),
        _ => (vec![], None),
    }
}

/// `pose_windows('frames', 30, 15)`: the plain table function of the same name answers. `place` is that of the input.
fn names_a_table(args: &TableFunctionArgs, place: usize) -> bool {
    use datafusion::sql::sqlparser::ast::Value as SqlValue;
    let first = args.args.get(place);
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(SqlExpr::Value(v)))) = first else { return false };
    matches!(v.value, SqlValue::SingleQuotedString(_))
}

/// TABLESAMPLE, hints and the like stand after the call and would be lost: they belong into the subquery.
fn refuse_modifiers(function: &str, relation: &TableFactor) -> Result<()> {
    let TableFactor::Table { with_hints, version, with_ordinality, partitions, sample, index_hints, .. } = relation
    else {
        return Ok(());
    };
    let given = [
        ("hints", !with_hints.is_empty() || !index_hints.is_empty()),
        ("a version", version.is_some()),
        ("WITH ORDINALITY", *with_ordinality),
        ("partitions", !partitions.is_empty()),
        ("TABLESAMPLE", sample.is_some()),
    ];
    match given.iter().find(|(_, is)| *is) {
        Some((what, _)) => Ok(query_err!("{function}: {what} cannot follow the call; put it into the subquery")?),
        None => Ok(()),
    }
}

fn plan_input(
    function: &dyn RelationFunction,
    input: Option<FunctionArg>,
    context: &mut dyn RelationPlannerContext,
) -> Result<LogicalPlan> {
    let subquery = match input {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(SqlExpr::Subquery(query)))) => Ok(query),
        other => Err(other.map_or("nothing".to_owned(), |other| other.to_string())),
    };
    let subquery = match subquery {
        Ok(subquery) => subquery,
        Err(given) => {
            let place = if function.takes_model() { "second argument, after the model," } else { "first argument" };
            return Ok(query_err!(
                "{}: the {place} must be a subquery in brackets of its own (was {given}), as in: {}",
                function.name(),
                function.about().1
            )?);
        }
    };
    context.plan(TableFactor::Derived { lateral: false, subquery, alias: None, sample: None })
}

/// `arguments` with those that were written.
fn read_arguments(
    mut arguments: Arguments,
    known: &'static [&'static str],
    args: Vec<FunctionArg>,
    context: &mut dyn RelationPlannerContext,
) -> Result<Arguments> {
    let function = arguments.function();
    for (place, arg) in args.into_iter().enumerate() {
        let (name, arg) = match arg {
            FunctionArg::Named { name, arg, .. } => (Some(context.normalize_ident(name)), arg),
            FunctionArg::ExprNamed { name: SqlExpr::Identifier(name), arg, .. } => {
                (Some(context.normalize_ident(name)), arg)
            }
            FunctionArg::ExprNamed { name, .. } => {
                return Ok(query_err!("{}: the name of an argument must be a word (was {name})", function)?);
            }
            FunctionArg::Unnamed(arg) => (None, arg),
        };
        let FunctionArgExpr::Expr(expr) = arg else {
            return Ok(query_err!("{}: '{arg}' is no value of an argument", function)?);
        };
        match name {
            Some(name) => arguments.insert(known, &name, value(function, &name, expr, context)?)?,
            None => {
                let name = known.get(place).copied().unwrap_or("argument");
                let value = value(function, name, expr, context)?;
                arguments.insert_positional(known, place, value)?;
            }
        }
    }
    Ok(arguments)
}

/// A bare word is the name of a column; everything else must be a constant.
fn value(function: &str, name: &str, expr: SqlExpr, context: &mut dyn RelationPlannerContext) -> Result<Value> {
    match expr {
        SqlExpr::Identifier(word) => Ok(Value::Text(context.normalize_ident(word))),
        SqlExpr::Array(array) => {
            let items = array.elem.into_iter().map(|item| value(function, name, item, context));
            Ok(Value::List(items.collect::<Result<_>>()?))
        }
        _ => {
            let planned = context.sql_to_expr(expr, &DFSchema::empty())?;
            constant(function, name, planned)
        }
    }
}

/// The value of a constant expression.
///
/// # Errors
/// The expression is not constant, or of a type that no argument has.
pub fn constant(function: &str, name: &str, expr: Expr) -> Result<Value> {
    let simplified = ExprSimplifier::new(SimplifyContext::default()).simplify(expr)?;
    let Expr::Literal(scalar, _) = &simplified else {
        return Ok(query_err!("{function}: {name} must be a constant (was {simplified})")?);
    };
    Ok(match scalar {
        s if s.is_null() => Value::Null,
        ScalarValue::Boolean(Some(v)) => Value::Bool(*v),
        ScalarValue::Utf8(Some(v)) | ScalarValue::LargeUtf8(Some(v)) | ScalarValue::Utf8View(Some(v)) => {
            Value::Text(v.clone())
        }
        ScalarValue::IntervalMonthDayNano(Some(v)) => interval(function, name, v.months, v.days, v.nanoseconds)?,
        ScalarValue::IntervalDayTime(Some(v)) => {
            interval(function, name, 0, v.days, i64::from(v.milliseconds) * 1_000_000)?
        }
        s if s.data_type().is_integer() => match s.cast_to(&arrow::datatypes::DataType::Int64)? {
            ScalarValue::Int64(Some(v)) => Value::Int(v),
            other => return Ok(query_err!("{function}: {name}: {other} is too large")?),
        },
        s if s.data_type().is_numeric() => match s.cast_to(&arrow::datatypes::DataType::Float64)? {
            ScalarValue::Float64(Some(v)) => Value::Float(v),
            other => return Ok(query_err!("{function}: {name}: {other} is no number")?),
        },
        other => {
            return Ok(query_err!("{function}: {name} must be a number, a text or a list of texts (was {other})")?);
        }
    })
}

fn interval(function: &str, name: &str, months: i32, days: i32, nanoseconds: i64) -> Result<Value> {
    let day = 24 * 60 * 60 * 1_000_000_000_i64;
    match i64::from(days).checked_mul(day).and_then(|days| days.checked_add(nanoseconds)) {
        Some(nanoseconds) if months == 0 => Ok(Value::Interval(nanoseconds)),
        _ => {
            Ok(query_err!("{function}: {name}: an interval of months or years has no length of its own; give seconds")?)
        }
    }
}

/// The input with unqualified columns, so that the optimizer can move filters by name.
///
/// # Errors
/// Two columns of one name.
pub fn unqualified(function: &str, input: LogicalPlan) -> Result<LogicalPlan> {
    let names: Vec<String> = input.schema().fields().iter().map(|f| f.name().clone()).collect();
    if let Some((_, name)) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        return Ok(query_err!("{function}: the input has two columns '{name}'; rename one in the subquery")?);
    }
    if input.schema().iter().all(|(qualifier, _)| qualifier.is_none()) {
        return Ok(input);
    }
    let columns = input.schema().columns();
    let renamed = columns.into_iter().map(|c| Expr::Column(c.clone()).alias(c.name));
    LogicalPlanBuilder::from(input).project(renamed)?.build()
}
