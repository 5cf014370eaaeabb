//! Reads all partitions, and tells which recordings go where.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::LexOrdering;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;

use super::block::Block;
use super::memory::Budget;
use super::order::InOrder;
use super::replay::{Begun, ReplayExec};
use super::run::{Columns, Run, RunReader};
use crate::frames::sorting::sorter::Sorter;

/// How recordings are found and where they go.
#[derive(Debug, Clone)]
pub struct Gather {
    /// Key and frame columns.
    pub columns: Columns,
    /// Output partitions.
    pub partitions: usize,
    /// Keys, then frame number.
    pub ordering: LexOrdering,
}

/// What came of reading.
pub enum Gathered {
    /// The runs of each recording, for each output partition, and what the sort of its largest recording needs.
    Runs(Vec<(Part, MemoryReservation)>),
    /// There was no memory: all rows, sorted, for the first output partition.
    Sorted(SendableRecordBatchStream),
}

/// The runs of each recording of an output partition, the first recording last.
pub type Part = Vec<Vec<Run>>;

struct Read {
    reader: RunReader,
    rest: Option<SendableRecordBatchStream>,
}

impl Gather {
    /// Reads `input` to its end, or until it is clear that a sort has to do it.
    pub async fn read(
        self,
        input: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
        metrics: ExecutionPlanMetricsSet,
    ) -> Result<Gathered> {
        let budget = Arc::new(Budget::new(&context));
        // One share of the pool for all that is read: a share for each partition would be taken from the sorts of the plan.
        let consumer = MemoryConsumer::new("SeriesExec").with_can_spill(true);
        let memory = consumer.register(context.memory_pool());
        let mut tasks = vec![];
        for partition in 0..input.output_partitioning().partition_count() {
            let stream = input.execute(partition, Arc::clone(&context))?;
            let memory = memory.new_empty();
            let reader = RunReader::new(self.columns.clone(), &input.schema(), memory, Arc::clone(&budget))?;
            tasks.push(SpawnedTask::spawn(read(stream, reader, Arc::clone(&budget))));
        }
        let mut reads = vec![];
        for task in tasks {
            reads.push(task.join_unwind().await.map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))??);
        }
        if budget.is_stopped() {
            let begun = reads.into_iter().map(|Read { reader, rest }| Begun { read: reader.into_blocks(), rest });
            return Ok(Gathered::Sorted(self.sort(&input, begun.collect(), &metrics, &context).await?));
        }
        let parts = self.distribute(reads);
        match reserved(&parts, &context) {
            Some(sorting) => Ok(Gathered::Runs(parts.into_iter().zip(sorting).collect())),
            None => {
                let begun = Begun { read: blocks(parts), rest: None };
                Ok(Gathered::Sorted(self.sort(&input, vec![begun], &metrics, &context).await?))
            }
        }
    }

    /// One sort of all partitions, since several of them, and a repartition above, would take memory from each other.
    async fn sort(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        mut begun: Vec<Begun>,
        metrics: &ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        begun.iter_mut().for_each(|begun| begun.read.reverse());
        let mut sorter = Sorter::new("SeriesExec sort", &input.schema(), &self.ordering, metrics, context)?;
        let all = CoalescePartitionsExec::new(Arc::new(ReplayExec::new(input.schema(), begun)));
        let mut rows = all.execute(0, Arc::clone(context))?;
        while let Some(batch) = rows.next().await.transpose()? {
            sorter.push(&batch).await?;
        }
        drop(rows);
        sorter.finish().await
    }

    /// Recordings in the order in which they appeared, as many rows for each output partition as for the next.
    fn distribute(&self, reads: Vec<Read>) -> Vec<Part> {
        let (mut numbers, mut recordings): (_, Vec<Vec<Run>>) = (HashMap::new(), vec![]);
        for Read { reader, .. } in reads {
            let (runs, keys) = reader.finish();
            // Each reader has numbers of its own.
            let mut number = |key| {
                let next = numbers.len();
                *numbers.entry(key).or_insert(next)
            };
            let here: Vec<usize> = keys.into_iter().map(&mut number).collect();
            recordings.resize_with(numbers.len(), Vec::new);
            for run in runs {
                recordings[here[run.recording as usize]].push(run);
            }
        }
        let rows_of = |runs: &Vec<Run>| runs.iter().map(|run| run.rows as usize).sum::<usize>();
        let rows: Vec<usize> = recordings.iter().map(rows_of).collect();
        let total = rows.iter().sum::<usize>();
        let mut parts: Vec<Part> = (0..self.partitions).map(|_| vec![]).collect();
        let mut before = total;
        for (recording, rows) in recordings.into_iter().zip(rows).rev() {
            // By the row in its middle.
            before -= rows;
            let place = (before + rows / 2) * self.partitions / total.max(1);
            parts[place.min(self.partitions - 1)].push(recording);
        }
        parts
    }
}

/// What the sort of the largest recording of each partition needs; nothing if that is not there. All of it is asked for at once, as partitions that asked
/// on their way would find more or less by luck.
fn reserved(parts: &[Part], context: &TaskContext) -> Option<Vec<MemoryReservation>> {
    let reserve = |(partition, part): (usize, &Part)| {
        let consumer = MemoryConsumer::new(format!("SeriesExec[{partition}] sort"));
        let memory = consumer.register(context.memory_pool());
        let largest = part.iter().map(|runs| InOrder::bytes_at_most(runs)).max().unwrap_or(0);
        memory.try_grow(largest).ok().map(|()| memory)
    };
    parts.iter().enumerate().map(reserve).collect()
}

/// The blocks of all runs, each once.
fn blocks(parts: Vec<Part>) -> Vec<Arc<Block>> {
    let runs = parts.into_iter().flatten().flatten();
    let blocks: HashMap<*const Block, Arc<Block>> = runs.map(|run| (Arc::as_ptr(&run.block), run.block)).collect();
    blocks.into_values().collect()
}

async fn read(mut stream: SendableRecordBatchStream, mut reader: RunReader, budget: Arc<Budget>) -> Result<Read> {
    while let Some(batch) = stream.next().await.transpose()? {
        reader.push(batch)?;
        if budget.is_stopped() {
            return Ok(Read { reader, rest: Some(stream) });
        }
    }
    // In this task, as others may still read.
    reader.put_together()?;
    Ok(Read { reader, rest: None })
}
