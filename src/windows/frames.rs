//! Batches of frames as they were taken, without their features; rows are numbered over the whole series.

use std::collections::VecDeque;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::interleave;
use arrow::util::display::array_value_to_string;

use super::spec::Spec;
use crate::error::{Error, Result};
use crate::frames::pass::internal;
use crate::frames::pass::segmenter::{column, recording};

/// The rows that are needed still.
#[derive(Default)]
pub struct Frames {
    /// With the number of the first row of each.
    batches: VecDeque<(u64, RecordBatch)>,
    rows: u64,
    bytes: usize,
}

impl Frames {
    /// Adds rows.
    pub fn push(&mut self, batch: RecordBatch) {
        let first = self.rows;
        self.rows += batch.num_rows() as u64;
        self.bytes += bytes(&batch);
        self.batches.push_back((first, batch));
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Forgets batches that end before `row`.
    pub fn forget(&mut self, row: u64) {
        while self.batches.front().is_some_and(|(first, batch)| first + batch.num_rows() as u64 <= row) {
            let forgotten = self.batches.pop_front();
            self.bytes -= forgotten.map_or(0, |(_, batch)| bytes(&batch));
        }
    }

    /// The values of a column in these rows.
    pub fn take(&self, name: &str, rows: impl Iterator<Item = u64>) -> Result<ArrayRef> {
        let columns = self.batches.iter().map(|(_, batch)| Ok(column(batch, name)?.as_ref()));
        let columns: Vec<&dyn Array> = columns.collect::<Result<_>>()?;
        interleave(&columns, &rows.map(|row| self.place(row)).collect::<Vec<_>>()).map_err(internal)
    }

    /// The recording of a row and the number of its frame, for messages.
    pub fn recording(&self, spec: &Spec, row: u64) -> Result<String> {
        let (batch, row) = self.place(row);
        let (_, batch) = self.batches.get(batch).ok_or_else(|| Error::Internal("a row that was forgotten".into()))?;
        let number = array_value_to_string(column(batch, &spec.columns.order_by)?, row).map_err(internal)?;
        Ok(format!("{}, frame {number}", recording(&spec.columns, batch, row)))
    }

    /// Bytes held: those of the rows, not of the batches that they are slices of.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Batch, and row in it.
    fn place(&self, row: u64) -> (usize, usize) {
        let batch = self.batches.partition_point(|(first, _)| *first <= row).saturating_sub(1);
        (batch, (row - self.batches.get(batch).map_or(0, |(first, _)| *first)) as usize)
    }
}

fn bytes(batch: &RecordBatch) -> usize {
    let bytes = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_default();
    batch.columns().iter().map(bytes).sum()
}
