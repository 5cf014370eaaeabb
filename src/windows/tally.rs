//! The account of every recording: what became of its frames.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;

use super::slicer::{Account, Window};
use crate::error::Result;
use crate::frames::pass::internal;
use crate::frames::pass::segmenter::column;
use crate::schema::FRAMES;

/// The columns of numbers, and what each is.
pub const COUNTS: [(&str, Count); 9] = [
    (FRAMES, |r| r.end.unwrap_or(r.start) - r.start),
    ("segments", |r| r.segments),
    ("windows", |r| r.windows),
    ("frames_used", |r| r.used.rows),
    ("frames_skipped", |r| r.account.skipped),
    ("frames_in_tails", |r| r.account.tail),
    ("frames_in_short_segments", |r| r.account.short),
    ("frames_in_impure_windows", |r| r.account.windowed - r.pure.rows),
    ("frames_refused", |r| r.pure.rows - r.used.rows),
];

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
        self.recordings.push_back(Recording { first, start, end: None, segments: 0, account, windows: 0, used, pure });
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

    /// A row for each recording that ends at or before row `ready`.
    pub fn rows(&mut self, ready: u64, output: &SchemaRef) -> Result<Option<RecordBatch>> {
        let is_done = |recording: &Recording| recording.end.is_some_and(|end| end <= ready);
        let count = self.recordings.iter().take_while(|recording| is_done(recording)).count();
        let done: Vec<Recording> = self.recordings.drain(..count).collect();
        let Some(first) = done.first() else { return Ok(None) };
        let first = concat_batches(&first.first.schema(), done.iter().map(|r| &r.first)).map_err(internal)?;
        let make = |name: &String| -> Result<ArrayRef> {
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
