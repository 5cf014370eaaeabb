//! Runs: rows of one recording that follow one another.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::buffer::ScalarBuffer;
use arrow::compute::{concat_batches, take, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::execution::memory_pool::MemoryReservation;

use super::block::{Block, numbers};
use super::changes::{changes, steps};
use super::memory::Budget;
use super::recordings::{Keys, Recordings};

/// A stretch of a block.
#[derive(Debug)]
pub struct Run {
    /// The number of its recording.
    pub recording: u32,
    /// Its first row.
    pub start: u32,
    /// Its rows.
    pub rows: u32,
    /// Whether the numbers of its frames rise from row to row.
    pub rises: bool,
    /// The lowest number of a frame; of a frame without a number `i64::MAX`.
    pub first: i64,
    /// The highest one.
    pub last: i64,
    /// Where they are.
    pub block: Arc<Block>,
}

impl Run {
    /// The numbers of its frames.
    pub fn numbers(&self) -> &[i64] {
        &self.block.numbers[self.start as usize..][..self.rows as usize]
    }

    /// The rows, not copied.
    pub fn slice(&self) -> RecordBatch {
        self.block.rows.slice(self.start as usize, self.rows as usize)
    }
}

/// Which columns tell recordings apart, and which numbers their frames.
#[derive(Debug, Clone)]
pub struct Columns {
    /// Keys of a recording.
    pub by: Vec<usize>,
    /// Frame number, of any integer type.
    pub order_by: usize,
}

impl Columns {
    fn keys(&self, rows: &RecordBatch) -> Vec<ArrayRef> {
        self.by.iter().map(|&key| Arc::clone(rows.column(key))).collect()
    }
}

/// Cuts batches into runs, as they arrive.
pub struct RunReader {
    columns: Columns,
    schema: SchemaRef,
    recordings: Recordings,
    runs: Vec<Run>,
    scattered: Vec<Scattered>,
    scattered_rows: usize,
    scattered_bytes: usize,
    memory: MemoryReservation,
    budget: Arc<Budget>,
}

/// A batch in no order, and the recording of each of its rows.
struct Scattered {
    block: Block,
    recordings: Vec<u32>,
}

/// Rising runs shorter than this, on average, are no order worth to be kept: the rows are put together by recording.
const SHORT: usize = 16;
/// So many of them at a time: frames of a few values stay in a processor's cache, runs become long and are found fast.
const TOGETHER: usize = 1 << 17;
/// Or so many bytes, since they are copied twice.
const TOGETHER_BYTES: usize = 64 << 20;

impl RunReader {
    /// A reader of batches of `schema`, which takes from `budget` as much as they occupy.
    ///
    /// # Errors
    /// A key of a type that cannot be compared.
    pub fn new(
        columns: Columns,
        schema: &SchemaRef,
        memory: MemoryReservation,
        budget: Arc<Budget>,
    ) -> Result<Self, ArrowError> {
        let recordings = Recordings::new(&columns.by, schema)?;
        let schema = Arc::clone(schema);
        Ok(Self {
            columns,
            schema,
            recordings,
            runs: vec![],
            scattered: vec![],
            scattered_rows: 0,
            scattered_bytes: 0,
            memory,
            budget,
        })
    }

    /// Takes a batch.
    ///
    /// # Errors
    /// None that data could cause: the planner has checked the types.
    pub fn push(&mut self, rows: RecordBatch) -> Result<(), ArrowError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let mut keys = self.columns.keys(&rows);
        let numbers = numbers(rows.column(self.columns.order_by))?;
        let few = 1 + rows.num_rows() / SHORT;
        let mut starts = vec![0];
        starts.extend(steps(&numbers, |before, now| now <= before).into_iter().map(|row| row as u32));
        for key in &keys {
            if starts.len() <= few {
                starts.extend(changes(key)?.into_iter().map(|row| row as u32));
                starts.sort_unstable();
                starts.dedup();
            }
        }
        if starts.len() > few {
            let recordings = self.recordings.of(&keys)?;
            let block = self.block(rows, numbers, 0);
            self.scattered_rows += recordings.len();
            self.scattered_bytes += block.memory.size();
            self.scattered.push(Scattered { block, recordings });
            let enough = self.scattered_rows >= TOGETHER || self.scattered_bytes >= TOGETHER_BYTES;
            return if enough { self.put_together() } else { Ok(()) };
        }
        let at = UInt32Array::from(starts.clone());
        for key in &mut keys {
            *key = take(key, &at, None)?;
        }
        let recordings = self.recordings.of(&keys)?;
        let block = self.block(rows, numbers, starts.len());
        self.add(block, starts.into_iter().zip(recordings));
        Ok(())
    }

    /// Puts what is scattered together by recording, in the order in which it was read.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn put_together(&mut self) -> Result<(), ArrowError> {
        if self.scattered.is_empty() {
            return Ok(());
        }
        let scattered = std::mem::take(&mut self.scattered);
        (self.scattered_rows, self.scattered_bytes) = (0, 0);
        // Rows are counted first, so that each has its place.
        let of = || scattered.iter().flat_map(|batch| batch.recordings.iter().map(|&recording| recording as usize));
        let mut ends = vec![0u32; of().max().map_or(0, |last| last + 1)];
        of().for_each(|recording| ends[recording] += 1);
        let mut starts = vec![];
        let mut before = 0;
        for (recording, end) in (0..).zip(&mut ends) {
            if *end > 0 {
                starts.push((before, recording));
            }
            before += std::mem::replace(end, before);
        }
        let mut order = vec![0; before as usize];
        for (row, recording) in (0u32..).zip(of()) {
            order[ends[recording] as usize] = row;
            ends[recording] += 1;
        }
        // Not by the schema of a batch: that may promise what the next one does not keep.
        let rows = concat_batches(&self.schema, scattered.iter().map(|scattered| &scattered.block.rows))?;
        let rows = take_record_batch(&rows, &UInt32Array::from(order))?;
        let numbers = numbers(rows.column(self.columns.order_by))?;
        for Scattered { block, .. } in scattered {
            self.budget.give_back(&block.memory);
        }
        let block = self.block(rows, numbers, starts.len());
        self.add(block, starts.into_iter());
        Ok(())
    }

    fn block(&self, rows: RecordBatch, numbers: ScalarBuffer<i64>, runs: usize) -> Block {
        let memory = self.memory.new_empty();
        self.budget.take(&memory, get_record_batch_memory_size(&rows) + runs * size_of::<Run>());
        Block { rows, numbers, memory }
    }

    /// The runs that start at these rows, each of a recording.
    fn add(&mut self, block: Block, starts: impl ExactSizeIterator<Item = (u32, u32)>) {
        let block = Arc::new(block);
        self.runs.reserve(starts.len());
        let mut starts = starts.peekable();
        while let Some((start, recording)) = starts.next() {
            let end = starts.peek().map_or(block.rows.num_rows() as u32, |(next, _)| *next);
            let numbers = &block.numbers[start as usize..end as usize];
            let rises = steps(numbers, |before, now| now <= before).is_empty();
            let (first, last) = match numbers {
                [first, .., last] if rises => (*first, *last),
                numbers => numbers.iter().fold((i64::MAX, i64::MIN), |(low, high), &n| (low.min(n), high.max(n))),
            };
            let block = Arc::clone(&block);
            self.runs.push(Run { recording, start, rows: end - start, rises, first, last, block });
        }
    }

    /// The runs, and the key of each recording; after [`put_together`](Self::put_together).
    pub fn finish(self) -> (Vec<Run>, Keys) {
        (self.runs, self.recordings.into_keys())
    }

    /// All rows, for somebody else to put in order.
    pub fn into_blocks(self) -> Vec<Arc<Block>> {
        let mut blocks: Vec<_> = self.runs.into_iter().map(|run| run.block).collect();
        blocks.dedup_by(|next, block| Arc::ptr_eq(next, block));
        blocks.extend(self.scattered.into_iter().map(|scattered| Arc::new(scattered.block)));
        blocks
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use datafusion::common::Result;
    use datafusion::execution::TaskContext;
    use datafusion::execution::memory_pool::MemoryConsumer;

    use super::super::order::InOrder;
    use super::*;

    fn batch(rows: &[(&str, Option<i64>)]) -> RecordBatch {
        let schema =
            Schema::new(vec![Field::new("video", DataType::Utf8, true), Field::new("frame", DataType::Int64, true)]);
        let videos = rows.iter().map(|(video, _)| Some(*video)).collect::<StringArray>();
        let frames = rows.iter().map(|(_, frame)| *frame).collect::<Int64Array>();
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(videos), Arc::new(frames)]).unwrap()
    }

    fn runs(batches: &[RecordBatch]) -> Vec<Run> {
        let context = TaskContext::default();
        let memory = MemoryConsumer::new("test").register(context.memory_pool());
        let columns = Columns { by: vec![0], order_by: 1 };
        let mut reader =
            RunReader::new(columns, &batches[0].schema(), memory, Arc::new(Budget::new(&context))).unwrap();
        for batch in batches {
            reader.push(batch.clone()).unwrap();
        }
        reader.put_together().unwrap();
        reader.finish().0
    }

    fn in_order(runs: Vec<Run>) -> InOrder {
        InOrder::new(runs, batch(&[]).schema(), [0].into())
    }

    /// The frame numbers of all rows, which have to be of one recording, and whether they had to be sorted.
    fn frames(runs: Vec<Run>) -> (Vec<Option<i64>>, bool) {
        let mut ordered = in_order(runs);
        let batches: Vec<_> =
            std::iter::from_fn(|| ordered.next(&mut |_| Ok(())).transpose()).map(Result::unwrap).collect();
        let frames = batches.iter().flat_map(|batch| batch.column(1).as_primitive::<Int64Type>().iter()).collect();
        (frames, ordered.was_sorted())
    }

    #[test]
    fn a_run_ends_with_its_recording_or_a_number_that_does_not_rise() {
        let rows = (0..40).map(|frame| ("b", Some(frame))).chain((5..40).map(|frame| ("a", Some(frame))));
        let rows: Vec<_> = rows.chain((39..80).map(|frame| ("a", Some(frame)))).collect();
        let runs = runs(&[batch(&rows), batch(&[("b", Some(40))])]);
        let seen: Vec<_> = runs.iter().map(|run| (run.recording, run.first, run.last, run.rows)).collect();
        assert_eq!(seen, [(0, 0, 39, 40), (1, 5, 39, 35), (1, 39, 79, 41), (0, 40, 40, 1)]);
        assert!(Arc::ptr_eq(&runs[0].block, &runs[2].block));
    }

    #[test]
    fn batches_in_no_order_are_put_together_by_recording() {
        let rows: Vec<_> = (0..100).flat_map(|frame| [("b", Some(100 - frame)), ("a", Some(frame))]).collect();
        let runs = runs(&[batch(&rows[..90]), batch(&rows[90..])]);
        let seen: Vec<_> = runs.iter().map(|run| (run.recording, run.first, run.last, run.rows)).collect();
        assert_eq!(seen, [(0, 1, 100, 100), (1, 0, 99, 100)]);
        assert!(
            !runs[0].rises && frames(runs.into_iter().take(1).collect()).0 == (1..=100).map(Some).collect::<Vec<_>>()
        );
    }

    #[test]
    fn runs_that_do_not_overlap_are_not_sorted() {
        let rows: [Vec<_>; 2] = [(50..70).collect(), (0..40).collect()];
        let batches = rows.map(|frames| batch(&frames.into_iter().map(|frame| ("a", Some(frame))).collect::<Vec<_>>()));
        let expected = (0..40).chain(50..70).map(Some).collect();
        assert_eq!(frames(runs(&batches)), (expected, false));
    }

    #[test]
    fn runs_that_overlap_are_sorted_and_the_rest_is_not() {
        let rows = [5, 7, 1, 6, 8, 9, 20].map(|frame| ("a", Some(frame)));
        let (frames, sorted) = frames(runs(&[batch(&rows[..3]), batch(&rows[3..6]), batch(&rows[6..])]));
        assert_eq!((frames, sorted), ([1, 5, 6, 7, 8, 9, 20].map(Some).to_vec(), true));
    }

    #[test]
    fn frames_without_a_number_come_last_and_equal_numbers_are_all_there() {
        let rows = [("a", None), ("a", Some(1)), ("a", None), ("a", Some(2)), ("a", Some(1))];
        let all = frames(runs(&[batch(&rows), batch(&rows[..2])])).0;
        assert_eq!(all, [Some(1), Some(1), Some(1), Some(2), None, None, None]);
        // From lowest to highest as many numbers as rows, and yet one is there twice.
        let twin = frames(runs(&[batch(&[("a", Some(1)), ("a", Some(3))]), batch(&[("a", Some(1))])])).0;
        assert_eq!(twin, [Some(1), Some(1), Some(3)]);
        let far =
            frames(runs(&[batch(&[("a", Some(i64::MAX - 1)), ("a", Some(i64::MIN))]), batch(&[("a", Some(0))])])).0;
        assert_eq!(far, [Some(i64::MIN), Some(0), Some(i64::MAX - 1)]);
    }

    #[test]
    fn many_overlapping_runs_come_in_several_batches() {
        let batches: Vec<_> =
            (0..3).map(|part| batch(&(0..5000).map(|row| ("a", Some(row * 3 + part))).collect::<Vec<_>>())).collect();
        let (frames, sorted) = frames(runs(&batches));
        assert!(sorted && frames == (0..15_000).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn a_batch_may_promise_more_than_the_next_one_keeps() {
        let with = |nullable, rows: &[(&str, Option<i64>)]| {
            let field = |name: &str, data_type| Field::new(name, data_type, nullable);
            let schema = Schema::new(vec![field("video", DataType::Utf8), field("frame", DataType::Int64)]);
            RecordBatch::try_new(Arc::new(schema), batch(rows).columns().to_vec()).unwrap()
        };
        // The reader has the plan's schema, that of the first batch here.
        let loose = with(true, &[("a", Some(3)), ("a", None)]);
        let merged = frames(runs(&[batch(&[]), with(false, &[("a", Some(2)), ("a", Some(4))]), loose.clone()])).0;
        assert_eq!(merged, [Some(2), Some(3), Some(4), None]);
        let falling = with(false, &[("a", Some(9)), ("a", Some(8))]);
        let scattered = with(true, &[("a", None), ("a", Some(7))]);
        let put_together = frames(runs(&[batch(&[]), falling, scattered])).0;
        assert_eq!(put_together, [Some(7), Some(8), Some(9), None]);
    }

    #[test]
    fn without_room_overlapping_runs_are_not_sorted() {
        let rows = [1, 3].map(|frame| ("a", Some(frame)));
        let mut asked = 0;
        let refused = in_order(runs(&[batch(&rows), batch(&rows)])).next(&mut |bytes| {
            asked = bytes;
            datafusion::common::resources_err!("no room")
        });
        assert!(refused.unwrap_err().to_string().contains("no room"));
        // A number, a run and a row for each of 4.
        assert!(asked >= 4 * 16, "{asked}");
    }
}
