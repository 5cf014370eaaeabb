//! From batches of frames, in order, to batches of windows or segments; holds the open window, never the table.

use std::collections::VecDeque;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;

use super::fill::Filler;
use super::fills::Fills;
use super::frames::Frames;
use super::labels::Labels;
use super::matrix::Matrix;
use super::slicer::{Account, Window};
use super::sparse::Sparse;
use super::spec::{Cut, Nulls, Spec, Windowing};
use super::tally::{Fate, Tally};
use super::writer::{Segment, Windows, segments_batch};
use crate::error::{Result, data_err};
use crate::frames::columns::{Features, FrameColumns};
use crate::frames::pass::pieces::Pieces;
use crate::frames::pass::segmenter::{Breaks, breaks};
use crate::frames::pass::{Worker, internal};
use crate::options::BATCH_BYTES;
use crate::schema::{FEATURES, FILLED};

/// The price of what is the easiest.
const ZERO_LAST: &str = "nulls => 'zero' comes last: a net takes 0 for a place, and may learn who was not seen";

/// One series of frames being cut, in key and frame order.
pub struct Cutter {
    spec: Spec,
    output: SchemaRef,
    /// Windows of a batch.
    batch_rows: usize,
    /// Whether a batch was filled: then the next one gets its memory at once.
    is_long: bool,
    /// Columns of the input that are no features, or not only features.
    others: Vec<usize>,
    frames: Frames,
    matrix: Option<Matrix>,
    /// Whether each window tells how many of its values were filled.
    counts_filled: bool,
    filler: Option<Filler>,
    labels: Option<Labels>,
    /// What looks for recordings without two frames side by side, where a window has several.
    sparse: Option<Sparse>,
    /// The last row, and the number of its frame: whether the next frame continues it is not known yet.
    last: Option<(RecordBatch, i64)>,
    open: Option<Open>,
    /// Windows that are not written yet.
    found: VecDeque<Window>,
    windows: Windows,
    /// The account of recordings, where that is what comes out.
    tally: Option<Tally>,
    /// Rows of that account whose missing values may be filled.
    fills: Fills,
    segments: Vec<Segment>,
    ended: bool,
    account: Account,
    /// Rows in windows, and the end of the last of them.
    covered: u64,
    end: u64,
    pieces: Pieces,
}

struct Open {
    start: u64,
    next: u64,
    /// The first row of the segment; only where segments come out.
    first: Option<RecordBatch>,
}

impl Cutter {
    /// A cutter of frames of schema `input`, to batches of schema `output`: columns of \[`Spec::output`\].
    ///
    /// # Errors
    /// Labels that cannot be compared.
    pub fn new(spec: Spec, input: &SchemaRef, output: SchemaRef, batch_size: usize) -> Result<Self> {
        let features = spec.columns.features.columns();
        let FrameColumns { by, order_by, label, .. } = &spec.columns;
        let is_read = |name: &String| by.contains(name) || order_by == name || label.as_ref() == Some(name);
        let others = (0..input.fields().len()).filter(|&column| {
            let name = input.field(column).name();
            !features.contains(name) || is_read(name)
        });
        let dim = spec.columns.features.dim();
        let counts = matches!(spec.cut, Cut::Stats(_));
        let counts_filled = !counts && spec.fill().is_some() && output.index_of(FILLED).is_ok();
        let reads = spec.reads_features(input) && (counts || counts_filled || output.index_of(FEATURES).is_ok());
        let matrix = reads.then(|| Matrix::new(dim));
        let width = spec.windowing().filter(|_| !counts).map_or(1, |windowing| windowing.slicer.width);
        let row_bytes = if reads { width * dim * 4 } else { 1 };
        let filler = match spec.windowing() {
            Some(Windowing { nulls: Nulls::Fill { fill, most }, .. }) => {
                let filler = Filler::new(*fill, *most, dim);
                Some(if counts { filler.with_log() } else { filler })
            }
            _ => None,
        };
        let label = spec.columns.label.as_ref().filter(|_| !spec.label_breaks());
        Ok(Self {
            batch_rows: (BATCH_BYTES / row_bytes).clamp(1, batch_size),
            is_long: false,
            others: others.collect(),
            frames: Frames::default(),
            matrix: if counts_filled { matrix.map(Matrix::with_filled) } else { matrix },
            counts_filled,
            filler: filler.filter(|_| reads),
            labels: label.map(|label| Labels::new(spec.function(), label, input)).transpose()?,
            sparse: match &spec.cut {
                Cut::Windows(Windowing { slicer, .. }) if slicer.width > 1 => Some(Sparse::default()),
                _ => None,
            },
            last: None,
            open: None,
            found: VecDeque::new(),
            windows: Windows::default(),
            tally: counts.then(Tally::default),
            fills: Fills::default(),
            segments: vec![],
            ended: false,
            account: Account::default(),
            covered: 0,
            end: 0,
            pieces: Pieces::default(),
            spec,
            output,
        })
    }

