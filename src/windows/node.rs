//! The logical node of pose_windows and pose_segments.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::{Column, DFSchema, DFSchemaRef, Result};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

use super::spec::{Cut, Spec};
use crate::schema::FEATURES;

/// Frames cut into windows or segments.
#[derive(Debug, Clone)]
pub struct WindowsNode {
    /// What to cut, how.
    pub spec: Spec,
    /// The frames; unqualified columns.
    pub input: LogicalPlan,
    schema: DFSchemaRef,
}

impl WindowsNode {
    /// The node over `input`. Columns that `input` lacks because nobody reads them are left out of the result.
    ///
    /// # Errors
    /// As [`Spec::output`].
    pub fn new(spec: Spec, input: LogicalPlan) -> Result<Self> {
        let schema = spec.output(input.schema().as_arrow())?;
        Ok(Self { spec, input, schema: Arc::new(DFSchema::try_from(schema)?) })
    }

    /// As a plan.
    pub fn into_plan(self) -> LogicalPlan {
        LogicalPlan::Extension(Extension { node: Arc::new(self) })
    }

    /// The columns without which the rows would be others.
    fn required(&self) -> impl Iterator<Item = &String> {
        let columns = &self.spec.columns;
        columns.by.iter().chain([&columns.order_by]).chain(&columns.label)
    }
}

impl UserDefinedLogicalNodeCore for WindowsNode {
    fn name(&self) -> &str {
        match self.spec.cut {
            Cut::Segments => "PoseSegments",
            Cut::Windows { .. } => "PoseWindows",
        }
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.required().map(|name| Expr::Column(Column::from_name(name))).collect()
    }

    /// Only a filter on the keys of a recording takes away whole recordings, so only that may pass.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        let names = self.schema.fields().iter().map(|f| f.name().clone());
        names.filter(|name| !self.spec.columns.by.contains(name)).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.spec.describe())
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        Self::new(self.spec.clone(), inputs.swap_remove(0))
    }

    /// Feature columns are read only for `features`, carried columns only for themselves.
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let input = self.input.schema().as_arrow();
        let mut needed: Vec<&String> = self.required().collect();
        for &column in output_columns {
            let name = self.schema.field(column).name();
            match name.as_str() {
                FEATURES => needed.extend(self.spec.columns.features.columns()),
                _ => needed.push(name),
            }
        }
        let mut indices: Vec<usize> = needed.into_iter().filter_map(|name| input.index_of(name).ok()).collect();
        indices.sort_unstable();
        indices.dedup();
        Some(vec![indices])
    }
}

impl PartialEq for WindowsNode {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec && self.input == other.input
    }
}

impl Eq for WindowsNode {}

impl Hash for WindowsNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spec.hash(state);
        self.input.hash(state);
    }
}

impl PartialOrd for WindowsNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.spec.partial_cmp(&other.spec) {
            Some(Ordering::Equal) => self.input.partial_cmp(&other.input),
            order => order,
        }
    }
}
