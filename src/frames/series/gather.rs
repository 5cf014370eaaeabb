//! Reads all partitions, and tells which recordings go where.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{LexOrdering, Partitioning};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;

use super::memory::Budget;
use super::replay::{Begun, ReplayExec};
use super::run::{Columns, Run, RunReader};

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
    /// The runs of each recording, for each output partition.
    Runs(Vec<Part>),
    /// There was no memory: a sort of everything, with as many partitions.
    Sorted(Arc<dyn ExecutionPlan>),
}

/// The runs of each recording of an output partition, the first recording last.
pub type Part = Vec<Vec<Run>>;

struct Read {
    reader: RunReader,
    rest: Option<SendableRecordBatchStream>,
}

impl Gather {
    /// Reads `input` to its end, or until it is clear that a sort has to do it.
    pub async fn read(self, input: Arc<dyn ExecutionPlan>, context: Arc<TaskContext>) -> Result<Gathered> {
        let budget = Arc::new(Budget::new(&context));
        let mut tasks = vec![];
        for partition in 0..input.output_partitioning().partition_count() {
            let stream = input.execute(partition, Arc::clone(&context))?;
            let consumer = MemoryConsumer::new(format!("SeriesExec[{partition}]")).with_can_spill(true);
            let reservation = consumer.register(context.memory_pool());
            let reader = RunReader::new(self.columns.clone(), &input.schema(), reservation, Arc::clone(&budget))?;
            tasks.push(SpawnedTask::spawn(read(stream, reader, Arc::clone(&budget))));
        }
        let mut reads = vec![];
        for task in tasks {
            reads.push(task.join_unwind().await.map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))??);
        }
        if budget.is_stopped() {
            return Ok(Gathered::Sorted(self.sort(&input, reads)?));
        }
        Ok(self.distribute(reads))
    }

    fn sort(&self, input: &Arc<dyn ExecutionPlan>, reads: Vec<Read>) -> Result<Arc<dyn ExecutionPlan>> {
        let begun = |Read { reader, rest }: Read| {
            let mut read = reader.into_blocks();
            read.reverse();
            Begun { read, rest }
        };
        let replay = ReplayExec::new(input.schema(), reads.into_iter().map(begun).collect());
        let keys = self.ordering.iter().take(self.columns.by.len()).map(|sort| Arc::clone(&sort.expr)).collect();
        let together = RepartitionExec::try_new(Arc::new(replay), Partitioning::Hash(keys, self.partitions))?;
        let sort = SortExec::new(self.ordering.clone(), Arc::new(together));
        Ok(Arc::new(sort.with_preserve_partitioning(true)))
    }

    /// Recordings in the order in which they appeared, as many rows for each output partition as for the next.
    fn distribute(&self, reads: Vec<Read>) -> Gathered {
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
        Gathered::Runs(parts)
    }
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