    /// What happened to the rows so far.
    pub fn account(&self) -> Account {
        let Account { windowed, .. } = self.account;
        match &self.spec.cut {
            Cut::Segments => self.account,
            _ => Account { windowed: self.covered, impure: windowed - self.covered, ..self.account },
        }
    }

    /// Ends the open segment before row `end`; `last` is the number of its last frame.
    fn close(&mut self, end: u64, last: Option<i64>) {
        self.advance(end, true);
        let (Some(open), Some(last)) = (self.open.take(), last) else { return };
        let rows = end - open.start;
        match self.spec.windowing() {
            Some(windowing) => {
                let account = windowing.slicer.account(rows);
                self.account.add(account);
                if let Some(tally) = &mut self.tally {
                    tally.segment(account);
                }
            }
            None => {
                self.segments.extend(open.first.map(|first| Segment { first, last, frames: rows as i64 }));
                self.account.windowed += rows;
            }
        }
    }

    /// Takes the values that were filled into the account of their recordings.
    fn count_filled(&mut self) {
        let (Some(tally), Some(filler)) = (&mut self.tally, &mut self.filler) else { return };
        filler.take_log().into_iter().for_each(|row| tally.filled(row, self.fills.label(row)));
        self.fills.forget(filler.ready(self.frames.rows()));
    }

    /// Takes the lengths of what begins in new rows, which follow row `from`.
    fn measure(
        &mut self,
        from: u64,
        recordings: &[usize],
        segments: &[usize],
        stretches: &[usize],
        frames: &Int64Array,
    ) {
        let pieces = &mut self.pieces;
        pieces.frames += frames.len() as u64;
        for (runs, starts) in
            [(&mut pieces.recordings, recordings), (&mut pieces.stretches, stretches), (&mut pieces.segments, segments)]
        {
            starts.iter().for_each(|&row| runs.begin(from + row as u64));
        }
        for &row in stretches.iter().filter(|row| recordings.binary_search(row).is_err()) {
            let before = if row == 0 { self.last.as_ref().map(|(_, last)| *last) } else { Some(frames.value(row - 1)) };
            before.into_iter().for_each(|before| pieces.gap(frames.value(row).abs_diff(before)));
        }
    }

    /// Finds the windows of the open segment, which is known up to row `end`.
    fn advance(&mut self, end: u64, closed: bool) {
        if let (Some(windowing), Some(open)) = (self.spec.windowing(), &mut self.open) {
            let mut found = vec![];
            open.next = windowing.slicer.cut(open.start, open.next, end, closed, &mut found);
            self.pieces.found += found.len() as u64;
            self.found.extend(found);
        }
    }

