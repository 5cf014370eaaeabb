//! What is the same in the plans of splits: rows are counted by group and label, and groups are given away in a window
//! function over these few counts.

use std::sync::Arc;

use datafusion::common::{Result, ScalarValue};
use datafusion::functions_aggregate::count::count;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, WindowUDF, lit};

use crate::account::columns::named;
use crate::args::Arguments;
use crate::error::query_err;
use crate::relation::{column, key_name, over_all, with_windows};
use crate::schema::{LABEL, SOURCE, SUBJECT, VIDEO};

/// One row for each group and label of `input`, with what each function (rows, label, key...) gives it under its name; and
/// the columns by which the rows of `input` find theirs, here under their [`key_name`].
pub(super) fn assigned(
    input: &LogicalPlan,
    by: &[String],
    functions: Vec<(WindowUDF, String)>,
) -> Result<(LogicalPlan, Vec<String>)> {
    let label = input.schema().has_column_with_unqualified_name(LABEL).then_some(LABEL);
    let keys = by.iter().map(String::as_str).chain(label.filter(|label| !by.iter().any(|key| key == label)));
    let keys: Vec<String> = keys.map(str::to_owned).collect();
    let rows = "__rows";
    let counted = LogicalPlanBuilder::from(input.clone())
        .aggregate(keys.iter().map(|key| column(key)), [count(lit(1i64)).alias(rows)])?
        .build()?;
    let arguments = || {
        let label = label.map_or_else(|| lit(ScalarValue::Utf8(None)), column);
        [column(rows), label].into_iter().chain(by.iter().map(|key| column(key))).collect()
    };
    let names: Vec<String> = functions.iter().map(|(_, name)| name.clone()).collect();
    let functions = functions.into_iter().zip(&names).map(|((function, _), name)| {
        let function = WindowFunctionDefinition::WindowUDF(Arc::new(function));
        (over_all(function, arguments()), name.as_str())
    });
    let windowed = LogicalPlanBuilder::from(with_windows(counted, functions.collect())?);
    // Always true, since no side is '' and no fold is 0. It keeps what is refused refused where nobody reads the result: else
    // `SELECT count(*)` would leave the functions out.
    let windowed = match names.first() {
        Some(name) => {
            let none = ScalarValue::new_default(windowed.schema().field_with_unqualified_name(name)?.data_type())?;
            windowed.filter(column(name).not_eq(lit(none)))?
        }
        None => windowed,
    };
    let renamed = keys.iter().map(|key| column(key).alias(key_name(key)));
    let plan = windowed.project(renamed.chain(names.iter().map(|name| column(name))))?.build()?;
    Ok((plan, keys))
}

/// What must not be torn apart: `by`, else the subject, else the recording; within its source.
///
/// # Errors
/// No such column.
pub(super) fn columns(function: &str, input: &LogicalPlan, arguments: &Arguments) -> Result<Vec<String>> {
    let has = |name: &str| input.schema().has_column_with_unqualified_name(name);
    let unit = match named(input.schema().as_arrow(), arguments, "by")? {
        Some(columns) => columns,
        None => match [SUBJECT, VIDEO].into_iter().find(|name| has(name)) {
            Some(unit) => vec![unit.to_owned()],
            None => {
                return Ok(query_err!(
                    "{function}: the input has neither a column 'subject' nor 'video'; say which rows belong together: by => '...'"
                )?);
            }
        },
    };
    let source = (has(SOURCE) && !unit.iter().any(|u| u == SOURCE)).then(|| SOURCE.to_owned());
    Ok(source.into_iter().chain(unit).collect())
}
