//! The runs of a recording, in the order of its frames.

use std::iter::Peekable;
use std::sync::Arc;
use std::vec::IntoIter;

use arrow::array::{Array, RecordBatch, UInt32Array};
use arrow::compute::{interleave, take};
use arrow::error::ArrowError;
use datafusion::common::Result;

use super::run::Run;

/// Rows in rising order of their frame numbers, batch by batch. Of frames with the same number each is there, in any order;
/// those without a number come last.
pub struct InOrder {
    runs: Peekable<IntoIter<Run>>,
    by: Arc<[usize]>,
    merge: Option<Merge>,
    sorted: bool,
}

impl InOrder {
    /// Of the runs of one recording, whose keys are in the columns `by`.
    pub fn new(mut runs: Vec<Run>, by: Arc<[usize]>) -> Self {
        runs.sort_by_key(|run| (run.first, run.last));
        Self { runs: runs.into_iter().peekable(), by, merge: None, sorted: false }
    }

    /// The next rows: those of a run as they are, or some of runs that overlap or do not rise, for which `room` is asked for so many bytes.
    ///
    /// # Errors
    /// That of `room`.
    pub fn next(&mut self, room: &mut dyn FnMut(usize) -> Result<()>) -> Result<Option<RecordBatch>> {
        if let Some(merge) = &mut self.merge {
            if let Some(rows) = merge.next(&self.by)? {
                return Ok(Some(rows));
            }
            self.merge = None;
            room(0)?;
        }
        let Some(run) = self.runs.next() else { return Ok(None) };
        let mut last = run.last;
        let mut overlapping = vec![run];
        while let Some(next) = self.runs.next_if(|next| next.first <= last) {
            last = last.max(next.last);
            overlapping.push(next);
        }
        if let [run] = &overlapping[..]
            && run.rises
        {
            return Ok(Some(run.slice()));
        }
        self.sorted = true;
        room(Merge::bytes(&overlapping))?;
        Ok(self.merge.insert(Merge::new(overlapping)).next(&self.by)?)
    }

    /// Whether any rows so far had to be sorted.
    pub fn was_sorted(&self) -> bool {
        self.sorted
    }
}

/// Runs that overlap.
struct Merge {
    runs: Vec<Run>,
    /// Run, and row of its block.
    rows: Vec<(u32, u32)>,
    given: usize,
}

/// Rows of a batch, at least: to look at a run costs as much as some rows do.
const BATCH: usize = 8192;
const ROWS_PER_RUN: usize = 8;

impl Merge {
    fn new(runs: Vec<Run>) -> Self {
        let rows = in_their_places(&runs).unwrap_or_else(|| sorted(&runs));
        Self { runs, rows, given: 0 }
    }

    /// What is needed to find the places of the rows.
    fn bytes(runs: &[Run]) -> usize {
        runs.iter().map(|run| run.rows as usize).sum::<usize>() * size_of::<(i64, u32, u32)>()
    }

    fn next(&mut self, by: &[usize]) -> Result<Option<RecordBatch>, ArrowError> {
        let left = &self.rows[self.given..];
        let rows = &left[..left.len().min(BATCH.max(self.runs.len() * ROWS_PER_RUN))];
        if rows.is_empty() {
            return Ok(None);
        }
        self.given += rows.len();
        let places: Vec<(usize, usize)> = rows.iter().map(|&(run, row)| (run as usize, row as usize)).collect();
        let schema = self.runs[0].block.rows.schema();
        let column = |index: usize| {
            if by.contains(&index) {
                // The same in all rows.
                return take(&self.runs[0].slice().column(index), &UInt32Array::from(vec![0; places.len()]), None);
            }
            let blocks: Vec<&dyn Array> = self.runs.iter().map(|run| run.block.rows.column(index).as_ref()).collect();
            interleave(&blocks, &places)
        };
        let columns = (0..schema.fields().len()).map(column).collect::<Result<_, _>>()?;
        RecordBatch::try_new(schema, columns).map(Some)
    }
}

/// Run and row of each frame number from the lowest to the highest; nothing if one of them is missing or there twice.
fn in_their_places(runs: &[Run]) -> Option<Vec<(u32, u32)>> {
    const FREE: (u32, u32) = (u32::MAX, u32::MAX);
    let rows = runs.iter().map(|run| run.rows as usize).sum::<usize>();
    let first = runs.iter().map(|run| run.first).min()?;
    let last = runs.iter().map(|run| run.last).max()?;
    if last.checked_sub(first)? != rows as i64 - 1 {
        return None;
    }
    let mut places = vec![FREE; rows];
    for (number, run) in (0..).zip(runs) {
        for (&frame, row) in run.numbers().iter().zip(run.start..) {
            let place = &mut places[(frame - first) as usize];
            if *place != FREE {
                return None;
            }
            *place = (number, row);
        }
    }
    Some(places)
}

/// Run and row in the order of frame numbers, whatever they are.
fn sorted(runs: &[Run]) -> Vec<(u32, u32)> {
    let rows = (0u32..)
        .zip(runs)
        .flat_map(|(number, run)| run.numbers().iter().zip(run.start..).map(move |(&frame, row)| (frame, number, row)));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable();
    rows.into_iter().map(|(_, run, row)| (run, row)).collect()
}
