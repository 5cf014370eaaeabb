//! `COPY ... PARTITIONED BY (subject)`: what is written into the names of folders, and read from there, is text.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::dml::CopyTo;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit, when};

/// The plan of a COPY with its partition columns as texts, NULL as an empty one, which is read as NULL again. DataFusion would write whatever lies below a NULL: 0, or
/// the value of another row. None for every other plan.
///
/// # Errors
/// None that a planned COPY could cause.
pub fn with_texts(plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Copy(copy) = plan else { return Ok(None) };
    if copy.partition_by.is_empty() {
        return Ok(None);
    }
    let column = |(place, name): (usize, &String)| {
        let (qualifier, field) = copy.input.schema().qualified_field(place);
        let column = Expr::Column((qualifier, field).into());
        match copy.partition_by.contains(name) {
            false => Ok(column),
            true => {
                let text = when(column.clone().is_null(), lit("")).otherwise(cast(column, DataType::Utf8))?;
                Ok(text.alias_qualified(qualifier.cloned(), name))
            }
        }
    };
    let names: Vec<String> = copy.input.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns = names.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
    let input = LogicalPlanBuilder::from(copy.input.as_ref().clone()).project(columns)?.build()?;
    Ok(Some(LogicalPlan::Copy(CopyTo { input: Arc::new(input), ..copy.clone() })))
}
