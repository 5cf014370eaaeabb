//! The execution plan of a pass: asks for whole recordings in frame order, and works on them as they stream by.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::projection::ProjectionMapping;
use datafusion::physical_expr::{
    EquivalenceProperties, LexRequirement, OrderingRequirements, PhysicalExpr, PhysicalSortRequirement,
};
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

use super::constant::{Look, Shared};
use super::pieces::{Ledger, Pieces};
use super::{Pass, Worker};
use crate::frames::columns::FrameColumns;
use crate::frames::distinct::Distinct;
use crate::frames::numbering::pass::Numbered;
use crate::frames::resampler::Resample;
use crate::frames::series::exec::SeriesExec;
use crate::notes::Notes;
use crate::options::BATCH_BYTES;

/// Makes rows of recordings; it holds what a row that is open still needs.
#[derive(Debug)]
pub struct PassExec<P> {
    pass: P,
    input: Arc<dyn ExecutionPlan>,
    order: Order,
    /// Columns of [`Pass::output`] that somebody reads; all if it says nothing.
    projection: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
    /// What all partitions have seen of guessed features, where one that never changes is refused.
    seen: Option<Arc<Shared>>,
    metrics: ExecutionPlanMetricsSet,
    ledger: Ledger,
}

/// How recordings come together and in the order of their frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The plan has to see to it, by the order that the input says it has.
    Required,
    /// They do: the input is a [`SeriesExec`], or a pass over one.
    Given,
}

impl<P: Pass> PassExec<P> {
    /// The pass over `input`, whose frames are put into their order where nothing says that they are, in `partitions`.
    ///
    /// # Errors
    /// As [`Pass::output`].
    pub fn over(pass: P, input: &Arc<dyn ExecutionPlan>, partitions: usize) -> Result<Self> {
        // What one pass puts out in the order of what it took in, the next takes as it comes.
        let FrameColumns { by, order_by, .. } = pass.columns();
        let given = given::<Resample>(input).or_else(|| given::<Distinct>(input)).or_else(|| given::<Numbered>(input));
        if given == Some((by.as_slice(), order_by.as_str())) {
            return Self::made(pass, Arc::clone(input), Order::Given);
        }
        match SeriesExec::over(pass.columns(), input, partitions)? {
            Some(series) => Self::made(pass, series, Order::Given),
            None => Self::made(pass, Arc::clone(input), Order::Required),
        }
    }

    fn made(pass: P, input: Arc<dyn ExecutionPlan>, order: Order) -> Result<Self> {
        Self::projected(pass, input, order, None, Ledger::default())
    }

    fn projected(
        pass: P,
        input: Arc<dyn ExecutionPlan>,
        order: Order,
        projection: Option<Vec<usize>>,
        ledger: Ledger,
    ) -> Result<Self> {
        let all = pass.output(&input.schema())?;
        let schema = projection.as_ref().map_or_else(|| Ok(Arc::clone(&all)), |of| all.project(of).map(Arc::new))?;
        let properties = Arc::new(properties(&pass, &input, schema)?);
        let partitions = input.output_partitioning().partition_count();
        let seen = pass
            .refuses_constant()
            .and_then(|function| Shared::new(function, pass.columns(), &input.schema(), partitions));
        let (seen, metrics) = (seen.map(Arc::new), ExecutionPlanMetricsSet::new());
        Ok(Self { pass, input, order, projection, properties, seen, metrics, ledger })
    }

    /// What is made, how.
    pub fn pass(&self) -> &P {
        &self.pass
    }

    /// What it will have been given and made, of this plan or one that was built from it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn column(&self, name: &str) -> Option<Arc<dyn PhysicalExpr>> {
        Some(Arc::new(Column::new_with_schema(name, &self.input.schema()).ok()?))
    }

    fn keys(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        self.pass.columns().by.iter().filter_map(|name| self.column(name)).collect()
    }
}

/// The keys and the order of a pass whose recordings are in order, if it is of this kind.
fn given<P: Pass>(input: &Arc<dyn ExecutionPlan>) -> Option<(&[String], &str)> {
    let below = (input.as_ref() as &dyn std::any::Any).downcast_ref::<PassExec<P>>()?;
    (below.order == Order::Given).then(|| (below.pass.columns().by.as_slice(), below.pass.ordered()))
}

/// What is made of a recording comes out where its frames went in, in their order: partitioning and order are the input's.
fn properties<P: Pass>(pass: &P, input: &Arc<dyn ExecutionPlan>, to: SchemaRef) -> Result<PlanProperties> {
    let from = input.schema();
    let keys = pass.columns().by.iter().map(|name| (name.as_str(), name.as_str()));
    let renamed = keys.chain([(pass.columns().order_by.as_str(), pass.ordered())]);
    let indices = renamed.filter_map(|(old, new)| Some((from.index_of(old).ok()?, to.index_of(new).ok()?)));
    let mapping: ProjectionMapping = indices
        .map(|(old, new)| {
            let source: Arc<dyn PhysicalExpr> = Arc::new(Column::new(from.field(old).name(), old));
            let target: Arc<dyn PhysicalExpr> = Arc::new(Column::new(to.field(new).name(), new));
            (source, vec![(target, new)].into())
        })
        .collect();
    let equivalences = input.equivalence_properties();
    let mut projected = equivalences.project(&mapping, Arc::clone(&to));
    if P::RENUMBERS {
        let orderings: Vec<_> = projected.oeq_class().iter().cloned().collect();
        projected = EquivalenceProperties::new(to);
        projected.add_orderings(orderings);
    }
    Ok(PlanProperties::new(
        projected,
        input.output_partitioning().project(&mapping, equivalences),
        EmissionType::Incremental,
        input.boundedness(),
    ))
}

