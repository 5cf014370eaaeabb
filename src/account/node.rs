//! The logical node of an account.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::{DFSchema, DFSchemaRef, Result};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

use super::Account;

/// A relation and what is counted over it.
#[derive(Debug, Clone)]
pub struct AccountNode {
    /// What is counted.
    pub account: Arc<dyn Account>,
    /// The rows; unqualified columns.
    pub input: LogicalPlan,
    schema: DFSchemaRef,
}

impl AccountNode {
    /// The node over `input`.
    ///
    /// # Errors
    /// As DataFusion's of a schema.
    pub fn new(account: Arc<dyn Account>, input: LogicalPlan) -> Result<Self> {
        let schema = Arc::new(DFSchema::try_from(account.output())?);
        Ok(Self { account, input, schema })
    }

    /// As a plan.
    pub fn into_plan(self) -> LogicalPlan {
        LogicalPlan::Extension(Extension { node: Arc::new(self) })
    }

    /// What tells it from others.
    fn key(&self) -> (&'static str, String, &LogicalPlan) {
        (self.account.name(), self.account.describe(), &self.input)
    }
}

impl UserDefinedLogicalNodeCore for AccountNode {
    fn name(&self) -> &str {
        self.account.name()
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    /// A filter on the result is none on the rows.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        self.schema.fields().iter().map(|f| f.name().clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.account.name(), self.account.describe())
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        Self::new(Arc::clone(&self.account), inputs.swap_remove(0))
    }

    fn necessary_children_exprs(&self, _: &[usize]) -> Option<Vec<Vec<usize>>> {
        let input = self.input.schema().as_arrow();
        let mut columns: Vec<usize> =
            self.account.reads().iter().filter_map(|name| input.index_of(name).ok()).collect();
        columns.sort_unstable();
        columns.dedup();
        Some(vec![columns])
    }
}

impl PartialEq for AccountNode {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for AccountNode {}

impl Hash for AccountNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for AccountNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.key().partial_cmp(&other.key())
    }
}
