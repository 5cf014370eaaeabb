//! The runs of a recording, in the order of its frames.

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{SortOptions, concat_batches, sort_to_indices, take_record_batch};
use arrow::error::ArrowError;
use datafusion::common::Result;

use super::run::Run;

/// Rows in rising order of their frame numbers, and whether any had to be sorted. Of frames with the same number each is
/// there, in any order; those without a number come last.
///
/// Runs that overlap are copied twice while they are sorted: `room` is asked for that many bytes before.
///
/// # Errors
/// That of `room`.
pub fn in_order(
    mut runs: Vec<Run>,
    order_by: usize,
    room: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<(Vec<RecordBatch>, bool)> {
    runs.sort_by_key(|run| (run.first, run.last));
    let mut batches = vec![];
    let mut sorted = false;
    let mut runs = runs.into_iter().peekable();
    while let Some(mut run) = runs.next() {
        let alone = run.rows.len();
        while let Some(next) = runs.next_if(|next| next.first <= run.last) {
            run.last = run.last.max(next.last);
            run.rows.extend(next.rows);
        }
        if run.rows.len() == alone {
            batches.append(&mut run.rows);
            continue;
        }
        sorted = true;
        room(2 * run.rows.iter().map(bytes).sum::<usize>())?;
        batches.push(sort(&run.rows, order_by)?);
    }
    Ok((batches, sorted))
}

/// Of the rows alone, not of the batches that they are slices of.
fn bytes(rows: &RecordBatch) -> usize {
    let bytes = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_default();
    rows.columns().iter().map(bytes).sum()
}

fn sort(rows: &[RecordBatch], order_by: usize) -> Result<RecordBatch, ArrowError> {
    let rows = concat_batches(&rows[0].schema(), rows)?;
    let options = SortOptions { descending: false, nulls_first: false };
    let indices: UInt32Array = sort_to_indices(rows.column(order_by), Some(options), None)?;
    take_record_batch(&rows, &indices)
}
