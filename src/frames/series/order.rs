//! The runs of a recording, in the order of its frames.

use std::iter::Peekable;
use std::vec::IntoIter;

use arrow::array::{Array, RecordBatch};
use arrow::compute::interleave;
use arrow::error::ArrowError;
use datafusion::common::Result;

use super::run::Run;

/// Rows in rising order of their frame numbers, batch by batch. Of frames with the same number each is there, in any order;
/// those without a number come last.
pub struct InOrder {
    runs: Peekable<IntoIter<Run>>,
    merge: Option<Merge>,
    sorted: bool,
}

impl InOrder {
    /// Of the runs of one recording.
    pub fn new(mut runs: Vec<Run>) -> Self {
        runs.sort_by_key(|run| (run.first(), run.last()));
        Self { runs: runs.into_iter().peekable(), merge: None, sorted: false }
    }

    /// The next rows: those of a run as they are, or some of runs that overlap, for which `room` is asked for so many bytes.
    ///
    /// # Errors
    /// That of `room`.
    pub fn next(&mut self, room: &mut dyn FnMut(usize) -> Result<()>) -> Result<Option<RecordBatch>> {
        if let Some(merge) = &mut self.merge {
            if let Some(rows) = merge.next()? {
                return Ok(Some(rows));
            }
            self.merge = None;
            room(0)?;
        }
        let Some(run) = self.runs.next() else { return Ok(None) };
        let mut last = run.last();
        let mut overlapping = vec![run];
        while let Some(next) = self.runs.next_if(|next| next.first() <= last) {
            last = last.max(next.last());
            overlapping.push(next);
        }
        if let [run] = &overlapping[..] {
            return Ok(Some(run.slice()));
        }
        self.sorted = true;
        room(Merge::bytes(&overlapping))?;
        Ok(self.merge.insert(Merge::new(overlapping)).next()?)
    }

    /// Whether any rows so far had to be sorted.
    pub fn was_sorted(&self) -> bool {
        self.sorted
    }
}

/// Runs that overlap.
struct Merge {
    runs: Vec<Run>,
    /// Frame number, run, row of its block.
    rows: Vec<(i64, u32, u32)>,
    given: usize,
}

/// Rows of a batch, at least: to look at a run costs as much as some rows do.
const BATCH: usize = 8192;
const ROWS_PER_RUN: usize = 8;

impl Merge {
    fn new(runs: Vec<Run>) -> Self {
        let mut rows = Vec::with_capacity(runs.iter().map(|run| run.rows as usize).sum());
        for (number, run) in runs.iter().enumerate() {
            rows.extend(run.numbers().iter().zip(run.start..).map(|(&frame, row)| (frame, number as u32, row)));
        }
        rows.sort_unstable();
        Self { runs, rows, given: 0 }
    }

    /// What the rows' numbers and places occupy.
    fn bytes(runs: &[Run]) -> usize {
        runs.iter().map(|run| run.rows as usize).sum::<usize>() * size_of::<(i64, u32, u32)>()
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let left = &self.rows[self.given..];
        let rows = &left[..left.len().min(BATCH.max(self.runs.len() * ROWS_PER_RUN))];
        if rows.is_empty() {
            return Ok(None);
        }
        self.given += rows.len();
        let places: Vec<(usize, usize)> = rows.iter().map(|&(_, run, row)| (run as usize, row as usize)).collect();
        let schema = self.runs[0].block.rows.schema();
        let column = |index: usize| {
            let blocks: Vec<&dyn Array> = self.runs.iter().map(|run| run.block.rows.column(index).as_ref()).collect();
            interleave(&blocks, &places)
        };
        let columns = (0..schema.fields().len()).map(column).collect::<Result<_, _>>()?;
        RecordBatch::try_new(schema, columns).map(Some)
    }
}
