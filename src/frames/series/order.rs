//! The runs of a recording, in the order of its frames.

use std::collections::HashMap;
use std::iter::Peekable;
use std::sync::Arc;
use std::vec::IntoIter;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{interleave, take};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::common::Result;

use super::block::Block;
use super::run::Run;

/// Rows in rising order of their frame numbers, batch by batch. Of frames with the same number each is there, in any order;
/// those without a number come last.
pub struct InOrder {
    runs: Peekable<IntoIter<Run>>,
    schema: SchemaRef,
    by: Arc<[usize]>,
    merge: Option<Merge>,
    sorted: bool,
}

impl InOrder {
    /// Of the runs of one recording, of rows of `schema`, whose keys are in the columns `by`.
    pub fn new(mut runs: Vec<Run>, schema: SchemaRef, by: Arc<[usize]>) -> Self {
        runs.sort_by_key(|run| (run.first, run.last));
        Self { runs: runs.into_iter().peekable(), schema, by, merge: None, sorted: false }
    }

    /// What [`Self::next`] may ask for, of these runs of a recording.
    pub fn bytes_at_most(runs: &[Run]) -> usize {
        let follow = runs.windows(2).all(|pair| pair[0].last < pair[1].first);
        if follow && runs.iter().all(|run| run.rises) { 0 } else { Merge::bytes(runs) }
    }

    /// The next rows: those of a run as they are, or some of runs that overlap or do not rise, for which `room` is asked for
    /// so many bytes.
    ///
    /// # Errors
    /// That of `room`.
    pub fn next(&mut self, room: &mut dyn FnMut(usize) -> Result<()>) -> Result<Option<RecordBatch>> {
        if let Some(merge) = &mut self.merge {
            if let Some(rows) = merge.next(&self.schema, &self.by)? {
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
        Ok(self.merge.insert(Merge::new(overlapping)).next(&self.schema, &self.by)?)
    }

    /// Whether any rows so far had to be sorted.
    pub fn was_sorted(&self) -> bool {
        self.sorted
    }
}

/// Runs that overlap.
struct Merge {
    /// Where their rows are, each block once.
    blocks: Vec<Arc<Block>>,
    /// Block, and row of it.
    rows: Vec<(u32, u32)>,
    given: usize,
}

/// Rows of a batch, at least: to look at a block costs as much as some rows do.
const BATCH: usize = 8192;
const ROWS_PER_BLOCK: usize = 8;

impl Merge {
    fn new(runs: Vec<Run>) -> Self {
        let (mut blocks, mut numbers) = (vec![], HashMap::new());
        let mut block = |run: &Run| {
            let next = blocks.len() as u32;
            *numbers.entry(Arc::as_ptr(&run.block)).or_insert_with(|| {
                blocks.push(Arc::clone(&run.block));
                next
            })
        };
        let runs: Vec<(u32, Run)> = runs.into_iter().map(|run| (block(&run), run)).collect();
        let rows = in_their_places(&runs).unwrap_or_else(|| sorted(&runs));
        Self { blocks, rows, given: 0 }
    }

    /// What is needed to find the places of the rows.
    fn bytes(runs: &[Run]) -> usize {
        runs.iter().map(|run| run.rows as usize).sum::<usize>() * size_of::<(i64, u32, u32)>()
    }

    fn next(&mut self, schema: &SchemaRef, by: &[usize]) -> Result<Option<RecordBatch>, ArrowError> {
        let left = &self.rows[self.given..];
        let rows = &left[..left.len().min(BATCH.max(self.blocks.len() * ROWS_PER_BLOCK))];
        if rows.is_empty() {
            return Ok(None);
        }
        self.given += rows.len();
        let places: Vec<(usize, usize)> = rows.iter().map(|&(block, row)| (block as usize, row as usize)).collect();
        let column = |index: usize| {
            if by.contains(&index) {
                // The same in all rows.
                let (block, row) = rows[0];
                let first = self.blocks[block as usize].rows.column(index).slice(row as usize, 1);
                return take(&first, &UInt32Array::from(vec![0; rows.len()]), None);
            }
            let columns: Vec<_> = self.blocks.iter().map(|block| block.rows.column(index).as_ref()).collect();
            interleave(&columns, &places)
        };
        let columns = (0..schema.fields().len()).map(column).collect::<Result<_, _>>()?;
        RecordBatch::try_new(Arc::clone(schema), columns).map(Some)
    }
}

/// Block and row of each frame number from the lowest to the highest; nothing if one of them is missing or there twice.
fn in_their_places(runs: &[(u32, Run)]) -> Option<Vec<(u32, u32)>> {
    const FREE: (u32, u32) = (u32::MAX, u32::MAX);
    let rows = runs.iter().map(|(_, run)| run.rows as usize).sum::<usize>();
    let first = runs.iter().map(|(_, run)| run.first).min()?;
    let last = runs.iter().map(|(_, run)| run.last).max()?;
    if last.checked_sub(first)? != rows as i64 - 1 {
        return None;
    }
    let mut places = vec![FREE; rows];
    for (block, run) in runs {
        for (&frame, row) in run.numbers().iter().zip(run.start..) {
            let place = &mut places[(frame - first) as usize];
            if *place != FREE {
                return None;
            }
            *place = (*block, row);
        }
    }
    Some(places)
}

/// Block and row in the order of frame numbers, whatever they are.
fn sorted(runs: &[(u32, Run)]) -> Vec<(u32, u32)> {
    let mut rows = Vec::with_capacity(runs.iter().map(|(_, run)| run.rows as usize).sum());
    for (block, run) in runs {
        rows.extend(run.numbers().iter().zip(run.start..).map(|(&frame, row)| (frame, *block, row)));
    }
    rows.sort_unstable();
    rows.into_iter().map(|(_, block, row)| (block, row)).collect()
}
