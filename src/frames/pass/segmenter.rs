//! Where segments begin in a batch of frames: at a change of recording, at a gap, and (if asked) at a change of label.

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow::compute::{concat, partition};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::account::classes::names_of;
use crate::account::columns::whole_numbers;
use crate::error::{Error, Result, data_err};
use crate::frames::columns::FrameColumns;
use crate::frames::series::changes::{changes, steps};

/// What ends a segment.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The SQL name, for messages.
    pub function: &'static str,
    /// Which column is what.
    pub columns: &'a FrameColumns,
    /// Largest difference of frame numbers inside a segment.
    pub max_gap: i64,
    /// Whether a change of label ends it.
    pub label_breaks: bool,
}

/// Where rows of a batch begin something new.
pub struct Breaks {
    /// A recording.
    pub recordings: Vec<usize>,
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
/// A frame number that is NULL, occurs twice in a recording, or goes back; a label that is NaN or infinite.
pub fn breaks(rules: &Rules, last: Option<&RecordBatch>, batch: &RecordBatch) -> Result<Breaks> {
    let frames = numbers(rules, batch)?;
    let last_frame = last.map(|last| numbers(rules, last)).transpose()?.map(|frames| frames.value(0));
    let recordings = begins(rules.function, last, batch, &rules.columns.by)?;
    let label = rules.columns.label.clone().filter(|_| rules.label_breaks);
    let mut segments = begins(rules.function, last, batch, label.as_slice())?;
    check_labels(rules.function, batch, label.as_deref(), &segments)?;
    let mut stretches = recordings.clone();
    let mut recordings_left = recordings.iter().copied().peekable();
    let values = frames.values();
    // One step is the rule: what is not is looked at.
    let odd = steps(values, |before: i64, now| now.wrapping_sub(before) != 1);
    for row in std::iter::once(0).chain(odd) {
        while recordings_left.next_if(|&start| start < row).is_some() {}
        let before = if row == 0 { last_frame } else { Some(values[row - 1]) };
        let Some(before) = before.filter(|_| recordings_left.peek() != Some(&row)) else { continue };
        let step = i128::from(values[row]) - i128::from(before);
        if step <= 0 {
            return data_err!(
                "{}: {} has frame {} {}; every frame of a recording needs a number of its own: \
                 remove the copy (SELECT DISTINCT ...), or add the column that tells the recordings apart to by => [...]",
                rules.function,
                recording(rules.columns, batch, row),
                values[row],
                if step == 0 { "twice" } else { "out of order" },
            );
        }
        if step > i128::from(rules.max_gap) {
            stretches.push(row);
        }
    }
    stretches.sort_unstable();
    segments.extend(&stretches);
    segments.sort_unstable();
    segments.dedup();
    Ok(Breaks { recordings, segments, stretches, frames })
}

/// Refuses a segment of a number that is no class.
fn check_labels(function: &str, batch: &RecordBatch, label: Option<&str>, segments: &[usize]) -> Result<()> {
    let Some(name) = label else { return Ok(()) };
    let labels = column(batch, name)?;
    if !labels.data_type().is_floating() {
        return Ok(());
    }
    segments.iter().try_for_each(|row| names_of(function, name, &labels.slice(*row, 1)).map(drop))
}

/// The recording of a row, for messages: `source 'a', video 'b'`; NULL stands without quotes.
pub fn recording(columns: &FrameColumns, batch: &RecordBatch, row: usize) -> String {
    let name = |column: &String| {
        let array = batch.column_by_name(column)?;
        let options = FormatOptions::default();
        if array.is_null(row) {
            return Some(format!("{column} NULL"));
        }
        let value = ArrayFormatter::try_new(array, &options).ok()?.value(row).to_string();
        Some(format!("{column} '{value}'"))
    };
    columns.by.iter().filter_map(name).collect::<Vec<_>>().join(", ")
}

/// The column of that name; the planner has checked that it is there.
pub fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| Error::Internal(format!("column {name} is gone from the plan")))
}

fn numbers(rules: &Rules, batch: &RecordBatch) -> Result<Int64Array> {
    let order_by = &rules.columns.order_by;
    let numbers = whole_numbers(rules.function, order_by, column(batch, order_by)?)?;
    if numbers.null_count() == 0 {
        return Ok(numbers);
    }
    let row = (0..numbers.len()).find(|row| numbers.is_null(*row)).unwrap_or_default();
    data_err!(
        "{}: {} has a row whose {} is NULL; every frame needs a number: number them, or filter such rows out",
        rules.function,
        recording(rules.columns, batch, row),
        rules.columns.order_by
    )
}

/// The rows at which one of `columns` differs from the row before. Row 0 of a recording is one of them where there is no row before.
pub(super) fn begins(
    function: &str,
    last: Option<&RecordBatch>,
    batch: &RecordBatch,
    columns: &[String],
) -> Result<Vec<usize>> {
    let failed = |e| Error::Data(format!("{function}: by: {e}"));
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
