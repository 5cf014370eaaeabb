//! Runs: rows of one recording that follow one another, with rising frame numbers.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::buffer::ScalarBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};

use super::changes::{changes, steps};

/// A stretch of rows as they were read.
#[derive(Debug)]
pub struct Run {
    /// The recording, in Arrow's row format: bytes that are equal for equal keys.
    pub key: Box<[u8]>,
    /// The number of its first frame; of a frame without a number `i64::MAX`.
    pub first: i64,
    /// The number of its last frame.
    pub last: i64,
    /// The rows, not copied.
    pub rows: Vec<RecordBatch>,
}

/// Which columns tell recordings apart, and which numbers their frames.
#[derive(Debug, Clone)]
pub struct Columns {
    /// Keys of a recording.
    pub by: Vec<usize>,
    /// Frame number, of any integer type.
    pub order_by: usize,
}

/// Cuts batches into runs, as they arrive.
pub struct RunReader {
    columns: Columns,
    converter: RowConverter,
    runs: Vec<Run>,
    rows: usize,
    /// Slices of batches in the runs, and the columns of each.
    pieces: usize,
    width: usize,
}

/// An array without its buffers, about.
const ARRAY_BYTES: usize = 128;
/// So many runs are no trouble however short they are.
const FEW: usize = 4096;
/// Shorter runs than this, on average, are no order worth to be kept.
const SHORT: usize = 16;

impl RunReader {
    /// A reader of batches of `schema`.
    ///
    /// # Errors
    /// A key of a type that cannot be compared.
    pub fn new(columns: Columns, schema: &SchemaRef) -> Result<Self, ArrowError> {
        let fields = columns.by.iter().map(|&key| SortField::new(schema.field(key).data_type().clone()));
        Ok(Self {
            converter: RowConverter::new(fields.collect())?,
            columns,
            runs: vec![],
            rows: 0,
            pieces: 0,
            width: schema.fields().len(),
        })
    }

    /// Takes a batch. Whether runs are so short by now that a sort of everything is better.
    ///
    /// # Errors
    /// None that data could cause: the planner has checked the types.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<bool, ArrowError> {
        if batch.num_rows() == 0 {
            return Ok(false);
        }
        let numbers = numbers(batch.column(self.columns.order_by))?;
        let keys: Vec<ArrayRef> = self.columns.by.iter().map(|&key| Arc::clone(batch.column(key))).collect();
        let mut starts = vec![0];
        for key in &keys {
            starts.extend(changes(key)?.into_iter().map(|row| row as u32));
        }
        starts.extend(steps(&numbers, |before, now| now <= before).into_iter().map(|row| row as u32));
        starts.sort_unstable();
        starts.dedup();
        let at = UInt32Array::from(starts.clone());
        let keys = keys.iter().map(|key| take(key, &at, None)).collect::<Result<Vec<_>, _>>()?;
        let keys = self.converter.convert_columns(&keys)?;
        let ends = starts.iter().skip(1).copied().chain([batch.num_rows() as u32]);
        for ((start, end), key) in starts.iter().zip(ends).zip(keys.iter()) {
            let (start, end) = (*start as usize, end as usize);
            self.add(key.as_ref(), numbers[start], numbers[end - 1], batch.slice(start, end - start));
        }
        self.rows += batch.num_rows();
        self.pieces += starts.len();
        Ok(self.runs.len() > FEW + self.rows / SHORT)
    }

    /// Bytes of the runs beside those of the batches: a slice is an array of its own for each column.
    pub fn bytes(&self) -> usize {
        self.pieces * (size_of::<Run>() + self.width * ARRAY_BYTES)
    }

    /// The runs, in the order of the rows.
    pub fn finish(self) -> Vec<Run> {
        self.runs
    }

    fn add(&mut self, key: &[u8], first: i64, last: i64, rows: RecordBatch) {
        match self.runs.last_mut() {
            // It goes on in the next batch.
            Some(run) if *run.key == *key && run.last < first => {
                run.last = last;
                run.rows.push(rows);
            }
            _ => self.runs.push(Run { key: key.into(), first, last, rows: vec![rows] }),
        }
    }
}

