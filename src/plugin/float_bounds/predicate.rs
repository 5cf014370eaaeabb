//! The last rule: row groups and pages are left out by a condition on floats only where no NaN meets it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, DynamicFilterPhysicalExpr, InListExpr, IsNotNullExpr, IsNullExpr, Literal,
    TryCastExpr, lit,
};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, conjunction, split_conjunction};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};

use super::{change_scans, holds_floats};

/// Takes from the predicate of every scan of Parquet what reads a float column that may be NaN, and from filters above any table what
/// a join handed down of one.
///
/// It stands behind DataFusion's rules, since filters that are known while a query runs (those of TopK and joins) come last. Where the scan alone filters
/// (`pushdown_filters`), such a condition stays in a form that nothing can be concluded from.
#[derive(Debug)]
pub struct FloatPredicate;

impl PhysicalOptimizerRule for FloatPredicate {
    fn name(&self) -> &str {
        "float_predicate"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        change_scans(plan, without)?.transform_up(without_hints).data()
    }
}

/// A filter above a table that filters nothing itself, without the hints of joins about floats.
fn without_hints(node: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let Some(filter) = node.downcast_ref::<FilterExec>() else { return Ok(Transformed::no(node)) };
    let schema = filter.input().schema();
    let conditions = split_conjunction(filter.predicate());
    let kept: Vec<_> = conditions
        .iter()
        .filter(|condition| !is_hint(condition) || float_columns(condition, &schema).is_empty())
        .map(|condition| Arc::clone(condition))
        .collect();
    if kept.len() == conditions.len() {
        return Ok(Transformed::no(node));
    }
    let kept = FilterExecBuilder::from(filter).with_predicate(conjunction(kept)).build()?;
    Ok(Transformed::yes(Arc::new(kept)))
}

fn without(config: &FileScanConfig, source: &ParquetSource) -> Option<FileScanConfig> {
    let predicate = source.filter()?;
    let schema = source.table_schema().table_schema();
    let scan_filters = source.table_parquet_options().global.pushdown_filters;
    let changed = sound(&predicate, schema, scan_filters)?;
    let source = Arc::new(source.with_predicate(changed));
    Some(FileScanConfigBuilder::from(config.clone()).with_source(source).build())
}

/// The predicate from which nothing wrong is concluded; `None` where it is that already. `filters` tells whether it decides rows, too.
fn sound(predicate: &Arc<dyn PhysicalExpr>, schema: &Schema, filters: bool) -> Option<Arc<dyn PhysicalExpr>> {
    let never_nan = never_nan(predicate);
    let (mut kept, mut changed) = (vec![], false);
    for condition in split_conjunction(predicate) {
        let floats = float_columns(condition, schema);
        let prunes = floats.iter().all(|column| never_nan.contains(column)) || is_not_null(condition);
        if prunes {
            kept.push(Arc::clone(condition));
        }
        if !floats.is_empty() && (filters || !prunes) {
            changed = true;
            // Beside a condition that prunes, too: else bounds could prove that all rows of a group meet it.
            kept.extend((filters && !is_hint(condition)).then(|| opaque(condition)));
        }
    }
    changed.then(|| conjunction(kept))
}

