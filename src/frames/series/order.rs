//! The runs of a recording, in the order of its frames.

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{SortOptions, concat_batches, sort_to_indices, take_record_batch};
use arrow::error::ArrowError;

use super::run::Run;

/// Rows in rising order of their frame numbers, and whether any had to be sorted. Of frames with the same number each is
/// there, in any order; those without a number come last.
pub fn in_order(mut runs: Vec<Run>, order_by: usize) -> Result<(Vec<RecordBatch>, bool), ArrowError> {
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
        batches.push(sort(&run.rows, order_by)?);
    }
    Ok((batches, sorted))
}

fn sort(rows: &[RecordBatch], order_by: usize) -> Result<RecordBatch, ArrowError> {
    let rows = concat_batches(&rows[0].schema(), rows)?;
    let options = SortOptions { descending: false, nulls_first: false };
    let indices: UInt32Array = sort_to_indices(rows.column(order_by), Some(options), None)?;
    take_record_batch(&rows, &indices)
}
