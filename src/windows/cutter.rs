//! From batches of frames, in order, to batches of windows or segments; holds the open window, never the table.

use std::collections::{HashMap, VecDeque};

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};

use super::matrix::Matrix;
use super::segmenter::{breaks, column};
use super::slicer::{Account, Window};
use super::spec::{Cut, Spec};
use super::writer::{Segment, segments_batch, windows_batch};
use crate::error::{Error, Result};
use crate::options::BATCH_BYTES;

/// One series of frames being cut, in key and frame order.
pub struct Cutter {
    spec: Spec,
    output: SchemaRef,
    batch_size: usize,
    /// Rows that a later window may need, and at least the last row seen: whether the next frame continues it is not known yet.
    kept: RecordBatch,
    arrived: Vec<RecordBatch>,
    /// The number of the first kept row, counted over the whole series.
    base: u64,
    open: Option<Open>,
    segments: Vec<Segment>,
    ready: Option<Ready>,
    done: VecDeque<RecordBatch>,
    account: Account,
}

struct Open {
    start: u64,
    next: u64,
    /// The first row of the segment; only where segments come out.
    first: Option<RecordBatch>,
}

/// Frames that have been cut, and the windows in them that are not written yet.
struct Ready {
    frames: RecordBatch,
    matrix: Option<Matrix>,
    labels: Vec<u32>,
    windows: VecDeque<Window>,
    base: u64,
}

impl Cutter {
    /// A cutter of frames of schema `input`.
    ///
    /// # Errors
    /// As [`Spec::output`].
    pub fn new(spec: Spec, input: &SchemaRef, batch_size: usize) -> Result<Self> {
        Ok(Self {
            output: spec.output(input)?,
            spec,
            batch_size,
            kept: RecordBatch::new_empty(input.clone()),
            arrived: vec![],
            base: 0,
            open: None,
            segments: vec![],
            ready: None,
            done: VecDeque::new(),
            account: Account::default(),
        })
    }

    /// Takes frames; they must follow those taken before.
    pub fn push(&mut self, batch: RecordBatch) {
        self.arrived.push(batch);
    }

    /// Whether enough frames have arrived to be cut at once: a window's worth, so that no row is copied more than a few times.
    pub fn is_full(&self) -> bool {
        let width = if let Cut::Windows { slicer, .. } = &self.spec.cut { slicer.width } else { 1 };
        self.arrived.iter().map(RecordBatch::num_rows).sum::<usize>() >= self.batch_size.max(width)
    }

    /// Cuts what has arrived. `end` says that no more will come.
    ///
    /// # Errors
    /// Data that is refused: see [`breaks`] and [`Nulls::Refuse`](super::spec::Nulls::Refuse).
    pub fn cut(&mut self, end: bool) -> Result<()> {
        let from = self.kept.num_rows();
        let parts = std::iter::once(&self.kept).chain(&self.arrived);
        let frames = concat_batches(&self.kept.schema(), parts).map_err(internal)?;
        self.arrived.clear();
        let (breaks, numbers) = breaks(&self.spec, &frames, from)?;
        let mut windows = vec![];
        for row in breaks {
            self.close(row, &numbers, &mut windows);
            let start = self.base + row as u64;
            let first = matches!(self.spec.cut, Cut::Segments).then(|| frames.slice(row, 1));
            self.open = Some(Open { start, next: start, first });
        }
        if end {
            self.close(frames.num_rows(), &numbers, &mut windows);
        } else if let (Cut::Windows { slicer, .. }, Some(open)) = (&self.spec.cut, &mut self.open) {
            let known = self.base + frames.num_rows() as u64;
            open.next = slicer.cut(open.start, open.next, known, false, &mut windows);
        }
        self.write_segments()?;
        self.keep(&frames);
        self.prepare(frames, windows)
    }

