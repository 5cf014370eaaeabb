//! Files that a filter on the columns of folders leaves.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{FieldRef, Schema};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::datasource::listing::helpers::expr_applicable_for_cols;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::utils::conjunction;

/// Whether a filter reads columns of folders alone: then it is answered by leaving out files, and by nothing else.
pub fn is_of_folders(filter: &Expr, columns: &[FieldRef]) -> bool {
    let names: Vec<&str> = columns.iter().map(|field| field.name().as_str()).collect();
    !names.is_empty() && expr_applicable_for_cols(&names, filter)
}

/// For each file whether its values meet the filters. NULL is not true.
///
/// # Errors
/// A filter that cannot be computed.
pub fn meets(
    session: &dyn Session,
    columns: &[FieldRef],
    values: &[Vec<ScalarValue>],
    filters: Vec<Expr>,
) -> Result<Vec<bool>> {
    let Some(filter) = conjunction(filters) else { return Ok(vec![true; values.len()]) };
    if values.is_empty() {
        return Ok(vec![]);
    }
    let schema = Arc::new(Schema::new(columns.to_vec()));
    let column = |place: usize| ScalarValue::iter_to_array(values.iter().map(|values| values[place].clone()));
    let arrays = (0..columns.len()).map(column).collect::<Result<Vec<_>>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(values.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &rows)?;
    // Filters that DataFusion hands down have the table's name before their columns or not: names are enough.
    let expr = session.create_physical_expr(unnormalize_col(filter), &DFSchema::try_from(schema)?)?;
    let met = expr.evaluate(&batch)?.into_array(values.len())?;
    let met = met.as_boolean();
    Ok((0..met.len()).map(|row| met.is_valid(row) && met.value(row)).collect())
}
