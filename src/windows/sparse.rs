//! Recordings whose frames all stand alone: what counts them counts something else.

use arrow::array::{Int64Array, RecordBatch};

use super::slicer::{Short, Slicer};
use super::spec::Spec;
use crate::error::{Result, data_err};
use crate::frames::numbering::{STEPS, usual};
use crate::frames::pass::segmenter::{Breaks, recording};
use crate::schema::{sql_name, sql_names};

/// The least usual step of numbers that count time: milliseconds of 120 frames a second.
const CLOCK: i64 = 8;

/// Looks at the steps between the frames of each recording, one after the other.
#[derive(Default)]
pub struct Sparse {
    /// The recording, for messages; none before the first.
    name: Option<String>,
    rows: u64,
    /// Rows that begin a stretch.
    alone: u64,
    /// Its first steps that are gaps.
    steps: Vec<i64>,
    /// Recordings so far of which no frame follows another, and the largest of their usual steps.
    pub found: (u64, u64),
}

impl Sparse {
    /// Looks at the rows of a batch; `last` is the number of the frame before them.
    ///
    /// # Errors
    /// A recording that has ended and that had enough frames to tell, but none beside another.
    pub fn push(&mut self, spec: &Spec, batch: &RecordBatch, breaks: &Breaks, last: Option<i64>) -> Result<()> {
        let Breaks { recordings, stretches, frames, .. } = breaks;
        let first = (recordings.first() != Some(&0)).then_some(0);
        let starts: Vec<usize> = first.into_iter().chain(recordings.iter().copied()).collect();
        let ends = starts.iter().skip(1).copied().chain([batch.num_rows()]);
        for (start, end) in starts.iter().copied().zip(ends) {
            let begins = recordings.binary_search(&start).is_ok();
            if begins {
                self.end(spec)?;
                self.name = Some(recording(&spec.columns, batch, start));
            }
            let from = stretches.partition_point(|row| *row < start);
            let to = stretches.partition_point(|row| *row < end);
            self.rows += (end - start) as u64;
            self.alone += (to - from) as u64;
            let gaps = stretches[from..to].iter().copied().filter(|row| !begins || *row > start);
            let more = STEPS.saturating_sub(self.steps.len());
            self.steps.extend(gaps.filter_map(|row| step(frames, row, last)).take(more));
        }
        Ok(())
    }

    /// A recording has ended.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn end(&mut self, spec: &Spec) -> Result<()> {
        let Self { name, rows, alone, steps, found } = std::mem::take(self);
        self.found = found;
        let (Some(name), Some(windowing), max_gap) = (name, spec.windowing(), spec.max_gap) else { return Ok(()) };
        let (least, gives) = expected(&windowing.slicer);
        if rows < least || alone < rows {
            return Ok(());
        }
        let (function, order_by) = (spec.function(), &spec.columns.order_by);
        let usual = usual(&steps);
        // A track that was lost again and again spoils no other recording: it is told when all is done.
        if usual < CLOCK {
            self.found = (found.0 + 1, found.1.max(usual.unsigned_abs()));
            return Ok(());
        }
        let column = sql_name(order_by);
        let by = sql_names(&spec.columns.by);
        data_err!(
            "{function}: {name} gives {gives}: none of its {rows} frames follows another, since every step of {order_by} is above \
             max_gap => {max_gap} (usually {usual}); if {order_by} counts time, read the frames at an even rate (hz => 25, time => \
             '{order_by}', time_unit => 'ms') or number them, row_number() OVER (PARTITION BY {by} ORDER BY {column}) AS {column}; \
             if frames were left out, say max_gap => {usual}"
        )
    }
}

/// How many frames of a recording are enough for a window, and what they give where none follows another.
fn expected(slicer: &Slicer) -> (u64, &'static str) {
    let gives = match slicer.short {
        Short::Drop => "no window",
        Short::Pad | Short::Loop => "windows of one frame each",
    };
    ((slicer.width as u64).max(2), gives)
}

fn step(frames: &Int64Array, row: usize, last: Option<i64>) -> Option<i64> {
    let before = if row == 0 { last? } else { frames.value(row - 1) };
    Some(frames.value(row).saturating_sub(before))
}
