//! What a pipeline expects of its results: one value of a query, within bounds.

use std::fmt;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use serde::Deserialize;

use super::manifest::Scalar;
use super::script::{Script, execute};
use crate::error::{Error, query_err};

/// `[[expect]]`: a query of one row and one column, and the bounds on its value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The query.
    pub sql: String,
    /// The value must not be smaller.
    pub at_least: Option<f64>,
    /// The value must not be greater.
    pub at_most: Option<f64>,
    /// The value must be this number, text or truth value.
    pub equals: Option<Scalar>,
    /// Why this is expected, for whoever reads the failure.
    #[serde(default)]
    pub why: String,
}

impl Expectation {
    /// Runs the query: `Ok(None)` when the value is as expected, else what to tell the reader.
    pub(super) async fn failure(&self, ctx: &SessionContext) -> Result<Option<String>> {
        let value = self.value(ctx).await?;
        if self.holds(&value)? {
            return Ok(None);
        }
        let shown = if is_missing(&value) { "NULL".to_owned() } else { array_value_to_string(&value, 0)? };
        let why = if self.why.is_empty() { String::new() } else { format!("; {}", self.why) };
        Ok(Some(format!("expected {self}, got {shown}{why}\n  {}", self.sql.trim())))
    }

    /// An expectation without a bound would hold always.
    pub(super) fn check_bounds(&self) -> crate::error::Result<()> {
        match (self.at_least.is_some() || self.at_most.is_some(), self.equals.is_some()) {
            (false, false) => query_err!("[[expect]] needs at_least, at_most or equals: {}", self.sql.trim()),
            (true, true) => query_err!("[[expect]] takes equals or bounds, not both: {}", self.sql.trim()),
            _ => Ok(()),
        }
    }

    /// The value, as an array of one row.
    async fn value(&self, ctx: &SessionContext) -> Result<ArrayRef> {
        let mut statements = Script::parse(ctx, "", &self.sql)?.statements;
        let (Some(statement), true) = (statements.pop(), statements.is_empty()) else {
            return Err(Error::Query(format!("[[expect]] needs one query: {}", self.sql.trim())).into());
        };
        let batches: Vec<_> = match execute(ctx, statement).await? {
            Some(rows) => rows.try_collect().await?,
            None => vec![],
        };
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        match batches.iter().find(|b| b.num_rows() > 0) {
            Some(batch) if rows == 1 && batch.num_columns() == 1 => Ok(batch.column(0).clone()),
            found => {
                let columns = found.map_or(0, |b| b.num_columns());
                let what = format!("[[expect]] needs one row of one column (got {rows} rows of {columns}): ");
                Err(Error::Query(what + self.sql.trim()).into())
            }
        }
    }

    /// NULL and NaN are within no bounds and equal to nothing.
    fn holds(&self, value: &ArrayRef) -> Result<bool> {
        if is_missing(value) {
            return Ok(false);
        }
        let wanted = match &self.equals {
            Some(Scalar::Text(text)) => return Ok(array_value_to_string(value, 0)? == *text),
            Some(Scalar::Boolean(truth)) => return Ok(array_value_to_string(value, 0)? == truth.to_string()),
            Some(Scalar::Integer(number)) => Some(*number as f64),
            Some(Scalar::Float(number)) => Some(*number),
            None => None,
        };
        let number = cast(value, &DataType::Float64).map_err(DataFusionError::from)?;
        if is_missing(&number) {
            return Ok(false);
        }
        let number = number.as_primitive::<Float64Type>().value(0);
        let low = wanted.or(self.at_least).unwrap_or(f64::NEG_INFINITY);
        let high = wanted.or(self.at_most).unwrap_or(f64::INFINITY);
        Ok(low <= number && number <= high)
    }
}

/// NULL, also that of a column of nothing else, which `is_null` does not see.
fn is_missing(value: &ArrayRef) -> bool {
    value.logical_null_count() > 0
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.equals, self.at_least, self.at_most) {
            (Some(value), _, _) => write!(f, "{value}"),
            (None, Some(low), Some(high)) => write!(f, "{low} to {high}"),
            (None, Some(low), None) => write!(f, "at least {low}"),
            (None, None, Some(high)) => write!(f, "at most {high}"),
            (None, None, None) => write!(f, "any value"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn failure(toml: &str) -> Option<String> {
        let expectation: Expectation = toml::from_str(toml).unwrap();
        expectation.check_bounds().unwrap();
        expectation.failure(&SessionContext::new()).await.unwrap()
    }

    #[tokio::test]
    async fn bounds_are_inclusive() {
        assert_eq!(failure("sql = 'SELECT 0.75'\nat_least = 0.75\nat_most = 0.75").await, None);
        assert_eq!(failure("sql = 'SELECT 3'\nat_least = 2").await, None);
    }

    #[tokio::test]
    async fn a_failure_shows_the_value_the_bound_and_why() {
        let text = failure("sql = 'SELECT 0.5'\nat_least = 0.75\nwhy = 'the net learned'").await;
        assert_eq!(text.as_deref(), Some("expected at least 0.75, got 0.5; the net learned\n  SELECT 0.5"));
    }

    #[tokio::test]
    async fn text_and_truth_are_compared_as_they_are() {
        assert_eq!(failure("sql = \"SELECT 'test'\"\nequals = 'test'").await, None);
        assert_eq!(failure("sql = 'SELECT 1 = 1'\nequals = true").await, None);
        assert!(failure("sql = 'SELECT 7'\nequals = 8").await.is_some());
    }

    #[tokio::test]
    async fn null_and_nan_are_never_expected() {
        assert!(failure("sql = 'SELECT NULL'\nat_least = 0").await.unwrap().contains("got NULL"));
        assert!(failure("sql = \"SELECT 'NaN'::DOUBLE\"\nat_least = 0").await.is_some());
    }

    #[tokio::test]
    async fn a_query_of_two_rows_is_no_value() {
        let two: Expectation = toml::from_str("sql = 'SELECT * FROM (VALUES (1), (2))'\nequals = 1").unwrap();
        let error = two.failure(&SessionContext::new()).await.unwrap_err();
        assert!(error.to_string().contains("got 2 rows of 1"), "{error}");
    }

    #[test]
    fn an_expectation_without_a_bound_is_refused() {
        let open: Expectation = toml::from_str("sql = 'SELECT 1'").unwrap();
        assert!(open.check_bounds().is_err());
    }
}
