//! The pass that numbers the frames of each recording by their times.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};

use super::number::{STEPS, frames, usual};
use crate::account::columns::whole_numbers;
use crate::error::{Result, data_err, query_err};
use crate::frames::columns::FrameColumns;
use crate::frames::pass::recordings::{Piece, Recordings};
use crate::frames::pass::segmenter::{column, recording};
use crate::frames::pass::{Pass, Worker, internal};
use crate::frames::times::Unit;

/// A numbering of frames in the order of their times.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Numbered {
    /// Which column is what: ordered by whole numbers that rise with time, which do not come out.
    pub columns: FrameColumns,
    /// The column of times, for messages.
    pub time: String,
    /// Its unit, where the caller said it.
    pub unit: Option<Unit>,
    /// The column of numbers that is added.
    pub number: String,
    /// The SQL name, for messages.
    pub function: &'static str,
}

impl Pass for Numbered {
    const COUNTERS: &'static [&'static str] = &["frames_numbered"];
    const RENUMBERS: bool = true;

    fn names(&self) -> (&'static str, &'static str) {
        ("PoseNumbered", "NumberedExec")
    }

    fn describe(&self) -> String {
        format!("by=[{}], time={}, number={}", self.columns.by.join(", "), self.time, self.number)
    }

    fn columns(&self) -> &FrameColumns {
        &self.columns
    }

    fn required(&self) -> Vec<&String> {
        self.columns.by.iter().chain([&self.columns.order_by]).collect()
    }

    fn read_for<'s>(&'s self, output: &'s str) -> Vec<&'s str> {
        vec![output]
    }

    fn ordered(&self) -> &str {
        &self.number
    }

    fn output(&self, input: &Schema) -> Result<SchemaRef> {
        if input.index_of(&self.number).is_ok() {
            let Self { function, number, time, .. } = self;
            return query_err!(
                "{function}: frames are numbered by '{time}' in a column '{number}', which the input has already; rename it in the \
                 subquery"
            );
        }
        let kept = input.fields().iter().filter(|field| *field.name() != self.columns.order_by).cloned();
        let number = Arc::new(Field::new(&self.number, DataType::Int64, false));
        Ok(Arc::new(Schema::new(kept.chain([number]).collect::<Vec<_>>())))
    }

    fn worker(&self, _: &SchemaRef, output: SchemaRef, _: usize) -> Result<Box<dyn Worker>> {
        Ok(Box::new(Numberer {
            recordings: Recordings::new(self.function, &self.columns.by),
            spec: self.clone(),
            output,
            waiting: vec![],
            steps: vec![],
            usual: None,
            last: None,
            numbered: None,
            ready: VecDeque::new(),
            frames: 0,
        }))
    }
}

struct Numberer {
    recordings: Recordings,
    spec: Numbered,
    output: SchemaRef,
    /// The first rows of a recording whose usual step is not known yet.
    waiting: Vec<RecordBatch>,
    /// The first steps of a recording.
    steps: Vec<i64>,
    /// Its usual step, once it is known.
    usual: Option<i64>,
    /// The time of its last row.
    last: Option<i64>,
    /// Time and number of its last row with a number.
    numbered: Option<(i64, i64)>,
    ready: VecDeque<RecordBatch>,
    frames: u64,
}

impl Worker for Numberer {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        self.frames += batch.num_rows() as u64;
        for Piece { rows, goes_on } in self.recordings.pieces(batch)? {
            if !goes_on {
                self.release()?;
                (self.usual, self.last, self.numbered) = (None, None, None);
                self.steps.clear();
            }
            self.take(rows)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.release()
    }

    fn pop(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.ready.pop_front())
    }

    fn bytes(&self) -> usize {
        self.ready.iter().chain(&self.waiting).map(RecordBatch::get_array_memory_size).sum()
    }

    fn counts(&self) -> Vec<u64> {
        vec![self.frames]
    }
}

impl Numberer {
    /// Takes rows of one recording.
    fn take(&mut self, rows: RecordBatch) -> Result<()> {
        let Numbered { function, time, columns, .. } = &self.spec;
        let times = self.times(&rows)?;
        for row in 0..times.len() {
            if times.is_null(row) {
                return self.refuse(&rows, row);
            }
            let time_here = times.value(row);
            let step = self.last.replace(time_here).map(|last| time_here.saturating_sub(last));
            if step == Some(0) {
                return data_err!(
                    "{function}: {} has two frames at one {time}; every frame needs a time of its own: remove the copy (SELECT \
                     DISTINCT ..., or duplicates => 'first' of pose_windows), or add the column that tells the recordings apart to \
                     by => [...]",
                    recording(columns, &rows, row)
                );
            }
            self.steps.extend(step.filter(|_| self.usual.is_none() && self.steps.len() < STEPS));
        }
        if self.usual.is_some() {
            return self.number(&rows);
        }
        self.waiting.push(rows);
        if self.steps.len() < STEPS { Ok(()) } else { self.release() }
    }

    /// Refuses a row without a time, or with one that no clock shows.
    fn refuse(&self, rows: &RecordBatch, row: usize) -> Result<()> {
        let Numbered { function, time, unit, columns, .. } = &self.spec;
        let (recording, unit) = (recording(columns, rows, row), unit.unwrap_or(Unit::Seconds).name());
        match finite(rows, time, row) {
            Some(value) => data_err!(
                "{function}: {recording} has a row whose {time} is {value} {unit}, centuries beyond any clock; is {time} in {unit}? \
                 time_unit => 'ms', 'us' or 'ns' says otherwise"
            ),
            None => data_err!(
                "{function}: {recording} has a row whose {time} is NULL or no finite number; frames are put in order by it: fill it, \
                 or leave such rows out"
            ),
        }
    }

    /// Numbers what waits, by the steps that were seen.
    fn release(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            self.usual = Some(usual(&self.steps));
        }
        waiting.iter().try_for_each(|rows| self.number(rows))
    }

    fn number(&mut self, rows: &RecordBatch) -> Result<()> {
        let (times, usual) = (self.times(rows)?, self.usual.unwrap_or(1));
        let mut next = |time: i64| {
            let number = match self.numbered {
                None => 0,
                Some((before, number)) => number.saturating_add(frames(time.saturating_sub(before), usual)),
            };
            self.numbered = Some((time, number));
            number
        };
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(times.values().iter().map(|time| next(*time))));
        let make = |field: &Arc<Field>| match *field.name() == self.spec.number {
            true => Ok(Arc::clone(&numbers)),
            false => column(rows, field.name()).map(Arc::clone),
        };
        let columns = self.output.fields().iter().map(make).collect::<Result<Vec<_>>>()?;
        let count = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        let rows = RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &count).map_err(internal)?;
        self.ready.push_back(rows);
        Ok(())
    }

    fn times(&self, rows: &RecordBatch) -> Result<Int64Array> {
        whole_numbers(self.spec.function, &self.spec.time, column(rows, &self.spec.columns.order_by)?)
    }
}

/// A number of a column, if there is one in that row and it is finite.
fn finite(rows: &RecordBatch, name: &str, row: usize) -> Option<f64> {
    let values = cast(rows.column_by_name(name)?, &DataType::Float64).ok()?;
    let values = values.as_primitive_opt::<Float64Type>()?;
    values.is_valid(row).then(|| values.value(row)).filter(|value| value.is_finite())
}
