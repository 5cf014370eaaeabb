//! Where segments begin in a batch of frames: at a change of recording, at a gap, and (if asked) at a change of label.

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow::compute::{cast, partition};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::spec::Spec;
use crate::error::{Error, Result, data_err};

/// The rows of `batch` from `from` on at which a new segment begins, and the frame numbers of all rows.
///
/// Row `from - 1`, if there is one, is the last row that was seen before: row `from` may continue its segment.
///
/// # Errors
/// A frame number that is NULL, occurs twice in a recording, or goes back.
pub fn breaks(spec: &Spec, batch: &RecordBatch, from: usize) -> Result<(Vec<usize>, Int64Array)> {
    let frames = frames(spec, batch)?;
    let mut new_key = changes(spec, batch, &spec.columns.by)?;
    let label = spec.columns.label.clone().filter(|_| spec.label_breaks());
    let new_label = changes(spec, batch, label.as_slice())?;
    if let Some(first) = new_key.first_mut() {
        *first = true;
    }
    let mut breaks = vec![];
    for row in from..batch.num_rows() {
        if new_key[row] {
            breaks.push(row);
            continue;
        }
        let step = i128::from(frames.value(row)) - i128::from(frames.value(row - 1));
        if step <= 0 {
            return data_err!(
                "{}: {} has frame {} {}; every frame of a recording needs a number of its own: \
                 remove the copy (SELECT DISTINCT ...), or add the column that tells the recordings apart to by => [...]",
                spec.function(),
                recording(spec, batch, row),
                frames.value(row),
                if step == 0 { "twice" } else { "out of order" },
            );
        }
        if new_label[row] || step > i128::from(spec.max_gap) {
            breaks.push(row);
        }
    }
    Ok((breaks, frames))
}

/// The recording of a row, for messages: `source 'a', video 'b'`.
pub fn recording(spec: &Spec, batch: &RecordBatch, row: usize) -> String {
    let name = |column: &String| {
        let array = batch.column_by_name(column)?;
        let options = FormatOptions::default().with_null("NULL");
        let value = ArrayFormatter::try_new(array, &options).ok()?.value(row).to_string();
        Some(format!("{column} '{value}'"))
    };
    spec.columns.by.iter().filter_map(name).collect::<Vec<_>>().join(", ")
}

/// The column of that name; the planner has checked that it is there.
pub fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| Error::Internal(format!("column {name} is gone from the plan")))
}

fn frames(spec: &Spec, batch: &RecordBatch) -> Result<Int64Array> {
    let array = column(batch, &spec.columns.order_by)?;
    let wide = cast(array, &DataType::Int64).map_err(|e| Error::Data(format!("{}: {e}", spec.function())))?;
    let frames = Int64Array::from(wide.to_data());
    match (0..frames.len()).find(|row| frames.is_null(*row)) {
        None => Ok(frames),
        Some(row) => data_err!(
            "{}: {} has a row whose {} is NULL; every frame needs a number: number them, or filter such rows out",
            spec.function(),
            recording(spec, batch, row),
            spec.columns.order_by
        ),
    }
}

/// For each row whether one of `columns` differs from the row before.
fn changes(spec: &Spec, batch: &RecordBatch, columns: &[String]) -> Result<Vec<bool>> {
    let mut new = vec![false; batch.num_rows()];
    if columns.is_empty() || batch.num_rows() == 0 {
        return Ok(new);
    }
    let arrays = columns.iter().map(|c| column(batch, c).cloned()).collect::<Result<Vec<_>>>()?;
    let ranges = partition(&arrays).map_err(|e| Error::Data(format!("{}: by: {e}", spec.function())))?.ranges();
    ranges.iter().skip(1).for_each(|r| new[r.start] = true);
    Ok(new)
}
