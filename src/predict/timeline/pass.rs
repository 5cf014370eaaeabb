//! The pass that turns the probabilities of windows into labelled intervals.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray, UInt32Array,
};
use arrow::compute::{cast, concat_batches, take};
use arrow::datatypes::{DataType, Field, Float32Type, Int64Type, Schema, SchemaRef};

use super::{Frames, Interval, Options, Timeline};
use crate::error::{Error, Result, query_err};
use crate::frames::columns::FrameColumns;
use crate::frames::pass::recordings::{Piece, Recordings};
use crate::frames::pass::segmenter::{column, recording};
use crate::frames::pass::{Pass, Worker, internal};
use crate::schema::{FRAME_END, FRAME_START, FRAMES, LABEL};

/// The column of probabilities of windows.
pub const PROBABILITIES: &str = "probabilities";

/// When an interval begins, at a rate.
const SECONDS_START: &str = "seconds_start";
/// When it has ended: the time of the frame behind its last.
const SECONDS_END: &str = "seconds_end";

/// Intervals of the windows of each recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// Which column is what: windows are ordered by their first frame.
    pub columns: FrameColumns,
    /// The classes, in the order of the probabilities.
    pub labels: Vec<String>,
    /// How frames become intervals.
    pub options: Options,
    /// Frames a second, where frames have numbers of an even rate.
    pub hz: Option<f64>,
}

impl Eq for Intervals {}

impl Hash for Intervals {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.columns, &self.labels, self.describe()).hash(state);
    }
}

impl PartialOrd for Intervals {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        let key = |of: &Self| (of.labels.clone(), of.describe());
        Some(key(self).cmp(&key(other)))
    }
}

