//! WindowsExec: asks for whole recordings in frame order, and cuts them as they stream by.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::projection::ProjectionMapping;
use datafusion::physical_expr::{LexRequirement, OrderingRequirements, PhysicalExpr, PhysicalSortRequirement};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::expressions::Column;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::projection::{EmbeddedProjection, ProjectionExec, try_embed_projection};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements,
    PlanProperties,
};
use futures::{Stream, StreamExt, stream};

use super::cutter::Cutter;
use super::spec::{Cut, Spec};
use crate::options::BATCH_BYTES;
use crate::schema::FRAME_START;

/// Cuts frames into windows or segments; one open window is all it holds.
#[derive(Debug)]
pub struct WindowsExec {
    spec: Spec,
    input: Arc<dyn ExecutionPlan>,
    order: Order,
    /// Columns of [`Spec::output`] that somebody reads; all if it says nothing.
    projection: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// How recordings come together and in the order of their frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The plan has to see to it, by the order that the input says it has.
    Required,
    /// They do: the input is a [`SeriesExec`](crate::frames::series::exec::SeriesExec).
    Given,
}

impl WindowsExec {
    /// Cuts the rows of `input`, which is in the order of keys and frames.
    ///
    /// # Errors
    /// As [`Spec::output`].
    pub fn try_new(spec: Spec, input: Arc<dyn ExecutionPlan>) -> Result<Self> {
        Self::projected(spec, input, Order::Required, None)
    }

    /// Cuts the rows of `series`, where each recording is one stretch of rows.
    ///
    /// # Errors
    /// As [`Spec::output`].
    pub fn over_series(spec: Spec, series: Arc<dyn ExecutionPlan>) -> Result<Self> {
        Self::projected(spec, series, Order::Given, None)
    }

    fn projected(
        spec: Spec,
        input: Arc<dyn ExecutionPlan>,
        order: Order,
        projection: Option<Vec<usize>>,
    ) -> Result<Self> {
        let all = spec.output(&input.schema())?;
        let schema = projection.as_ref().map_or_else(|| Ok(Arc::clone(&all)), |of| all.project(of).map(Arc::new))?;
        let properties = Arc::new(properties(&spec, &input, schema)?);
        Ok(Self { spec, input, order, projection, properties, metrics: ExecutionPlanMetricsSet::new() })
    }

    /// What is cut, how: the recipe that a model stores.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    fn column(&self, name: &str) -> Option<Arc<dyn PhysicalExpr>> {
        Some(Arc::new(Column::new_with_schema(name, &self.input.schema()).ok()?))
    }

    fn keys(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        self.spec.columns.by.iter().filter_map(|name| self.column(name)).collect()
    }
}

/// Windows of a recording come out where its frames went in, in their order: partitioning and order are the input's.
fn properties(spec: &Spec, input: &Arc<dyn ExecutionPlan>, to: SchemaRef) -> Result<PlanProperties> {
    let from = input.schema();
    let keys = spec.columns.by.iter().map(|name| (name.as_str(), name.as_str()));
    let renamed = keys.chain([(spec.columns.order_by.as_str(), FRAME_START)]);
    let indices = renamed.filter_map(|(old, new)| Some((from.index_of(old).ok()?, to.index_of(new).ok()?)));
    let mapping: ProjectionMapping = indices
        .map(|(old, new)| {
            let source: Arc<dyn PhysicalExpr> = Arc::new(Column::new(from.field(old).name(), old));
            let target: Arc<dyn PhysicalExpr> = Arc::new(Column::new(to.field(new).name(), new));
            (source, vec![(target, new)].into())
        })
        .collect();
    let equivalences = input.equivalence_properties();
    Ok(PlanProperties::new(
        equivalences.project(&mapping, to),
        input.output_partitioning().project(&mapping, equivalences),
        EmissionType::Incremental,
        input.boundedness(),
    ))
}

impl DisplayAs for WindowsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.spec.describe())?;
        match &self.projection {
            None => Ok(()),
            Some(_) => {
                let names: Vec<_> = self.schema().fields().iter().map(|field| field.name().clone()).collect();
                write!(f, ", projection=[{}]", names.join(", "))
            }
        }
    }
}