/// Frame numbers; that of NULL is the largest: it comes last, and is refused by whoever reads it.
fn numbers(column: &ArrayRef) -> Result<ScalarBuffer<i64>, ArrowError> {
    let numbers = cast(column, &DataType::Int64)?;
    let numbers: &Int64Array = numbers.as_primitive::<Int64Type>();
    if numbers.null_count() == 0 {
        return Ok(numbers.values().clone());
    }
    Ok(numbers.iter().map(|number| number.unwrap_or(i64::MAX)).collect())
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;
    use arrow::datatypes::{Field, Schema};

    use super::super::order::in_order;
    use super::*;

    fn batch(rows: &[(&str, Option<i64>)]) -> RecordBatch {
        let schema =
            Schema::new(vec![Field::new("video", DataType::Utf8, true), Field::new("frame", DataType::Int64, true)]);
        let videos = rows.iter().map(|(video, _)| Some(*video)).collect::<StringArray>();
        let frames = rows.iter().map(|(_, frame)| *frame).collect::<Int64Array>();
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(videos), Arc::new(frames)]).unwrap()
    }

    fn runs(batches: &[RecordBatch]) -> Vec<Run> {
        let mut reader = RunReader::new(Columns { by: vec![0], order_by: 1 }, &batches[0].schema()).unwrap();
        batches.iter().for_each(|batch| assert!(!reader.push(batch).unwrap()));
        reader.finish()
    }

    fn frames(batches: &[RecordBatch]) -> Vec<Option<i64>> {
        batches.iter().flat_map(|batch| batch.column(1).as_primitive::<Int64Type>().iter()).collect()
    }

    #[test]
    fn a_run_goes_on_in_the_next_batch() {
        let first = batch(&[("b", Some(1)), ("b", Some(2)), ("a", Some(5))]);
        let runs = runs(&[first, batch(&[]), batch(&[("a", Some(6)), ("a", Some(6)), ("b", Some(3))])]);
        let seen: Vec<_> = runs.iter().map(|run| (run.first, run.last, run.rows.len())).collect();
        assert_eq!(seen, [(1, 2, 1), (5, 6, 2), (6, 6, 1), (3, 3, 1)]);
        assert!(runs[0].key > runs[1].key && runs[0].key == runs[3].key);
    }

    #[test]
    fn runs_that_do_not_overlap_are_not_sorted() {
        let rows = [("a", Some(5)), ("a", Some(7)), ("a", Some(1)), ("a", Some(2))];
        let (batches, sorted) = in_order(runs(&[batch(&rows)]), 1, &mut |_| Ok(())).unwrap();
        assert_eq!((frames(&batches), sorted), (vec![Some(1), Some(2), Some(5), Some(7)], false));
    }

    #[test]
    fn runs_that_overlap_are_sorted_and_the_rest_is_not() {
        let rows = [5, 7, 1, 6, 8, 9, 20].map(|frame| ("a", Some(frame)));
        let (batches, sorted) =
            in_order(runs(&[batch(&rows[..3]), batch(&rows[3..6]), batch(&rows[6..])]), 1, &mut |_| Ok(())).unwrap();
        assert_eq!((frames(&batches), sorted), ([1, 5, 6, 7, 8, 9, 20].map(Some).to_vec(), true));
    }

    #[test]
    fn frames_without_a_number_come_last() {
        let rows = [("a", None), ("a", Some(1)), ("a", None), ("a", Some(2))];
        let (batches, _) = in_order(runs(&[batch(&rows)]), 1, &mut |_| Ok(())).unwrap();
        assert_eq!(frames(&batches), [Some(1), Some(2), None, None]);
    }

    #[test]
    fn rows_in_no_order_are_no_runs() {
        let mut reader = RunReader::new(Columns { by: vec![0], order_by: 1 }, &batch(&[]).schema()).unwrap();
        let falling: Vec<_> = (0..5000).rev().map(|frame| ("a", Some(frame))).collect();
        assert!(reader.push(&batch(&falling)).unwrap());
    }

    #[test]
    fn without_room_overlapping_runs_are_not_sorted() {
        let rows = [("a", Some(1)), ("a", Some(3)), ("a", Some(2)), ("a", Some(4))];
        let mut asked = 0;
        let refused = in_order(runs(&[batch(&rows)]), 1, &mut |bytes| {
            asked = bytes;
            datafusion::common::resources_err!("no room")
        });
        assert!(refused.unwrap_err().to_string().contains("no room"));
        // Twice 4 rows of a frame number, a letter and its offset, at least.
        assert!(asked >= 2 * 4 * (8 + 1 + 4), "{asked}");
    }
}
