//! SeriesExec: each recording in one partition, one after the other, frames in their order.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::SortOptions;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    LexOrdering, LexRequirement, Partitioning, PhysicalExpr, PhysicalSortExpr, PhysicalSortRequirement,
};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, EmissionType, EvaluationType, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::future::{BoxFuture, FutureExt, Shared};
use futures::{Stream, TryStreamExt, stream};

use super::gather::{Gather, Gathered, Part};
use super::order::InOrder;
use super::run::Columns;
use crate::frames::columns::FrameColumns;

/// What was read, by output partition; each is taken once.
type Outputs = Arc<Vec<Mutex<Option<Output>>>>;
type Reading = Shared<BoxFuture<'static, Result<Outputs, Arc<DataFusionError>>>>;

enum Output {
    Runs(Part, MemoryReservation),
    Sorted(SendableRecordBatchStream),
    /// Another partition has all of it.
    Nothing,
}

/// Puts the frames of each recording together and in order. Reads all of its input first.
pub struct SeriesExec {
    gather: Gather,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    reading: Mutex<Option<Reading>>,
}

impl SeriesExec {
    /// `input` in `partitions`, each recording as one stretch of rows in frame order; nothing if `input` says that it is in
    /// order.
    pub fn over(
        columns: &FrameColumns,
        input: &Arc<dyn ExecutionPlan>,
        partitions: usize,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let schema = input.schema();
        let index = |name: &String| schema.index_of(name);
        let by = columns.by.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        let order_by = index(&columns.order_by)?;
        let column = |index: usize| Arc::new(Column::new(schema.field(index).name(), index)) as Arc<dyn PhysicalExpr>;
        let ascending =
            |index, nulls_first| PhysicalSortExpr::new(column(index), SortOptions { descending: false, nulls_first });
        // A frame without a number comes last.
        let sort = by.iter().map(|&key| ascending(key, true)).chain([ascending(order_by, false)]);
        let Some(ordering) = LexOrdering::new(sort) else { return Ok(None) };
        // Any order of keys has a recording's rows together.
        let frame = PhysicalSortRequirement::from(ascending(order_by, false));
        let any = by.iter().map(|&key| PhysicalSortRequirement::new(column(key), None)).chain([frame]);
        if let Some(any) = LexRequirement::new(any)
            && input.equivalence_properties().ordering_satisfy_requirement(any)?
        {
            return Ok(None);
        }
        let gather = Gather { columns: Columns { by, order_by }, partitions, ordering };
        Ok(Some(Arc::new(Self::new(gather, Arc::clone(input)))))
    }

    fn new(gather: Gather, input: Arc<dyn ExecutionPlan>) -> Self {
        let mut equivalences = input.equivalence_properties().clone();
        equivalences.clear_orderings();
        equivalences.clear_per_partition_constants();
        let partitioning = Partitioning::UnknownPartitioning(gather.partitions);
        // It reads in tasks of its own, and gives what it read from memory.
        let properties = PlanProperties::new(equivalences, partitioning, EmissionType::Final, input.boundedness())
            .with_evaluation_type(EvaluationType::Eager)
            .with_scheduling_type(SchedulingType::Cooperative);
        Self {
            gather,
            input,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
            reading: Mutex::default(),
        }
    }

    /// The one reading that all output partitions wait for.
    fn reading(&self, context: &Arc<TaskContext>) -> Reading {
        let start = || {
            let (gather, input, context) = (self.gather.clone(), Arc::clone(&self.input), Arc::clone(context));
            let metrics = self.metrics.clone();
            let outputs = async move {
                let partitions = gather.partitions;
                let outputs: Vec<Output> = match gather.read(input, context, metrics).await.map_err(Arc::new)? {
                    Gathered::Runs(parts) => {
                        parts.into_iter().map(|(part, sorting)| Output::Runs(part, sorting)).collect()
                    }
                    // In one partition: rows for one that nobody reads yet would have to be held for it.
                    Gathered::Sorted(rows) => {
                        let nothing = (1..partitions).map(|_| Output::Nothing);
                        std::iter::once(Output::Sorted(rows)).chain(nothing).collect()
                    }
                };
                Ok(Arc::new(outputs.into_iter().map(|output| Mutex::new(Some(output))).collect::<Vec<_>>()))
            };
            outputs.boxed().shared()
        };
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.get_or_insert_with(start).clone()
    }
}

