//! SortedExec: all rows in one order, in one partition.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, EmissionType, EvaluationType, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};

use super::sorter::Sorter;

/// Sorts all partitions of its input into one.
pub struct SortedExec {
    ordering: LexOrdering,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl SortedExec {
    /// The rows of `input` in this order; `input` itself if each of its partitions says that it is.
    ///
    /// # Errors
    /// An order that is none of the input's columns.
    pub fn over(input: Arc<dyn ExecutionPlan>, ordering: LexOrdering) -> Result<Arc<dyn ExecutionPlan>> {
        if input.equivalence_properties().ordering_satisfy(ordering.clone())? {
            return Ok(input);
        }
        Ok(Arc::new(Self::new(input, ordering)))
    }

    fn new(input: Arc<dyn ExecutionPlan>, ordering: LexOrdering) -> Self {
        let equivalences = EquivalenceProperties::new_with_orderings(input.schema(), [ordering.clone()]);
        let partitioning = Partitioning::UnknownPartitioning(1);
        let properties = PlanProperties::new(equivalences, partitioning, EmissionType::Final, input.boundedness())
            .with_evaluation_type(EvaluationType::Lazy)
            .with_scheduling_type(SchedulingType::NonCooperative);
        Self { ordering, input, properties: Arc::new(properties), metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl fmt::Debug for SortedExec {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct(self.name())
            .field("ordering", &self.ordering)
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for SortedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "SortedExec: order=[{}]", self.ordering)
    }
}

impl ExecutionPlan for SortedExec {
    fn name(&self) -> &str {
        "SortedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// Rows that are dealt out would only be put together again.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for sort in self.ordering.iter() {
            if f(&sort.expr)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(children.swap_remove(0), self.ordering.clone())))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let mut rows = match self.input.output_partitioning().partition_count() {
            1 => self.input.execute(0, Arc::clone(&context))?,
            _ => CoalescePartitionsExec::new(Arc::clone(&self.input)).execute(0, Arc::clone(&context))?,
        };
        let mut sorter = Sorter::new(self.name(), &schema, &self.ordering, &self.metrics, &context)?;
        let counted = MetricBuilder::new(&self.metrics).output_rows(0);
        let sorted = async move {
            while let Some(batch) = rows.next().await.transpose()? {
                sorter.push(&batch).await?;
            }
            drop(rows);
            sorter.finish().await
        };
        let sorted = stream::once(sorted).try_flatten().inspect_ok(move |batch| counted.add(batch.num_rows()));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, sorted)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
