//! One row of each frame, where a recording has some twice.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow::compute::{cast, concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};

use super::columns::FrameColumns;
use super::pass::segmenter::column;
use super::pass::{Pass, Worker, internal};
use super::series::changes::changes;
use crate::error::{Error, Result};

/// Of rows with the same keys and frame, the one that sorts first by its other columns, from left to right.
///
/// That is the same one for any file order and any plan. NULL sorts first, and NaN last.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Distinct {
    /// Which column is what.
    pub columns: FrameColumns,
    /// Every column, since each may tell two rows apart.
    pub all: Vec<String>,
}

impl Pass for Distinct {
    const COUNTERS: &'static [&'static str] = &["duplicate_frames"];

    fn names(&self) -> (&'static str, &'static str) {
        ("PoseDistinct", "DistinctExec")
    }

    fn describe(&self) -> String {
        format!("by=[{}], order_by={}", self.columns.by.join(", "), self.columns.order_by)
    }

    fn columns(&self) -> &FrameColumns {
        &self.columns
    }

    fn required(&self) -> Vec<&String> {
        self.all.iter().collect()
    }

    fn read_for<'s>(&'s self, output: &'s str) -> Vec<&'s str> {
        vec![output]
    }

    fn ordered(&self) -> &str {
        &self.columns.order_by
    }

    fn output(&self, input: &Schema) -> Result<SchemaRef> {
        Ok(Arc::new(input.clone()))
    }

    fn worker(&self, input: &SchemaRef, output: SchemaRef, _: usize) -> Result<Box<dyn Worker>> {
        let fields = self.all.iter().map(|name| {
            let field = input.field_with_name(name).map_err(internal)?;
            Ok(SortField::new(field.data_type().clone()))
        });
        let converter = RowConverter::new(fields.collect::<Result<_>>()?).map_err(|e| {
            Error::Query(format!("duplicates => 'first' needs columns that can be compared: {e}; leave the others out"))
        })?;
        Ok(Box::new(Chooser { spec: self.clone(), output, converter, waiting: None, ready: None, dropped: 0 }))
    }
}

struct Chooser {
    spec: Distinct,
    output: SchemaRef,
    converter: RowConverter,
    /// Rows of the last frame, which may go on.
    waiting: Option<RecordBatch>,
    ready: Option<RecordBatch>,
    dropped: u64,
}

impl Worker for Chooser {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let rows = match self.waiting.take() {
            Some(waiting) => concat_batches(&batch.schema(), [&waiting, batch]).map_err(internal)?,
            None => batch.clone(),
        };
        let starts = self.starts(&rows)?;
        let last = starts.last().copied().unwrap_or(0);
        self.waiting = Some(rows.slice(last, rows.num_rows() - last));
        self.choose(&rows.slice(0, last), &starts[..starts.len() - 1])
    }

    fn finish(&mut self) -> Result<()> {
        match self.waiting.take() {
            Some(rows) => self.choose(&rows, &[0]),
            None => Ok(()),
        }
    }

    fn pop(&mut self) -> Result<Option<RecordBatch>> {
        let Some(ready) = self.ready.take() else { return Ok(None) };
        let columns = self.output.fields().iter().map(|field| Ok(Arc::clone(column(&ready, field.name())?)));
        let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        RecordBatch::try_new(Arc::clone(&self.output), columns).map_err(internal).map(Some)
    }

    fn bytes(&self) -> usize {
        self.ready.iter().chain(&self.waiting).map(RecordBatch::get_array_memory_size).sum()
    }

    fn counts(&self) -> Vec<u64> {
        vec![self.dropped]
    }
}

impl Chooser {
    /// The rows at which another frame begins, from 0 on.
    fn starts(&self, rows: &RecordBatch) -> Result<Vec<usize>> {
        let FrameColumns { by, order_by, .. } = &self.spec.columns;
        let mut starts = vec![0];
        for name in by {
            starts.extend(changes(column(rows, name)?).map_err(internal)?);
        }
        let numbers = cast(column(rows, order_by)?, &DataType::Int64).map_err(internal)?;
        let numbers = Int64Array::from(numbers.to_data());
        // Rows without a number are refused by whoever reads them.
        starts.extend(
            (1..numbers.len()).filter(|&row| numbers.is_null(row) || numbers.value(row) != numbers.value(row - 1)),
        );
        starts.sort_unstable();
        starts.dedup();
        Ok(starts)
    }

    /// Keeps one row of each frame; frames begin at `starts`.
    fn choose(&mut self, rows: &RecordBatch, starts: &[usize]) -> Result<()> {
        let count = rows.num_rows();
        if count == 0 {
            return Ok(());
        }
        if starts.len() == count {
            self.ready = Some(rows.clone());
            return Ok(());
        }
        let columns = self.spec.all.iter().map(|name| Ok(Arc::clone(column(rows, name)?)));
        let values = self.converter.convert_columns(&columns.collect::<Result<Vec<_>>>()?).map_err(internal)?;
        let mut kept = vec![false; count];
        for (i, &start) in starts.iter().enumerate() {
            let end = starts.get(i + 1).copied().unwrap_or(count);
            let first = (start..end).min_by_key(|&row| values.row(row)).unwrap_or(start);
            kept[first] = true;
        }
        self.dropped += (count - starts.len()) as u64;
        self.ready = Some(filter_record_batch(rows, &BooleanArray::from(kept)).map_err(internal)?);
        Ok(())
    }
}
