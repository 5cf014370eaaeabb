//! A leaf that gives what was read already, and then what was not.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, stream};

use super::block::Block;

/// A partition: batches in memory, and the stream they were read from.
pub struct Begun {
    /// Read already, the first one last.
    pub read: Vec<Arc<Block>>,
    /// What is left; nothing if it ended.
    pub rest: Option<SendableRecordBatchStream>,
}

/// Partitions that were begun; each can be read once.
pub struct ReplayExec {
    parts: Mutex<Vec<Option<Begun>>>,
    properties: Arc<PlanProperties>,
}

impl ReplayExec {
    /// Of partitions of `schema`.
    pub fn new(schema: SchemaRef, parts: Vec<Begun>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(parts.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { parts: Mutex::new(parts.into_iter().map(Some).collect()), properties: Arc::new(properties) }
    }
}

impl fmt::Debug for ReplayExec {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl DisplayAs for ReplayExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for ReplayExec {
    fn name(&self) -> &str {
        "ReplayExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = parts.get_mut(partition).and_then(Option::take);
        let Begun { mut read, rest } =
            begun.ok_or_else(|| DataFusionError::Internal(format!("partition {partition} was read before")))?;
        let read = stream::iter(std::iter::from_fn(move || read.pop()).map(|block| Ok(block.rows.clone())));
        let all = read.chain(stream::iter(rest).flatten());
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), all)))
    }
}
