//! The account of every recording: what became of its frames.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, ListArray, RecordBatch, RecordBatchOptions, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Fields, SchemaRef};

use super::fills::Label;
use super::slicer::{Account, Window};
use crate::error::Result;
use crate::frames::pass::internal;
use crate::frames::pass::segmenter::column;
use crate::schema::{FRAMES, LABEL};

/// The columns of numbers, and what each is.
pub const COUNTS: [(&str, Count); 10] = [
    (FRAMES, |r| r.end.unwrap_or(r.start) - r.start),
    ("segments", |r| r.segments),
    ("windows", |r| r.windows),
    ("frames_used", |r| r.used.rows),
    ("frames_skipped", |r| r.account.skipped),
    ("frames_in_tails", |r| r.account.tail),
    ("frames_in_short_segments", |r| r.account.short),
    ("frames_in_impure_windows", |r| r.account.windowed - r.pure.rows),
    ("frames_refused", |r| r.pure.rows - r.used.rows),
    ("values_filled", |r| r.filled.values().sum()),
];

/// What fills missing values: `interpolate`; NULL where nothing does.
pub const FILL: &str = "fill";
/// The labels of the frames whose values were filled, and how many values of each.
pub const FILLED_LABELS: &str = "filled_labels";

/// The fields of a struct in [`FILLED_LABELS`].
fn of_label() -> Fields {
    vec![Field::new(LABEL, DataType::Utf8, true), Field::new("values", DataType::Int64, false)].into()
}

/// The columns behind the numbers.
pub fn fill_fields() -> [Field; 2] {
    let of_label = DataType::Struct(of_label());
    let list = DataType::List(Arc::new(Field::new_list_field(of_label, false)));
    [Field::new(FILL, DataType::Utf8, true), Field::new(FILLED_LABELS, list, false)]
}

/// A number of a recording.
type Count = fn(&Recording) -> u64;

/// What becomes of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It comes out.
    Used,
    /// A value of it is missing, and nothing fills it.
    Refused,
    /// Too few of its frames carry its label.
    Impure,
}

/// One recording, until its row is written.
pub struct Recording {
    /// Its first row, for the keys.
    first: RecordBatch,
    start: u64,
    end: Option<u64>,
    segments: u64,
    account: Account,
    windows: u64,
    /// Frames of windows that come out.
    used: Reach,
    /// Frames of windows that are pure enough.
    pure: Reach,
    /// Values that were filled, by the label of their frame.
    filled: BTreeMap<Label, u64>,
}

/// Rows in at least one of some windows, which begin one after the other.
#[derive(Default)]
struct Reach {
    rows: u64,
    end: u64,
}

impl Reach {
    fn add(&mut self, start: u64, end: u64) {
        self.rows += end.saturating_sub(start.max(self.end));
        self.end = self.end.max(end);
    }
}

/// The recordings whose windows are not all known.
#[derive(Default)]
pub struct Tally {
    recordings: VecDeque<Recording>,
}

impl Tally {
    /// A recording begins at row `start`, which is `first`, and the one before it has ended there.
    pub fn begin(&mut self, start: u64, first: RecordBatch) {
        self.end(start);
        let (account, used, pure) = (Account::default(), Reach::default(), Reach::default());
        let filled = BTreeMap::new();
        let recording = Recording { first, start, end: None, segments: 0, account, windows: 0, used, pure, filled };
        self.recordings.push_back(recording);
    }

    /// The last recording ends before row `end`.
    pub fn end(&mut self, end: u64) {
        if let Some(last) = self.recordings.back_mut() {
            last.end = last.end.or(Some(end));
        }
    }

    /// A segment of the last recording has ended.
    pub fn segment(&mut self, account: Account) {
        if let Some(last) = self.recordings.back_mut() {
            last.segments += 1;
            last.account.add(account);
        }
    }

    /// What became of a window; windows come in the order of their first rows.
    pub fn window(&mut self, window: Window, fate: Fate) {
        let (start, end) = (window.start, window.start + u64::from(window.valid_len));
        let of = self.recordings.iter_mut().find(|recording| recording.end.is_none_or(|end| start < end));
        let Some(recording) = of else { return };
        if fate != Fate::Impure {
            recording.pure.add(start, end);
        }
        if fate == Fate::Used {
            recording.used.add(start, end);
            recording.windows += 1;
        }
    }

    /// A value of a row, which has this label, was filled.
    pub fn filled(&mut self, row: u64, label: Label) {
        let place = self.recordings.partition_point(|recording| recording.start <= row);
        if let Some(recording) = place.checked_sub(1).and_then(|place| self.recordings.get_mut(place)) {
            *recording.filled.entry(label).or_default() += 1;
        }
    }

    /// A row for each recording that ends at or before row `ready`.
    pub fn rows(&mut self, ready: u64, fill: Option<&str>, output: &SchemaRef) -> Result<Option<RecordBatch>> {
        let is_done = |recording: &Recording| recording.end.is_some_and(|end| end <= ready);
        let count = self.recordings.iter().take_while(|recording| is_done(recording)).count();
        let done: Vec<Recording> = self.recordings.drain(..count).collect();
        let Some(first) = done.first() else { return Ok(None) };
        let first = concat_batches(&first.first.schema(), done.iter().map(|r| &r.first)).map_err(internal)?;
        let make = |name: &String| -> Result<ArrayRef> {
            match name.as_str() {
                FILL => return Ok(Arc::new(StringArray::from(vec![fill; done.len()]))),
                FILLED_LABELS => return filled_labels(&done),
                _ => {}
            }
            match COUNTS.iter().find(|(count, _)| count == name) {
                Some((_, count)) => Ok(Arc::new(Int64Array::from_iter_values(done.iter().map(|r| count(r) as i64)))),
                None => Ok(Arc::clone(column(&first, name)?)),
            }
        };
        let columns = output.fields().iter().map(|field| make(field.name())).collect::<Result<Vec<_>>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(done.len()));
        RecordBatch::try_new_with_options(Arc::clone(output), columns, &rows).map_err(internal).map(Some)
    }
}

/// The labels of each recording, NULL first, with the values that were filled.
fn filled_labels(recordings: &[Recording]) -> Result<ArrayRef> {
    let all = || recordings.iter().flat_map(|recording| &recording.filled);
    let labels: ArrayRef = Arc::new(all().map(|(label, _)| label.as_deref()).collect::<StringArray>());
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(all().map(|(_, values)| *values as i64)));
    let items = StructArray::try_new(of_label(), vec![labels, values], None).map_err(internal)?;
    let item = Arc::new(Field::new_list_field(items.data_type().clone(), false));
    let offsets = OffsetBuffer::from_lengths(recordings.iter().map(|recording| recording.filled.len()));
    Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(items), None).map_err(internal)?))
}
