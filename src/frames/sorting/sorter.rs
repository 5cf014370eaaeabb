//! Takes rows in any order, gives them in order.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation, UnboundedMemoryPool};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::LexOrdering;
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::sorts::streaming_merge::StreamingMergeBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};

use super::buffer::Buffer;
use super::run::{Run, to_file};
use super::sizes::{CHUNKS_OF_A_RUN, Sizes};

/// A sort of one stream of rows.
pub struct Sorter {
    schema: SchemaRef,
    ordering: LexOrdering,
    batch_size: usize,
    sizes: Sizes,
    buffer: Buffer,
    runs: Vec<Run>,
    files: SpillManager,
    /// Of the buffer; that of merges and of runs that stay in memory come from the same consumer.
    memory: MemoryReservation,
    /// Bytes of the runs that are in memory.
    kept: usize,
    /// The fewest rows of a batch of any run.
    chunk_rows: usize,
}

impl Sorter {
    /// Of rows of `schema`, for the operator `name`, whose `metrics` tell what was written to disk.
    ///
    /// # Errors
    /// A key of a type that cannot be compared.
    pub fn new(
        name: &str,
        schema: &SchemaRef,
        ordering: &LexOrdering,
        metrics: &ExecutionPlanMetricsSet,
        context: &TaskContext,
    ) -> Result<Self> {
        let written = SpillMetrics::new(metrics, 0);
        let config = context.session_config();
        let files = SpillManager::new(context.runtime_env(), written, Arc::clone(schema));
        let consumer = MemoryConsumer::new(name).with_can_spill(true);
        Ok(Self {
            schema: Arc::clone(schema),
            ordering: ordering.clone(),
            batch_size: config.batch_size(),
            sizes: Sizes::of(&context.memory_pool().memory_limit()),
            buffer: Buffer::new(schema, ordering)?,
            runs: vec![],
            files: files.with_compression_type(config.spill_compression()),
            memory: consumer.register(context.memory_pool()),
            kept: 0,
            chunk_rows: config.batch_size(),
        })
    }