impl ExecutionPlan for WindowsExec {
    fn name(&self) -> &str {
        match self.spec.cut {
            Cut::Segments => "SegmentsExec",
            Cut::Windows { .. } => "WindowsExec",
        }
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![match self.order {
            Order::Required => Distribution::KeyPartitioned(self.keys()),
            Order::Given => Distribution::UnspecifiedDistribution,
        }])
    }

    /// Rows dealt out in turn would be no recordings any more.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![self.order == Order::Required]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        if self.order == Order::Given {
            return vec![None];
        }
        let any = self.keys().into_iter().map(|key| PhysicalSortRequirement::new(key, None));
        let frame = self.column(&self.spec.columns.order_by).map(|frame| {
            let ascending = arrow::compute::SortOptions { descending: false, nulls_first: false };
            PhysicalSortRequirement::new(frame, Some(ascending))
        });
        vec![LexRequirement::new(any.chain(frame)).map(OrderingRequirements::new)]
    }

    /// Our columns are others than those of the input: DataFusion would move a sort of the result below, by their numbers.
    /// What order the result has is in the properties.
    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for key in self.keys().iter().chain(&self.column(&self.spec.columns.order_by)) {
            if f(key)? == TreeNodeRecursion::Stop {
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
        Ok(Arc::new(Self::projected(self.spec.clone(), children.swap_remove(0), self.order, self.projection.clone())?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    /// Columns that nobody reads are not made.
    fn try_swapping_with_projection(&self, projection: &ProjectionExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if self.projection.is_some() {
            return Ok(None);
        }
        try_embed_projection(projection, self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        let batch_size = context.session_config().batch_size();
        let cutter = Cutter::new(self.spec.clone(), &self.input.schema(), self.schema(), batch_size)?;
        let memory = MemoryConsumer::new(format!("{}[{partition}]", self.name())).register(context.memory_pool());
        let counters = Counters::new(&self.metrics, partition);
        let running = Running { input, cutter, memory, counters, ended: false };
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), running.stream())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

impl EmbeddedProjection for WindowsExec {
    fn with_projection(&self, projection: Option<Vec<usize>>) -> Result<Self> {
        Self::projected(self.spec.clone(), Arc::clone(&self.input), self.order, projection)
    }
}

/// The account of rows, as EXPLAIN ANALYZE shows it.
struct Counters {
    windows: Count,
    frames: [Count; 6],
}

impl Counters {
    fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        let count = |name: &'static str| MetricBuilder::new(metrics).counter(name, partition);
        Self {
            windows: MetricBuilder::new(metrics).output_rows(partition),
            frames: [
                "frames_used",
                "frames_skipped",
                "frames_in_tails",
                "frames_in_short_segments",
                "frames_in_impure_windows",
                "values_filled",
            ]
            .map(count),
        }
    }
}

struct Running {
    input: SendableRecordBatchStream,
    cutter: Cutter,
    memory: MemoryReservation,
    counters: Counters,
    ended: bool,
}

impl Running {
    fn stream(self) -> impl Stream<Item = Result<arrow::array::RecordBatch>> {
        stream::try_unfold(self, |mut running| async move {
            let batch = running.next().await?;
            Ok(batch.map(|batch| (batch, running)))
        })
    }

    async fn next(&mut self) -> Result<Option<arrow::array::RecordBatch>> {
        loop {
            if let Some(batch) = self.cutter.pop()? {
                self.counters.windows.add(batch.num_rows());
                return Ok(Some(batch));
            }
            if self.ended {
                let a = self.cutter.account();
                let rows = [a.windowed, a.skipped, a.tail, a.short, a.impure, self.cutter.filled()];
                self.counters.frames.iter().zip(rows).for_each(|(count, rows)| count.add(rows as usize));
                self.memory.free();
                return Ok(None);
            }
            match self.input.next().await.transpose()? {
                Some(batch) => self.cutter.push(&batch)?,
                None => {
                    self.cutter.finish();
                    self.ended = true;
                }
            }
            self.reserve(self.cutter.bytes())?;
        }
    }

    /// A window and a batch of the result are little, and nobody but a larger operator could have taken the room for them.
    fn reserve(&self, bytes: usize) -> Result<()> {
        if bytes <= 2 * BATCH_BYTES {
            self.memory.resize(bytes);
            return Ok(());
        }
        self.memory.try_resize(bytes)
    }
}