/// The columns of floats that an expression reads. A column that the schema does not know is taken for one.
fn float_columns(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Vec<Column> {
    let is_float =
        |column: &Column| schema.field_with_name(column.name()).map_or(true, |field| holds_floats(field.data_type()));
    collect_columns(expr).into_iter().filter(is_float).collect()
}

/// What a join or TopK above knows by now: the rows that it would leave out are left out above, too. As a filter it would be wrong:
/// -0.0 and 0.0 are equal to a join, and two values to the bounds that it hands down.
fn is_hint(condition: &Arc<dyn PhysicalExpr>) -> bool {
    condition.downcast_ref::<DynamicFilterPhysicalExpr>().is_some()
}

/// Counts of NULLs know NaN as a value.
fn is_not_null(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<IsNotNullExpr>().is_some_and(|not_null| not_null.arg().downcast_ref::<Column>().is_some())
}

/// The same condition, which holds where it is true, in words that no bounds of a column answer.
fn opaque(condition: &Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr> {
    let is_true = |expr| Arc::new(BinaryExpr::new(expr, Operator::IsNotDistinctFrom, lit(true)));
    let hidden = is_true(Arc::clone(condition));
    // `CAST(x AS BOOLEAN) IS TRUE` would be answered from the bounds of x.
    match is_cast(condition) {
        true => is_true(hidden),
        false => hidden,
    }
}

fn is_cast(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<CastExpr>().is_some() || expr.downcast_ref::<TryCastExpr>().is_some()
}

/// Which NaN a condition is false or NULL for. In Arrow's order a NaN with a sign is below all numbers, one without above.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Refused {
    negative: bool,
    positive: bool,
}

impl Refused {
    const BOTH: Self = Self { negative: true, positive: true };
}

/// The columns that are no NaN in any row for which the condition is true.
fn never_nan(condition: &Arc<dyn PhysicalExpr>) -> HashSet<Column> {
    let refused = refused(condition).into_iter();
    refused.filter(|(_, refused)| *refused == Refused::BOTH).map(|(column, _)| column).collect()
}

fn refused(condition: &Arc<dyn PhysicalExpr>) -> HashMap<Column, Refused> {
    if let Some(binary) = condition.downcast_ref::<BinaryExpr>() {
        return match binary.op() {
            Operator::And => either(refused(binary.left()), refused(binary.right())),
            Operator::Or => both(&refused(binary.left()), &refused(binary.right())),
            _ => comparison(binary).into_iter().collect(),
        };
    }
    let one = |column: &Arc<dyn PhysicalExpr>| column_of(column).map(|column| (column, Refused::BOTH));
    if let Some(null) = condition.downcast_ref::<IsNullExpr>() {
        return one(null.arg()).into_iter().collect();
    }
    match condition.downcast_ref::<InListExpr>() {
        Some(list) if !list.negated() && list.list().iter().all(is_number) => one(list.expr()).into_iter().collect(),
        _ => HashMap::new(),
    }
}

fn either(left: HashMap<Column, Refused>, right: HashMap<Column, Refused>) -> HashMap<Column, Refused> {
    let mut all = left;
    for (column, Refused { negative, positive }) in right {
        let known = all.entry(column).or_default();
        *known = Refused { negative: known.negative | negative, positive: known.positive | positive };
    }
    all
}

fn both(left: &HashMap<Column, Refused>, right: &HashMap<Column, Refused>) -> HashMap<Column, Refused> {
    let and = |(column, a): (&Column, &Refused)| {
        let b = right.get(column)?;
        Some((column.clone(), Refused { negative: a.negative & b.negative, positive: a.positive & b.positive }))
    };
    left.iter().filter_map(and).collect()
}

/// Of a column and a number.
fn comparison(binary: &BinaryExpr) -> Option<(Column, Refused)> {
    let (column, op, number) = match column_of(binary.left()) {
        Some(column) => (column, *binary.op(), binary.right()),
        None => (column_of(binary.right())?, binary.op().swap()?, binary.left()),
    };
    if !is_number(number) {
        return None;
    }
    let refused = match op {
        Operator::Eq => Refused::BOTH,
        Operator::Gt | Operator::GtEq => Refused { negative: true, positive: false },
        Operator::Lt | Operator::LtEq => Refused { negative: false, positive: true },
        _ => return None,
    };
    Some((column, refused))
}

/// A column, or one that is cast to another float, which keeps NaN and its sign.
fn column_of(expr: &Arc<dyn PhysicalExpr>) -> Option<Column> {
    match expr.downcast_ref::<CastExpr>() {
        Some(cast) if cast.cast_type().is_floating() => column_of(cast.expr()),
        _ => expr.downcast_ref::<Column>().cloned(),
    }
}

/// A constant that is neither NULL nor NaN.
fn is_number(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<Literal>().is_some_and(|literal| match literal.value() {
        ScalarValue::Float16(value) => value.is_some_and(|value| !value.is_nan()),
        ScalarValue::Float32(value) => value.is_some_and(|value| !value.is_nan()),
        ScalarValue::Float64(value) => value.is_some_and(|value| !value.is_nan()),
        other => !other.is_null(),
    })
}
