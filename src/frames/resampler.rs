//! Recordings at an even rate: batches of frames in, batches of other frames out.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Int64Array, PrimitiveArray, RecordBatch, RecordBatchOptions,
};
use arrow::compute::{cast, interleave};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Float32Type, Float64Type, Schema, SchemaRef};

use super::columns::FrameColumns;
use super::pass::segmenter::{Breaks, Rules, breaks, column, recording};
use super::pass::{Pass, Worker, internal};
use super::resample::{Grid, NEAR, Place, between};
use super::times::guess::UnitGuess;
use super::times::{Origin, TimeColumn, Times, write};
use crate::args::Arguments;
use crate::error::{Error, Result, data_err};
use crate::schema::{ROLE, TIME};

/// A resampling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Resample {
    /// Which column is what; features are read between frames, all else is that of the nearer frame.
    pub columns: FrameColumns,
    /// Largest difference of frame numbers that is read across.
    pub max_gap: i64,
    /// Frames a second of the result.
    pub hz: Rate,
    /// When a frame was recorded.
    pub clock: Clock,
    /// Who asks for it.
    pub caller: Caller,
}

/// A call: its function stands in messages, and whoever runs it hears what is said. Calls of one function are the same.
#[derive(Debug, Clone)]
pub struct Caller(pub Arguments);

impl Caller {
    fn function(&self) -> &'static str {
        self.0.function()
    }

    /// Says what is to be said, and refuses what is to be refused.
    fn tell(&self, told: Result<Option<String>, String>) -> Result<()> {
        let line = told.map_err(|what| Error::Data(format!("{}: {what}", self.function())))?;
        line.into_iter().for_each(|line| self.0.note(line));
        Ok(())
    }
}

impl PartialEq for Caller {
    fn eq(&self, other: &Self) -> bool {
        self.function() == other.function()
    }
}

impl Eq for Caller {}

impl PartialOrd for Caller {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.function().partial_cmp(other.function())
    }
}

impl Hash for Caller {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function().hash(state);
    }
}

/// When a frame was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub enum Clock {
    /// A column of times.
    Column(TimeColumn),
    /// So many frames a second, by their numbers.
    Rate(Rate),
}

/// Frames a second, above 0.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

impl Eq for Rate {}

impl Hash for Rate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// The most frames of a batch.
const BATCH: usize = 8192;
/// The farthest that a row whose time was rounded may lie from a frame that is taken for it, in frames.
const MOST_NEAR: f64 = 0.1;
/// The most frames that are made between two rows.
const MOST_BETWEEN: f64 = 1e6;
/// Numbers of frames are exact in f64, to a thousandth.
const MOST_FRAMES: f64 = (1u64 << 43) as f64;

impl Resample {
    fn time(&self) -> Option<&String> {
        if let Clock::Column(time) = &self.clock { Some(&time.name) } else { None }
    }
}