    fn add(&mut self, window: Window) -> Result<()> {
        let Some(&Windowing { slicer, rule, min_purity, nulls }) = self.spec.windowing() else { return Ok(()) };
        let (start, end) = (window.start, window.start + u64::from(window.valid_len));
        let (row, purity) = match &self.labels {
            Some(labels) => rule.decide(labels.rows(start, end)),
            None => (0, 1.0),
        };
        if let Some(tally) = &mut self.tally {
            let bad = || self.matrix.as_ref().is_some_and(|matrix| matrix.first_bad(start, end).is_some());
            let fate = match purity < min_purity.0 {
                true => Fate::Impure,
                false if nulls != Nulls::Keep && bad() => Fate::Refused,
                false => Fate::Used,
            };
            tally.window(window, fate);
            return Ok(());
        }
        if purity < min_purity.0 {
            return Ok(());
        }
        self.pieces.made += 1;
        self.covered += end - start.max(self.end);
        self.end = end;
        self.windows.add(window, start + row as u64, purity);
        if let Some(matrix) = &self.matrix {
            if nulls != Nulls::Keep
                && let Some(bad) = matrix.first_bad(start, end)
            {
                return self.refuse(bad);
            }
            if self.windows.count() == 1 && self.is_long {
                self.windows.reserve(self.batch_rows * slicer.width * matrix.dim);
            }
            // Where nothing may be missing, nothing is: validity is not copied.
            let mut piece = matrix.rows(start, end);
            if nulls != Nulls::Keep {
                piece.valid = &[];
            }
            self.windows.add_features(piece, &slicer, matrix.dim);
            if self.counts_filled {
                matrix.count_filled(start, end, self.windows.filled());
            }
        }
        Ok(())
    }

    fn refuse(&self, (row, place, value): (u64, usize, Option<f32>)) -> Result<()> {
        let what = match value {
            None => "NULL".to_owned(),
            Some(value) if value.is_infinite() => format!("{value} (infinite, or beyond the 3.4e38 that 32 bits hold)"),
            Some(value) => value.to_string(),
        };
        let feature = match &self.spec.columns.features {
            Features::Columns(names) => names[place].clone(),
            Features::List { column, .. } => format!("{column}[{}]", place + 1),
        };
        let advice = match self.spec.windowing() {
            Some(Windowing { nulls: Nulls::Fill { most, .. }, .. }) => format!(
                "nothing within max_fill => {most} frames can fill it: filter such frames, leave out a feature that is often \
                 missing (features => [...]), or raise max_fill; {ZERO_LAST}"
            ),
            _ => format!(
                "filter such frames, or fill short runs of them with nulls => 'interpolate' or 'carry' and max_fill => 5; leave \
                 out a feature that is often missing (features => [...]), or keep what is missing with nulls => 'keep'; \
                 {ZERO_LAST}"
            ),
        };
        data_err!(
            "{}: {}: feature '{feature}' is {what}; a window holds finite numbers only: {advice}",
            self.spec.function(),
            self.frames.recording(&self.spec, row)?
        )
    }

    fn write_windows(&mut self) -> Result<RecordBatch> {
        std::mem::take(&mut self.windows).finish(&self.spec, &self.output, &self.frames)
    }

    /// Lets go of rows that no window needs any more.
    fn forget(&mut self) {
        let rows = self.frames.rows();
        let needed = |open: &Open| Some(self.spec.windowing()?.slicer.needed(open.start, open.next, rows));
        let next = self.open.as_ref().and_then(needed).map_or(rows, |next| next.min(rows));
        let next = self.found.front().map_or(next, |window| window.start.min(next));
        if let Some(matrix) = &mut self.matrix {
            // What waits to be filled may lie in no window.
            matrix.forget(self.filler.as_ref().map_or(next, |filler| filler.ready(rows).min(next)));
        }
        if let Some(labels) = &mut self.labels {
            labels.forget(next);
        }
        self.frames.forget(self.windows.first().map_or(next, |first| first.min(next)));
    }
}

