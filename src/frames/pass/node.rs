//! The logical node of a pass.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::{Column, DFSchema, DFSchemaRef, Result};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

use super::Pass;

/// Recordings and what is made of them.
#[derive(Debug, Clone)]
pub struct PassNode<P> {
    /// What is made, how.
    pub pass: P,
    /// The frames; unqualified columns.
    pub input: LogicalPlan,
    schema: DFSchemaRef,
}

impl<P: Pass> PassNode<P> {
    /// The node over `input`. Columns that `input` lacks because nobody reads them are left out of the result.
    ///
    /// # Errors
    /// As [`Pass::output`].
    pub fn new(pass: P, input: LogicalPlan) -> Result<Self> {
        let schema = pass.output(input.schema().as_arrow())?;
        Ok(Self { pass, input, schema: Arc::new(DFSchema::try_from(schema)?) })
    }

    /// As a plan.
    pub fn into_plan(self) -> LogicalPlan {
        LogicalPlan::Extension(Extension { node: Arc::new(self) })
    }
}

impl<P: Pass> UserDefinedLogicalNodeCore for PassNode<P> {
    fn name(&self) -> &str {
        self.pass.names().0
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.pass.required().into_iter().map(|name| Expr::Column(Column::from_name(name))).collect()
    }

    /// Only a filter on the keys of a recording takes away whole recordings, so only that may pass.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        let names = self.schema.fields().iter().map(|f| f.name().clone());
        names.filter(|name| !self.pass.columns().by.contains(name)).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.pass.describe())
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        Self::new(self.pass.clone(), inputs.swap_remove(0))
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let input = self.input.schema().as_arrow();
        let mut needed: Vec<&str> = self.pass.required().into_iter().map(String::as_str).collect();
        for &column in output_columns {
            needed.extend(self.pass.read_for(self.schema.field(column).name()));
        }
        let mut indices: Vec<usize> = needed.into_iter().filter_map(|name| input.index_of(name).ok()).collect();
        indices.sort_unstable();
        indices.dedup();
        Some(vec![indices])
    }
}

impl<P: Pass> PartialEq for PassNode<P> {
    fn eq(&self, other: &Self) -> bool {
        self.pass == other.pass && self.input == other.input
    }
}

impl<P: Pass> Eq for PassNode<P> {}

impl<P: Pass> Hash for PassNode<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pass.hash(state);
        self.input.hash(state);
    }
}

impl<P: Pass> PartialOrd for PassNode<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.pass.partial_cmp(&other.pass) {
            Some(Ordering::Equal) => self.input.partial_cmp(&other.input),
            order => order,
        }
    }
}