impl<P: Pass> DisplayAs for PassExec<P> {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.pass.describe())?;
        match &self.projection {
            None => Ok(()),
            Some(_) => {
                let names: Vec<_> = self.schema().fields().iter().map(|field| field.name().clone()).collect();
                write!(f, ", projection=[{}]", names.join(", "))
            }
        }
    }
}

impl<P: Pass> ExecutionPlan for PassExec<P> {
    fn name(&self) -> &str {
        self.pass.names().1
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![match self.order {
            // Merged into one, partitions that are in order stay so and stream. By their keys they would be dealt out and sorted anew, in
            // several sorts that take memory from each other.
            Order::Required => Distribution::SinglePartition,
            Order::Given => Distribution::UnspecifiedDistribution,
        }])
    }

    /// Rows dealt out in turn would be no recordings any more; and to deal out those of one partition by their keys costs
    /// more than to work on them.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        if self.order == Order::Given {
            return vec![None];
        }
        let any = self.keys().into_iter().map(|key| PhysicalSortRequirement::new(key, None));
        let frame = self.column(&self.pass.columns().order_by).map(|frame| {
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
        for key in self.keys().iter().chain(&self.column(&self.pass.columns().order_by)) {
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
        let (input, projection, ledger) = (children.swap_remove(0), self.projection.clone(), self.ledger.clone());
        Ok(Arc::new(Self::projected(self.pass.clone(), input, self.order, projection, ledger)?))
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
        let worker = self.pass.worker(&self.input.schema(), self.schema(), batch_size)?;
        let memory = MemoryConsumer::new(format!("{}[{partition}]", self.name())).register(context.memory_pool());
        let counters = Counters::new(&self.metrics, P::COUNTERS, partition);
        let look = self.seen.as_ref().map(|seen| Look::new(Arc::clone(seen), partition));
        let last_word = last_word(&self.pass, self.input.output_partitioning().partition_count(), &context);
        let ledger = self.ledger.clone();
        let running = Running { input, worker, look, memory, counters, ledger, last_word, ended: false };
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), running.stream())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

impl<P: Pass> EmbeddedProjection for PassExec<P> {
    fn with_projection(&self, projection: Option<Vec<usize>>) -> Result<Self> {
        let ledger = self.ledger.clone();
        Self::projected(self.pass.clone(), Arc::clone(&self.input), self.order, projection, ledger)
    }
}

/// What was counted, as EXPLAIN ANALYZE shows it.
struct Counters {
    rows: Count,
    counts: Vec<Count>,
}

impl Counters {
    fn new(metrics: &ExecutionPlanMetricsSet, names: &[&'static str], partition: usize) -> Self {
        let count = |name: &&'static str| MetricBuilder::new(metrics).counter(*name, partition);
        Self { rows: MetricBuilder::new(metrics).output_rows(partition), counts: names.iter().map(count).collect() }
    }
}

/// Says what is to be said of all, once the last of so many partitions has ended.
type LastWord = Box<dyn Fn(usize, &Pieces) + Send>;

fn last_word<P: Pass>(pass: &P, partitions: usize, context: &TaskContext) -> LastWord {
    let (pass, notes) = (pass.clone(), context.session_config().get_extension::<Notes>());
    Box::new(move |ended, pieces| {
        let line = || pass.last_word(pieces).filter(|_| ended == partitions);
        notes.iter().for_each(|notes| line().into_iter().for_each(|line| notes.say(line)));
    })
}

struct Running {
    input: SendableRecordBatchStream,
    worker: Box<dyn Worker>,
    look: Option<Look>,
    memory: MemoryReservation,
    counters: Counters,
    ledger: Ledger,
    last_word: LastWord,
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
            if let Some(batch) = self.worker.pop()? {
                self.counters.rows.add(batch.num_rows());
                return Ok(Some(batch));
            }
            if self.ended {
                let counts = self.counters.counts.iter().zip(self.worker.counts());
                counts.for_each(|(count, rows)| count.add(rows as usize));
                let (ended, pieces) = self.ledger.add(self.worker.pieces());
                (self.last_word)(ended, &pieces);
                self.memory.free();
                return Ok(None);
            }
            match self.input.next().await.transpose()? {
                Some(batch) => {
                    if let Some(look) = &mut self.look {
                        look.push(&batch)?;
                    }
                    self.worker.push(&batch)?;
                }
                None => {
                    self.worker.finish()?;
                    if let Some(look) = self.look.take() {
                        look.finish()?;
                    }
                    self.ended = true;
                }
            }
            self.reserve(self.worker.bytes())?;
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