impl Pass for Resample {
    const COUNTERS: &'static [&'static str] = &["frames_read"];
    const RENUMBERS: bool = true;

    fn names(&self) -> (&'static str, &'static str) {
        ("PoseResample", "ResampleExec")
    }

    fn describe(&self) -> String {
        let clock = match &self.clock {
            Clock::Column(TimeColumn { name, unit: None }) => format!("time={name}"),
            Clock::Column(TimeColumn { name, unit: Some(unit) }) => format!("time={name} in {}", unit.name()),
            Clock::Rate(rate) => format!("rate={}", rate.0),
        };
        let FrameColumns { by, order_by, .. } = &self.columns;
        format!(
            "hz={}, {clock}, by=[{}], order_by={order_by}, {}, max_gap={}",
            self.hz.0,
            by.join(", "),
            self.columns.describe_features(),
            self.max_gap
        )
    }

    fn columns(&self) -> &FrameColumns {
        &self.columns
    }

    fn required(&self) -> Vec<&String> {
        self.columns.by.iter().chain([&self.columns.order_by]).chain(self.time()).collect()
    }

    fn read_for<'s>(&'s self, output: &'s str) -> Vec<&'s str> {
        vec![output]
    }

    fn ordered(&self) -> &str {
        &self.columns.order_by
    }

    /// The columns of the input, with whole numbers of frames; times that are numbers as Float64.
    fn output(&self, input: &Schema) -> Result<SchemaRef> {
        let field = |field: &Arc<Field>| {
            if *field.name() == self.columns.order_by {
                Arc::new(Field::new(field.name(), DataType::Int64, false))
            } else if Some(field.name()) == self.time() {
                let clock = Field::new(field.name(), TimeColumn::between(field.data_type()), false);
                Arc::new(clock.with_metadata([(ROLE.to_owned(), TIME.to_owned())].into()))
            } else {
                Arc::clone(field)
            }
        };
        Ok(Arc::new(Schema::new(input.fields().iter().map(field).collect::<Vec<_>>())))
    }

    fn worker(&self, _: &SchemaRef, output: SchemaRef, _: usize) -> Result<Box<dyn Worker>> {
        Ok(Box::new(Resampler {
            spec: self.clone(),
            output,
            last: None,
            grid: Grid::default(),
            origin: Origin::Whole(0),
            guess: UnitGuess::default(),
            ready: VecDeque::new(),
            read: 0,
        }))
    }
}

/// At work on one partition.
struct Resampler {
    spec: Resample,
    output: SchemaRef,
    /// The last row.
    last: Option<RecordBatch>,
    grid: Grid,
    /// What the times of its recording are counted from.
    origin: Origin,
    guess: UnitGuess,
    ready: VecDeque<RecordBatch>,
    read: u64,
}

impl Worker for Resampler {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(());
        }
        let (columns, function) = (&self.spec.columns, self.spec.caller.function());
        let rules = Rules { function, columns, max_gap: self.spec.max_gap, label_breaks: false };
        let Breaks { recordings, stretches, frames, .. } = breaks(&rules, self.last.as_ref(), batch)?;
        let mut begins = recordings.into_iter().peekable();
        let mut gaps = stretches.into_iter().peekable();
        let times = self.times(batch, &frames)?;
        let mut before = match &self.last {
            Some(last) => Some(self.seconds(&self.times(last, &numbers(last, &columns.order_by)?)?, 0)),
            None => None,
        };
        let (mut places, mut origins) = (vec![], vec![]);
        for row in 0..rows {
            let refuse = |what: String| {
                let recording = recording(columns, batch, row);
                data_err!("{function}: {recording}, frame {}: {what}", frames.value(row))
            };
            if begins.next_if(|begin| *begin <= row).is_some() {
                self.spec.caller.tell(self.guess.end())?;
                self.grid.begin();
                before = None;
                if let Clocked::Times(times) = &times {
                    self.origin = times.origin(row);
                }
            }
            let time = self.seconds(&times, row);
            let at = time * self.spec.hz.0;
            let is_gap = gaps.next_if(|gap| *gap <= row).is_some();
            if let Some(before) = before.filter(|before| time <= *before) {
                let narrow = match &times {
                    Clocked::Times(times) if times.is_narrow() => {
                        format!(
                            " ({} has too few digits for it: store it as DOUBLE, or as TIMESTAMP)",
                            times.data_type()
                        )
                    }
                    _ => String::new(),
                };
                return refuse(format!(
                    "time goes from {before} s to {time} s; it must rise with the frame's number{narrow}"
                ));
            }
            if at.abs() >= MOST_FRAMES {
                return refuse(format!(
                    "{time} s are too many frames at hz => {}; is time in seconds? time_unit => 'ms', 'us' or 'ns' says otherwise",
                    self.spec.hz.0
                ));
            }
            let between = before.map_or(0.0, |before| (time - before) * self.spec.hz.0);
            if !is_gap && between > MOST_BETWEEN {
                return refuse(format!(
                    "{between:.0} frames at hz => {} lie between this one and the one before, at most {MOST_BETWEEN} may; is \
                     time in seconds? time_unit => 'ms', 'us' or 'ns' says otherwise",
                    self.spec.hz.0
                ));
            }
            if let (Clocked::Times(times), Clock::Column(column)) = (&times, &self.spec.clock)
                && times.is_guess()
                && before.is_some()
                && !is_gap
            {
                let name = || (recording(columns, batch, row), format!("{} ({})", column.name, times.data_type()));
                self.spec.caller.tell(self.guess.step(between, self.spec.hz.0, times.is_whole(row), name))?;
            }
            if is_gap {
                self.grid.gap();
            }
            let near = match &times {
                Clocked::Times(times) => (times.rounding(row) * self.spec.hz.0).clamp(NEAR, MOST_NEAR),
                Clocked::Frames(..) => NEAR,
            };
            self.grid.row(row, at, near, &mut places);
            origins.resize(places.len(), self.origin);
            before = Some(time);
            while places.len() >= BATCH {
                let (rest, of_rest) = (places.split_off(BATCH), origins.split_off(BATCH));
                self.ready.push_back(self.frames(batch, &places, &origins)?);
                (places, origins) = (rest, of_rest);
            }
        }
        self.read += rows as u64;
        if !places.is_empty() {
            self.ready.push_back(self.frames(batch, &places, &origins)?);
        }
        self.last = Some(batch.slice(rows - 1, 1));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.last = None;
        self.spec.caller.tell(self.guess.end())
    }

    fn pop(&mut self) -> Result<Option<RecordBatch>> {
        Ok(self.ready.pop_front())
    }

    fn bytes(&self) -> usize {
        self.ready.iter().map(RecordBatch::get_array_memory_size).sum()
    }

    fn counts(&self) -> Vec<u64> {
        vec![self.read]
    }
}