    /// Takes rows.
    ///
    /// # Errors
    /// Of the disk alone: memory that the pool does not have is not needed.
    pub async fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let held = self.buffer.weigh(batch)?;
        if !self.has_room(held.bytes) {
            self.cut().await?;
            if self.memory.try_grow(held.bytes).is_err() {
                // It is there already, and no more than this one.
                self.memory.grow(held.bytes);
            }
        }
        self.buffer.add(held);
        Ok(())
    }

    /// Takes the room for so many bytes, if there is any.
    fn has_room(&self, bytes: usize) -> bool {
        let all = self.buffer.bytes() + bytes;
        if self.buffer.rows() > 0 && all > self.sizes.buffer {
            return false;
        }
        if self.memory.try_grow(bytes).is_ok() {
            return true;
        }
        let is_little = all <= self.sizes.least;
        if is_little {
            self.memory.grow(bytes);
        }
        is_little
    }

    /// Sorts what is in the buffer, and puts it where there is room for it.
    async fn cut(&mut self) -> Result<()> {
        let (rows, bytes) = (self.buffer.rows(), self.buffer.bytes());
        if rows == 0 {
            return Ok(());
        }
        let chunk_rows = self.sizes.chunk_rows(rows, bytes, self.batch_size);
        self.chunk_rows = self.chunk_rows.min(chunk_rows);
        let sorted = self.buffer.sorted(chunk_rows);
        let kept = self.memory.new_empty();
        if self.kept + bytes <= self.sizes.kept && kept.try_grow(bytes).is_ok() {
            let batches = sorted.collect::<Result<std::collections::VecDeque<_>>>()?;
            let bytes = batches.iter().map(get_record_batch_memory_size).sum();
            kept.resize(bytes);
            self.kept += bytes;
            self.runs.push(Run::Kept(batches, kept));
        } else {
            self.runs.extend(to_file(stream::iter(sorted), &self.files).await?);
        }
        self.memory.free();
        Ok(())
    }

    /// All rows, in order.
    ///
    /// # Errors
    /// Of the disk alone.
    pub async fn finish(mut self) -> Result<SendableRecordBatchStream> {
        if self.runs.is_empty() {
            let chunk_rows = self.sizes.chunk_rows(self.buffer.rows(), self.buffer.bytes(), self.batch_size);
            let sorted = stream::iter(self.buffer.sorted(chunk_rows));
            let memory = self.memory.take();
            return Ok(self.holding(sorted, memory));
        }
        self.cut().await?;
        while self.runs.len() > self.sizes.fan_in {
            // So few that the last merge is as wide as it may be.
            let fewest = (self.runs.len() - self.sizes.fan_in + 1).min(self.sizes.fan_in);
            self.runs.sort_by_key(|run| matches!(run, Run::Kept(..)));
            let runs = self.runs.drain(..fewest).collect();
            let merged = self.merged(runs)?;
            let run = to_file(merged, &self.files).await?;
            self.runs.extend(run);
        }
        let runs = std::mem::take(&mut self.runs);
        self.merged(runs)
    }

    /// The rows of some runs, in order.
    fn merged(&self, runs: Vec<Run>) -> Result<SendableRecordBatchStream> {
        let memory = self.memory.new_empty();
        let bytes = runs.iter().map(|run| run.batch_bytes() * CHUNKS_OF_A_RUN).sum();
        if memory.try_grow(bytes).is_err() {
            // A small part of the limit, whatever is left of it: see `Sizes`.
            memory.grow(bytes);
        }
        let streams = runs.into_iter().map(|run| run.stream(&self.schema, &self.files)).collect::<Result<_>>()?;
        // Counted above: a merge that asks the pool as it goes may be refused half way.
        let uncounted: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let merged = StreamingMergeBuilder::new()
            .with_streams(streams)
            .with_schema(Arc::clone(&self.schema))
            .with_expressions(&self.ordering)
            .with_metrics(BaselineMetrics::new(&ExecutionPlanMetricsSet::new(), 0))
            .with_batch_size(self.chunk_rows)
            .with_reservation(MemoryConsumer::new("merge").register(&uncounted))
            .with_round_robin_tie_breaker(false)
            .build()?;
        Ok(self.holding(merged, memory))
    }

    /// A stream that has this memory as long as it lives.
    fn holding(
        &self,
        batches: impl stream::Stream<Item = Result<RecordBatch>> + Send + 'static,
        memory: MemoryReservation,
    ) -> SendableRecordBatchStream {
        let held = batches.inspect(move |_| {
            let _ = memory.size();
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), held))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, StringViewArray};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use datafusion::execution::memory_pool::{FairSpillPool, GreedyMemoryPool};
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::physical_expr::PhysicalSortExpr;
    use datafusion::physical_expr::expressions::Column;

    use super::*;
    use crate::random::Stream;

    const ROWS: usize = 60_000;

    /// Names and numbers in no order, in batches of some hundred rows that are slices of one.
    fn batches(schema: &SchemaRef) -> Vec<RecordBatch> {
        let mut random = Stream::new(3, &["rows"]);
        let numbers: Vec<i64> = (0..ROWS).map(|_| (random.uniform() * 1e6) as i64).collect();
        let names = numbers.iter().map(|n| Some(format!("a name of more than twelve letters {}", n % 97)));
        let columns: [Arc<dyn arrow::array::Array>; 2] =
            [Arc::new(names.collect::<StringViewArray>()), Arc::new(Int64Array::from(numbers))];
        let all = RecordBatch::try_new(Arc::clone(schema), columns.to_vec()).unwrap();
        (0..ROWS).step_by(700).map(|start| all.slice(start, 700.min(ROWS - start))).collect()
    }

    fn rows(batches: &[RecordBatch]) -> Vec<(String, i64)> {
        let of = |batch: &RecordBatch| {
            let names =
                batch.column(0).as_string_view().iter().map(|name| name.unwrap().to_owned()).collect::<Vec<_>>();
            names.into_iter().zip(batch.column(1).as_primitive::<Int64Type>().values().to_vec()).collect::<Vec<_>>()
        };
        batches.iter().flat_map(of).collect()
    }

    /// The rows that come out, and how many files were written.
    async fn sorted(pool: Arc<dyn MemoryPool>, hog: usize) -> (Vec<(String, i64)>, usize) {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let schema = Arc::new(Schema::new(vec![field("name", DataType::Utf8View), field("number", DataType::Int64)]));
        let by = |name: &str, place| PhysicalSortExpr::new_default(Arc::new(Column::new(name, place)));
        let ordering = LexOrdering::new([by("name", 0), by("number", 1)]).unwrap();
        let others = MemoryConsumer::new("others").register(&pool);
        others.grow(hog);
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(&pool)).build_arc().unwrap();
        let context = TaskContext::default().with_runtime(runtime);
        let metrics = ExecutionPlanMetricsSet::new();
        let mut sorter = Sorter::new("test", &schema, &ordering, &metrics, &context).unwrap();
        for batch in batches(&schema) {
            sorter.push(&batch).await.unwrap();
        }
        let out: Vec<RecordBatch> = sorter.finish().await.unwrap().map(Result::unwrap).collect().await;
        assert_eq!(pool.reserved(), hog, "all memory is given back");
        (rows(&out), metrics.clone_inner().spill_count().unwrap_or(0))
    }

    #[tokio::test]
    async fn rows_come_in_order_whatever_memory_there_is() {
        let schema = Schema::new(vec![
            Field::new("name", DataType::Utf8View, true),
            Field::new("number", DataType::Int64, true),
        ]);
        let mut expected = rows(&batches(&Arc::new(schema)));
        expected.sort();
        let (all, files) = sorted(Arc::new(UnboundedMemoryPool::default()), 0).await;
        assert!(all == expected && files == 0, "{files}");
        for limit in [1, 1 << 20, 4 << 20, 12 << 20, 40 << 20] {
            let (all, files) = sorted(Arc::new(GreedyMemoryPool::new(limit)), 0).await;
            // All rows and keys are some 10 MB; of the lowest limit there are more files than are merged at once.
            let files_fit = if limit < 40 << 20 { files > 0 } else { files == 0 };
            assert!(all == expected && files_fit && (limit > 1 || files > 20), "greedy, {limit}: {files} files");
            let (all, _) = sorted(Arc::new(FairSpillPool::new(limit)), 0).await;
            assert!(all == expected, "fair, {limit}");
            // Others have taken everything.
            let (all, _) = sorted(Arc::new(GreedyMemoryPool::new(limit)), limit).await;
            assert!(all == expected, "nothing left of {limit}");
        }
    }
}
