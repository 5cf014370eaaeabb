//! Reads all partitions, and tells which recordings go where.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{LexOrdering, Partitioning};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;

use super::memory::{Budget, Held};
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
    /// There was no order, or no memory: a sort of everything, with as many partitions.
    Sorted(Arc<dyn ExecutionPlan>),
}

/// The recordings of an output partition, the first one last.
pub struct Part {
    /// Their runs.
    pub recordings: Vec<Vec<Run>>,
    /// What all partitions together occupy.
    pub memory: Arc<Held>,
}

struct Read {
    runs: Vec<Run>,
    reservation: MemoryReservation,
    rest: Option<SendableRecordBatchStream>,
}

impl Gather {
    /// Reads `input` to its end, or until it is clear that a sort has to do it.
    pub async fn read(self, input: Arc<dyn ExecutionPlan>, context: Arc<TaskContext>) -> Result<Gathered> {
        let budget = Arc::new(Budget::new(&context));
        let mut tasks = vec![];
        for partition in 0..input.output_partitioning().partition_count() {
            let stream = input.execute(partition, Arc::clone(&context))?;
            let reader = RunReader::new(self.columns.clone(), &input.schema())?;
            let consumer = MemoryConsumer::new(format!("SeriesExec[{partition}]")).with_can_spill(true);
            let reservation = consumer.register(context.memory_pool());
            tasks.push(SpawnedTask::spawn(read(stream, reader, reservation, Arc::clone(&budget))));
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
        let begun = |Read { runs, reservation, rest }: Read| {
            let mut read: Vec<RecordBatch> = runs.into_iter().flat_map(|run| run.rows).collect();
            read.reverse();
            let rows = read.iter().map(RecordBatch::num_rows).sum();
            Begun { read, memory: Held::new(vec![reservation], rows), rest }
        };
        let replay = ReplayExec::new(input.schema(), reads.into_iter().map(begun).collect());
        let keys = self.ordering.iter().take(self.columns.by.len()).map(|sort| Arc::clone(&sort.expr)).collect();
        let together = RepartitionExec::try_new(Arc::new(replay), Partitioning::Hash(keys, self.partitions))?;
        let sort = SortExec::new(self.ordering.clone(), Arc::new(together));
        Ok(Arc::new(sort.with_preserve_partitioning(true)))
    }

    /// Recordings in the order in which they appeared, as many rows for each output partition as for the next.
    fn distribute(&self, reads: Vec<Read>) -> Gathered {
        let (mut numbers, mut recordings, mut reservations) = (HashMap::new(), vec![], vec![]);
        for Read { runs, reservation, .. } in reads {
            reservations.push(reservation);
            for mut run in runs {
                let next = recordings.len();
                let number = *numbers.entry(std::mem::take(&mut run.key)).or_insert(next);
                if number == next {
                    recordings.push(vec![]);
                }
                recordings[number].push(run);
            }
        }
        let rows_of = |runs: &Vec<Run>| runs.iter().flat_map(|run| &run.rows).map(RecordBatch::num_rows).sum::<usize>();
        let rows: Vec<usize> = recordings.iter().map(rows_of).collect();
        let total = rows.iter().sum::<usize>();
        let memory = Arc::new(Held::new(reservations, total));
        let part = || Part { recordings: vec![], memory: Arc::clone(&memory) };
        let mut parts: Vec<Part> = (0..self.partitions).map(|_| part()).collect();
        let mut before = total;
        for (recording, rows) in recordings.into_iter().zip(rows).rev() {
            // By the row in its middle.
            before -= rows;
            let place = (before + rows / 2) * self.partitions / total.max(1);
            parts[place.min(self.partitions - 1)].recordings.push(recording);
        }
        Gathered::Runs(parts)
    }
}

async fn read(
    mut stream: SendableRecordBatchStream,
    mut reader: RunReader,
    reservation: MemoryReservation,
    budget: Arc<Budget>,
) -> Result<Read> {
    while !budget.is_stopped() {
        let Some(batch) = stream.next().await.transpose()? else {
            return Ok(Read { runs: reader.finish(), reservation, rest: None });
        };
        let before = reader.bytes();
        if reader.push(&batch)? {
            budget.stop();
        }
        budget.take(&reservation, get_record_batch_memory_size(&batch) + reader.bytes() - before);
    }
    Ok(Read { runs: reader.finish(), reservation, rest: Some(stream) })
}