/// The times of the rows of a batch.
enum Clocked {
    /// Of a column.
    Times(Times),
    /// By their numbers, so many frames a second.
    Frames(Int64Array, f64),
}

impl Resampler {
    /// The times of each row.
    fn times(&self, batch: &RecordBatch, frames: &Int64Array) -> Result<Clocked> {
        let clock = match &self.spec.clock {
            Clock::Rate(rate) => return Ok(Clocked::Frames(frames.clone(), rate.0)),
            Clock::Column(clock) => clock,
        };
        let function = self.spec.caller.function();
        let times = clock.read(function, column(batch, &clock.name)?)?;
        match times.first_bad() {
            None => Ok(Clocked::Times(times)),
            Some((row, what)) => data_err!(
                "{function}: {}, frame {}: {} is {what}; every frame needs its time, in seconds where time_unit says nothing else, or \
                 say rate => frames a second",
                recording(&self.spec.columns, batch, row),
                frames.value(row),
                clock.name
            ),
        }
    }

    /// Seconds of a row.
    fn seconds(&self, times: &Clocked, row: usize) -> f64 {
        match times {
            Clocked::Frames(frames, rate) => frames.value(row) as f64 / rate,
            Clocked::Times(times) => times.seconds(row, self.origin),
        }
    }

    /// The frames at these places between the rows of a batch, and the last row before it.
    fn frames(&self, batch: &RecordBatch, places: &[Place], origins: &[Origin]) -> Result<RecordBatch> {
        let last = self.last.as_ref();
        // Row 0 of the second array is the row before the batch.
        let before = |place: &Place| if place.row > 0 { (0, place.row - 1) } else { (usize::from(last.is_some()), 0) };
        let befores: Vec<_> = places.iter().map(before).collect();
        let afters: Vec<_> = places.iter().map(|place| (0, place.row)).collect();
        let nearest: Vec<_> =
            places.iter().map(|place| if place.share <= 0.5 { before(place) } else { (0, place.row) }).collect();
        let features = self.spec.columns.features.columns();
        let make = |field: &Arc<Field>| -> Result<ArrayRef> {
            let name = field.name();
            if *name == self.spec.columns.order_by {
                return Ok(Arc::new(Int64Array::from_iter_values(places.iter().map(|place| place.number))));
            }
            if let Clock::Column(clock) = &self.spec.clock
                && *name == clock.name
            {
                let seconds = places.iter().map(|place| place.number as f64 / self.spec.hz.0);
                return write(column(batch, name)?.data_type(), clock.unit, seconds.zip(origins.iter().copied()));
            }
            let mut both: Vec<&dyn Array> = vec![column(batch, name)?.as_ref()];
            if let Some(last) = last {
                both.push(column(last, name)?.as_ref());
            }
            let take = |rows: &[(usize, usize)]| interleave(&both, rows).map_err(internal);
            let has_other_meaning =
                self.spec.columns.by.contains(name) || self.spec.columns.label.as_ref() == Some(name);
            if has_other_meaning || !features.contains(name) {
                return take(&nearest);
            }
            let shares: Vec<f64> = places.iter().map(|place| place.share).collect();
            line(&take(&befores)?, &take(&afters)?, &shares)
        };
        let columns = self.output.fields().iter().map(make).collect::<Result<Vec<_>>>()?;
        let count = RecordBatchOptions::new().with_row_count(Some(places.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &count).map_err(internal)
    }
}

fn numbers(batch: &RecordBatch, order_by: &str) -> Result<Int64Array> {
    let numbers = cast(column(batch, order_by)?, &DataType::Int64).map_err(internal)?;
    Ok(Int64Array::from(numbers.to_data()))
}

/// Values on the line from `a` to `b`; NULL next to a NULL, but at the place of a value itself.
fn line(a: &ArrayRef, b: &ArrayRef, shares: &[f64]) -> Result<ArrayRef> {
    match (a.data_type(), b.as_fixed_size_list_opt()) {
        (DataType::FixedSizeList(item, size), Some(after)) => {
            let before = a.as_fixed_size_list();
            let each: Vec<f64> = shares.iter().flat_map(|share| std::iter::repeat_n(*share, *size as usize)).collect();
            let items = line(before.values(), after.values(), &each)?;
            // A list that is NULL has NULLs inside, or is NULL at its own place.
            let valid = (0..shares.len()).map(|row| match shares[row] {
                0.0 => before.is_valid(row),
                1.0 => after.is_valid(row),
                _ => before.is_valid(row) && after.is_valid(row),
            });
            let nulls = arrow::buffer::NullBuffer::from_iter(valid);
            let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
            Ok(Arc::new(FixedSizeListArray::try_new(Arc::clone(item), *size, items, nulls).map_err(internal)?))
        }
        (DataType::Float32, _) => Ok(Arc::new(lines::<Float32Type>(a, b, shares, f64::from, |x| x as f32))),
        (DataType::Float64, _) => Ok(Arc::new(lines::<Float64Type>(a, b, shares, |x| x, |x| x))),
        (other, _) => Err(Error::Internal(format!("a feature of type {other} between frames"))),
    }
}

fn lines<T: ArrowPrimitiveType>(
    a: &ArrayRef,
    b: &ArrayRef,
    shares: &[f64],
    wide: fn(T::Native) -> f64,
    narrow: fn(f64) -> T::Native,
) -> PrimitiveArray<T> {
    let (a, b) = (a.as_primitive::<T>(), b.as_primitive::<T>());
    let value = |(row, &share): (usize, &f64)| {
        let is_there = (share == 1.0 || a.is_valid(row)) && (share == 0.0 || b.is_valid(row));
        is_there.then(|| narrow(between(wide(a.value(row)), wide(b.value(row)), share)))
    };
    shares.iter().enumerate().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::Notes;

    #[test]
    fn what_is_said_and_refused_names_the_function_that_was_called() {
        let notes = Notes::default();
        let caller = Caller(Arguments::new("pose_windows").with_notes(notes.clone()));
        assert_eq!((caller.tell(Ok(None)), caller.tell(Ok(Some("a".to_owned())))), (Ok(()), Ok(())));
        assert_eq!(notes.take(), ["pose_windows: a"]);
        assert_eq!(caller.tell(Err("b".to_owned())), data_err!("pose_windows: b"));
    }
}