    /// The next batch of the result, if one is ready.
    pub fn pop(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(batch) = self.done.pop_front() {
            return Ok(Some(batch));
        }
        let (Some(ready), Cut::Windows { slicer, .. }) = (&mut self.ready, &self.spec.cut) else { return Ok(None) };
        let row_bytes = ready.matrix.as_ref().map_or(1, |m| m.dim * slicer.width * 4);
        let rows = (BATCH_BYTES / row_bytes).clamp(1, self.batch_size).min(ready.windows.len());
        let windows: Vec<_> =
            ready.windows.drain(..rows).map(|w| Window { start: w.start - ready.base, ..w }).collect();
        let batch =
            windows_batch(&self.spec, &self.output, &ready.frames, ready.matrix.as_ref(), &ready.labels, &windows)?;
        if ready.windows.is_empty() {
            self.ready = None;
        }
        Ok(Some(batch))
    }

    /// What happened to the rows so far.
    pub fn account(&self) -> Account {
        self.account
    }

    /// Bytes held, to be accounted for.
    pub fn bytes(&self) -> usize {
        let ready = self.ready.as_ref();
        self.kept.get_array_memory_size()
            + self.arrived.iter().map(RecordBatch::get_array_memory_size).sum::<usize>()
            + ready.map_or(0, |r| r.frames.get_array_memory_size() + r.matrix.as_ref().map_or(0, Matrix::bytes))
    }

    /// Ends the open segment before row `end` of the frames at hand.
    fn close(&mut self, end: usize, numbers: &arrow::array::Int64Array, windows: &mut Vec<Window>) {
        let Some(open) = self.open.take() else { return };
        let rows = self.base + end as u64 - open.start;
        match &self.spec.cut {
            Cut::Windows { slicer, .. } => {
                slicer.cut(open.start, open.next, open.start + rows, true, windows);
                let account = slicer.account(rows);
                self.account.windowed += account.windowed;
                self.account.skipped += account.skipped;
                self.account.tail += account.tail;
                self.account.short += account.short;
            }
            Cut::Segments => {
                let last = numbers.value(end - 1);
                self.segments.extend(open.first.map(|first| Segment { first, last, frames: rows as i64 }));
                self.account.windowed += rows;
            }
        }
    }

    fn write_segments(&mut self) -> Result<()> {
        if !self.segments.is_empty() {
            let segments = std::mem::take(&mut self.segments);
            self.done.push_back(segments_batch(&self.spec, &self.output, &segments)?);
        }
        Ok(())
    }

    fn keep(&mut self, frames: &RecordBatch) {
        let rows = frames.num_rows();
        let last = self.base + rows.saturating_sub(1) as u64;
        let windows = matches!(self.spec.cut, Cut::Windows { .. });
        let needed = self.open.as_ref().filter(|_| windows).map_or(last, |open| open.next.min(last));
        let from = (needed - self.base) as usize;
        self.kept = frames.slice(from, rows - from);
        self.base = needed;
    }

    fn prepare(&mut self, frames: RecordBatch, windows: Vec<Window>) -> Result<()> {
        let base = self.base + self.kept.num_rows() as u64 - frames.num_rows() as u64;
        if windows.is_empty() {
            return Ok(());
        }
        let reads = self.spec.reads_features(&frames.schema());
        let matrix = reads.then(|| Matrix::read(&self.spec.columns.features, &frames)).transpose()?;
        let labels = self.label_ids(&frames)?;
        self.ready = Some(Ready { frames, matrix, labels, windows: windows.into(), base });
        Ok(())
    }

    /// Numbers for the labels: equal for equal labels. Empty where the rule needs none.
    fn label_ids(&self, frames: &RecordBatch) -> Result<Vec<u32>> {
        let Some(name) = self.spec.columns.label.as_ref().filter(|_| !self.spec.label_breaks()) else {
            return Ok(vec![]);
        };
        let labels: &ArrayRef = column(frames, name)?;
        let converter = RowConverter::new(vec![SortField::new(labels.data_type().clone())]).map_err(internal)?;
        let rows = converter.convert_columns(std::slice::from_ref(labels)).map_err(internal)?;
        let mut ids = HashMap::new();
        Ok(rows
            .iter()
            .map(|row| {
                let next = ids.len() as u32;
                *ids.entry(row.as_ref().to_vec()).or_insert(next)
            })
            .collect())
    }
}

/// An error of Arrow where no user could have caused one.
pub fn internal(error: arrow::error::ArrowError) -> Error {
    Error::Internal(error.to_string())
}