impl Pass for Intervals {
    const COUNTERS: &'static [&'static str] = &["windows"];

    fn names(&self) -> (&'static str, &'static str) {
        ("PoseTimeline", "TimelineExec")
    }

    fn describe(&self) -> String {
        let Options { max_gap, min_length, min_confidence, unlabelled } = self.options;
        let hz = self.hz.map_or(String::new(), |hz| format!(", hz={hz}"));
        format!(
            "by=[{}], max_gap={max_gap}, min_length={min_length}, min_confidence={min_confidence}, unlabelled={unlabelled}{hz}",
            self.columns.by.join(", ")
        )
    }

    fn columns(&self) -> &FrameColumns {
        &self.columns
    }

    fn required(&self) -> Vec<&String> {
        self.columns.by.iter().chain([&self.columns.order_by]).chain(&self.columns.carried).collect()
    }

    fn read_for<'s>(&'s self, _: &'s str) -> Vec<&'s str> {
        vec![]
    }

    fn ordered(&self) -> &str {
        FRAME_START
    }

    fn output(&self, input: &Schema) -> Result<SchemaRef> {
        let column = |name: &String| input.fields().iter().find(|f| f.name() == name).cloned();
        let mut fields: Vec<Arc<Field>> = self.columns.by.iter().filter_map(column).collect();
        let own = |name: &str, data_type, nullable| Arc::new(Field::new(name, data_type, nullable));
        // At a rate, frames have numbers of their own that those of the input must not be compared with.
        let (names, number) = match self.hz {
            Some(_) => ([SECONDS_START, SECONDS_END], DataType::Float64),
            None => ([FRAME_START, FRAME_END], DataType::Int64),
        };
        fields.extend(names.map(|name| own(name, number.clone(), false)));
        fields.push(own(LABEL, DataType::Utf8, true));
        fields.push(own(FRAMES, DataType::Int64, false));
        fields.push(own("confidence", DataType::Float64, false));
        let twice = |(i, field): &(usize, &Arc<Field>)| fields[..*i].iter().any(|other| other.name() == field.name());
        if let Some((_, field)) = fields.iter().enumerate().find(twice) {
            return query_err!(
                "pose_timeline: by: '{}' is a name of the output; rename it in the subquery",
                field.name()
            );
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn worker(&self, _: &SchemaRef, output: SchemaRef, batch_size: usize) -> Result<Box<dyn Worker>> {
        Ok(Box::new(Liner {
            recordings: Recordings::new("pose_timeline", &self.columns.by),
            spec: self.clone(),
            output,
            batch_size,
            open: None,
            done: vec![],
            keys: vec![],
            ended: false,
            windows: 0,
        }))
    }
}

/// A recording whose windows are being read.
struct Open {
    key: RecordBatch,
    timeline: Timeline,
    windows: usize,
    /// Frames of the windows so far.
    frames: Frames,
}

struct Liner {
    recordings: Recordings,
    spec: Intervals,
    output: SchemaRef,
    batch_size: usize,
    open: Option<Open>,
    /// Intervals, and which of the keys each is of.
    done: Vec<(u32, Interval)>,
    keys: Vec<RecordBatch>,
    ended: bool,
    windows: u64,
}

impl Worker for Liner {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        self.windows += batch.num_rows() as u64;
        for Piece { rows, goes_on } in self.recordings.pieces(batch)? {
            if !goes_on {
                self.close()?;
            }
            self.take(&rows)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.ended = true;
        self.close()
    }

    fn pop(&mut self) -> Result<Option<RecordBatch>> {
        if self.done.is_empty() || (self.done.len() < self.batch_size && !self.ended) {
            return Ok(None);
        }
        let (done, keys) = (std::mem::take(&mut self.done), std::mem::take(&mut self.keys));
        self.rows(&done, &keys).map(Some)
    }

    fn bytes(&self) -> usize {
        let per_window = 24 + 4 * self.spec.labels.len();
        let open = self.open.as_ref().map_or(0, |open| open.frames.stretches() * 24 + open.windows * per_window);
        open + self.done.len() * 64 + self.keys.len() * 256
    }

    fn counts(&self) -> Vec<u64> {
        vec![self.windows]
    }
}

impl Liner {
    /// Takes windows of one recording, in the order of their first frames.
    fn take(&mut self, rows: &RecordBatch) -> Result<()> {
        let classes = self.spec.labels.len();
        if self.open.is_none() {
            let timeline = Timeline::new(classes, self.spec.options);
            self.open = Some(Open { key: self.recordings.key(rows)?, timeline, windows: 0, frames: Frames::default() });
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let number = |name: &str| column(rows, name).and_then(|c| cast(c, &DataType::Int64).map_err(internal));
        let (first, last) = (number(FRAME_START)?, number(FRAME_END)?);
        let lists = column(rows, PROBABILITIES)?.as_list::<i32>();
        let values = lists.values().as_primitive::<Float32Type>().values();
        for row in (0..rows.num_rows()).filter(|row| lists.is_valid(*row)) {
            let (first, last) =
                (first.as_primitive::<Int64Type>().value(row), last.as_primitive::<Int64Type>().value(row));
            let offsets = lists.value_offsets();
            let probabilities = &values[offsets[row] as usize..offsets[row + 1] as usize];
            // Windows hold every frame between their ends: what is missing in between was bridged by max_gap.
            let named = |e| Error::Data(format!("pose_timeline: {}: {e}", recording(&self.spec.columns, rows, row)));
            let valid = last.abs_diff(first).saturating_add(1);
            open.timeline.window(first, last, valid, probabilities).map_err(named)?;
            open.frames.add(first, last);
            open.windows += 1;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let Some(Open { key, timeline, frames, .. }) = self.open.take() else { return Ok(()) };
        let place = self.keys.len() as u32;
        let named = |e| Error::Data(format!("pose_timeline: {}: {e}", recording(&self.spec.columns, &key, 0)));
        let intervals = timeline.finish(&frames).map_err(named)?;
        if !intervals.is_empty() {
            self.done.extend(intervals.into_iter().map(|interval| (place, interval)));
            self.keys.push(key);
        }
        Ok(())
    }

    fn rows(&self, done: &[(u32, Interval)], keys: &[RecordBatch]) -> Result<RecordBatch> {
        let Some(first) = keys.first() else { return Ok(RecordBatch::new_empty(Arc::clone(&self.output))) };
        let keys = concat_batches(&first.schema(), keys).map_err(internal)?;
        let places = UInt32Array::from_iter_values(done.iter().map(|(place, _)| *place));
        let seconds = |of: fn(&Interval) -> i64| -> ArrayRef {
            let hz = self.spec.hz.unwrap_or(1.0);
            Arc::new(Float64Array::from_iter_values(done.iter().map(|(_, interval)| of(interval) as f64 / hz)))
        };
        let numbers = |of: fn(&Interval) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(done.iter().map(|(_, interval)| of(interval))))
        };
        let label = |class: u32| self.spec.labels.get(class as usize).map(String::as_str);
        let column = |field: &Arc<Field>| -> Result<ArrayRef> {
            if let Some(key) = keys.column_by_name(field.name()) {
                return take(key, &places, None).map_err(internal);
            }
            Ok(match field.name().as_str() {
                FRAME_START => numbers(|interval| interval.frame_start),
                FRAME_END => numbers(|interval| interval.frame_end),
                SECONDS_START => seconds(|interval| interval.frame_start),
                SECONDS_END => seconds(|interval| interval.frame_end.saturating_add(1)),
                LABEL => Arc::new(done.iter().map(|(_, i)| i.class.and_then(label)).collect::<StringArray>()),
                FRAMES => numbers(|interval| interval.frames as i64),
                _ => Arc::new(Float64Array::from_iter_values(done.iter().map(|(_, interval)| interval.confidence))),
            })
        };
        let columns = self.output.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
        let count = RecordBatchOptions::new().with_row_count(Some(done.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &count).map_err(internal)
    }
}
