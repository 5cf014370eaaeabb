//! Where segments begin in a batch of frames: at a change of recording, at a gap, and (if asked) at a change of label.

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow::compute::{cast, concat, partition};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::spec::Spec;
use crate::error::{Error, Result, data_err};
use crate::frames::series::changes::changes;

/// Where rows of a batch begin something new.
pub struct Breaks {
    /// A segment.
    pub segments: Vec<usize>,
    /// A stretch: a recording, or what lies behind a gap in one.
    pub stretches: Vec<usize>,
    /// The frame number of each row.
    pub frames: Int64Array,
}

/// The rows of `batch` at which a new segment begins, and the frame numbers of all rows.
///
/// `last`, if there is one, is the row that was seen before: row 0 may continue its segment.
///
/// # Errors
/// A frame number that is NULL, occurs twice in a recording, or goes back.
pub fn breaks(spec: &Spec, last: Option<&RecordBatch>, batch: &RecordBatch) -> Result<Breaks> {
    let frames = numbers(spec, batch)?;
    let last_frame = last.map(|last| numbers(spec, last)).transpose()?.map(|frames| frames.value(0));
    let recordings = begins(spec, last, batch, &spec.columns.by)?;
    let label = spec.columns.label.clone().filter(|_| spec.label_breaks());
    let mut segments = begins(spec, last, batch, label.as_slice())?;
    let mut stretches = recordings.clone();
    let mut recordings_left = recordings.iter().copied().peekable();
    let values = frames.values();
    // One step is the rule: what is not is looked at.
    let odd = (1..values.len()).filter(|&row| values[row].wrapping_sub(values[row - 1]) != 1);
    for row in std::iter::once(0).chain(odd) {
        while recordings_left.next_if(|&start| start < row).is_some() {}
        let before = if row == 0 { last_frame } else { Some(values[row - 1]) };
        let Some(before) = before.filter(|_| recordings_left.peek() != Some(&row)) else { continue };
        let step = i128::from(values[row]) - i128::from(before);
        if step <= 0 {
            return data_err!(
                "{}: {} has frame {} {}; every frame of a recording needs a number of its own: \
                 remove the copy (SELECT DISTINCT ...), or add the column that tells the recordings apart to by => [...]",
                spec.function(),
                recording(spec, batch, row),
                values[row],
                if step == 0 { "twice" } else { "out of order" },
            );
        }
        if step > i128::from(spec.max_gap) {
            stretches.push(row);
        }
    }
    stretches.sort_unstable();
    segments.extend(&stretches);
    segments.sort_unstable();
    segments.dedup();
    Ok(Breaks { segments, stretches, frames })
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

fn numbers(spec: &Spec, batch: &RecordBatch) -> Result<Int64Array> {
    let array = column(batch, &spec.columns.order_by)?;
    let wide = cast(array, &DataType::Int64).map_err(|e| Error::Data(format!("{}: {e}", spec.function())))?;
    let numbers = Int64Array::from(wide.to_data());
    if numbers.null_count() == 0 {
        return Ok(numbers);
    }
    let row = (0..numbers.len()).find(|row| numbers.is_null(*row)).unwrap_or_default();
    data_err!(
        "{}: {} has a row whose {} is NULL; every frame needs a number: number them, or filter such rows out",
        spec.function(),
        recording(spec, batch, row),
        spec.columns.order_by
    )
}

/// The rows at which one of `columns` differs from the row before. Row 0 of a recording is one of them where there is no row before.
fn begins(spec: &Spec, last: Option<&RecordBatch>, batch: &RecordBatch, columns: &[String]) -> Result<Vec<usize>> {
    let failed = |e| Error::Data(format!("{}: by: {e}", spec.function()));
    let mut begins = vec![];
    for name in columns {
        let array = column(batch, name)?;
        let same = match last {
            Some(last) => {
                let two = concat(&[column(last, name)?, &array.slice(0, 1)]).map_err(failed)?;
                partition(&[two]).map_err(failed)?.len() == 1
            }
            None => false,
        };
        begins.extend((!same).then_some(0));
        begins.extend(changes(array).map_err(failed)?);
    }
    begins.sort_unstable();
    begins.dedup();
    Ok(begins)
}