impl fmt::Debug for SeriesExec {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct(self.name()).field("gather", &self.gather).field("input", &self.input).finish_non_exhaustive()
    }
}

impl DisplayAs for SeriesExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "SeriesExec: order=[{}], partitions={}", self.gather.ordering, self.gather.partitions)
    }
}

impl ExecutionPlan for SeriesExec {
    fn name(&self) -> &str {
        "SeriesExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// Rows dealt out in turn would be no runs any more.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for sort in self.gather.ordering.iter() {
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
        Ok(Arc::new(Self::new(self.gather.clone(), children.swap_remove(0))))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(self.gather.clone(), Arc::clone(&self.input))))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let reading = self.reading(&context);
        let schema = self.schema();
        let by: Arc<[usize]> = self.gather.columns.by.as_slice().into();
        let counters = Counters::new(&self.metrics, partition);
        let stream = async move {
            let outputs = reading.await.map_err(DataFusionError::Shared)?;
            let output = outputs[partition].lock().unwrap_or_else(PoisonError::into_inner).take();
            match output {
                Some(Output::Runs(part, sorting)) => {
                    Ok(Box::pin(stream::iter(recordings(part, schema, by, sorting, counters))) as Batches)
                }
                Some(Output::Sorted(rows)) => {
                    let count = move |batch: &RecordBatch| counters.rows.add(batch.num_rows());
                    Ok(Box::pin(rows.inspect_ok(count)) as Batches)
                }
                Some(Output::Nothing) => Ok(Box::pin(stream::empty()) as Batches),
                None => Err(DataFusionError::Internal(format!("SeriesExec: partition {partition} was read before"))),
            }
        };
        let stream = Box::pin(stream::once(stream).try_flatten());
        Ok(Box::pin(cooperative(RecordBatchStreamAdapter::new(self.schema(), stream))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

type Batches = std::pin::Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>;

/// What EXPLAIN ANALYZE shows; of a sort of everything its rows alone.
struct Counters {
    rows: Count,
    recordings: Count,
    sorted: Count,
}

impl Counters {
    fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        let count = |name: &'static str| MetricBuilder::new(metrics).counter(name, partition);
        Self {
            rows: MetricBuilder::new(metrics).output_rows(partition),
            recordings: count("recordings"),
            sorted: count("recordings_sorted"),
        }
    }
}

/// The batches of one recording after the other.
fn recordings(
    mut part: Part,
    schema: SchemaRef,
    by: Arc<[usize]>,
    sorting: MemoryReservation,
    counters: Counters,
) -> impl Iterator<Item = Result<RecordBatch>> {
    let mut recording: Option<InOrder> = None;
    let mut next = move || -> Result<Option<RecordBatch>> {
        loop {
            if let Some(runs) = &mut recording {
                // What was reserved before is enough for the largest.
                let mut room = |bytes| if bytes > sorting.size() { sorting.try_resize(bytes) } else { Ok(()) };
                if let Some(batch) = runs.next(&mut room)? {
                    counters.rows.add(batch.num_rows());
                    return Ok(Some(batch));
                }
                counters.recordings.add(1);
                counters.sorted.add(usize::from(runs.was_sorted()));
            }
            recording = part.pop().map(|runs| InOrder::new(runs, Arc::clone(&schema), Arc::clone(&by)));
            if recording.is_none() {
                return Ok(None);
            }
        }
    };
    std::iter::from_fn(move || next().transpose())
}