impl Worker for Cutter {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(());
        }
        self.forget();
        let breaks = breaks(&self.spec.rules(), self.last.as_ref().map(|(last, _)| last), batch)?;
        if let Some(sparse) = &mut self.sparse {
            sparse.push(&self.spec, batch, &breaks, self.last.as_ref().map(|(_, last)| *last))?;
        }
        let Breaks { recordings, segments, stretches, frames } = breaks;
        let from = self.frames.rows();
        self.frames.push(batch.project(&self.others).map_err(internal)?);
        if let Some(matrix) = &mut self.matrix {
            matrix.append(&self.spec.columns.features, batch)?;
            if self.tally.is_some() && self.filler.is_some() {
                let missing = matrix.missing(from..from + rows as u64).map(|(row, _)| row);
                self.fills.note(batch, self.spec.columns.label.as_deref(), from, missing)?;
            }
            if let Some(filler) = &mut self.filler {
                let starts: Vec<u64> = stretches.iter().map(|&row| from + row as u64).collect();
                filler.fill(matrix, from..from + rows as u64, frames.values(), &starts);
            }
        }
        if let Some(labels) = &mut self.labels {
            labels.append(batch)?;
        }
        self.measure(from, &recordings, &segments, &stretches, &frames);
        for row in segments {
            let last = if row == 0 { self.last.as_ref().map(|(_, last)| *last) } else { Some(frames.value(row - 1)) };
            self.close(from + row as u64, last);
            let start = from + row as u64;
            if let Some(tally) = self.tally.as_mut().filter(|_| recordings.binary_search(&row).is_ok()) {
                tally.begin(start, batch.project(&self.others).map_err(internal)?.slice(row, 1));
            }
            let first = matches!(self.spec.cut, Cut::Segments).then(|| batch.slice(row, 1));
            self.open = Some(Open { start, next: start, first });
        }
        self.count_filled();
        self.advance(self.frames.rows(), false);
        self.last = Some((batch.slice(rows - 1, 1), frames.value(rows - 1)));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if let (Some(filler), Some(matrix)) = (&mut self.filler, &mut self.matrix) {
            filler.finish(matrix);
        }
        self.count_filled();
        if let Some(sparse) = &mut self.sparse {
            sparse.end(&self.spec)?;
        }
        let last = self.last.take().map(|(_, last)| last);
        self.close(self.frames.rows(), last);
        if let Some(tally) = &mut self.tally {
            tally.end(self.frames.rows());
        }
        let Pieces { recordings, stretches, segments, .. } = &mut self.pieces;
        [recordings, stretches, segments].into_iter().for_each(|runs| runs.end(self.frames.rows()));
        self.ended = true;
        Ok(())
    }

    fn pop(&mut self) -> Result<Option<RecordBatch>> {
        if !self.segments.is_empty() {
            let segments = std::mem::take(&mut self.segments);
            return segments_batch(&self.spec, &self.output, &segments).map(Some);
        }
        let rows = self.frames.rows();
        let ready = self.filler.as_ref().map_or(rows, |filler| filler.ready(rows));
        let is_ready = |window: &mut Window| window.start + u64::from(window.valid_len) <= ready;
        while let Some(window) = self.found.pop_front_if(is_ready) {
            self.add(window)?;
            if self.windows.count() == self.batch_rows {
                self.is_long = true;
                return self.write_windows().map(Some);
            }
        }
        if let Some(tally) = &mut self.tally {
            let next = self.found.front().map_or(ready, |window| window.start.min(ready));
            return tally.rows(next, self.spec.fill(), &self.output);
        }
        // Where windows are rare, their first rows would hold on to all that follow.
        let is_due = self.ended || self.frames.bytes() > BATCH_BYTES;
        if is_due && self.windows.count() > 0 { self.write_windows().map(Some) } else { Ok(None) }
    }

    fn bytes(&self) -> usize {
        let labels = self.labels.as_ref().map_or(0, Labels::bytes);
        let matrix = self.matrix.as_ref().map_or(0, Matrix::bytes) + self.filler.as_ref().map_or(0, Filler::bytes);
        self.frames.bytes() + labels + matrix + self.windows.bytes()
    }

    fn counts(&self) -> Vec<u64> {
        let a = self.account();
        let filled = self.filler.as_ref().map_or(0, Filler::filled);
        vec![a.windowed, a.skipped, a.tail, a.short, a.impure, filled]
    }

    fn pieces(&self) -> Pieces {
        Pieces { sparse: self.sparse.as_ref().map_or((0, 0), |sparse| sparse.found), ..self.pieces }
    }
}
