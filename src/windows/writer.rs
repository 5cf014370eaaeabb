//! Batches of windows and of segments, written column by column.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Float32Array, Int32Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::frames::Frames;
use super::matrix::Piece;
use super::rule::LabelRule;
use super::slicer::{Slicer, Window};
use super::spec::Spec;
use crate::account::key::joined;
use crate::error::{Error, Result};
use crate::frames::pass::internal;
use crate::frames::pass::segmenter::column;
use crate::schema::{FEATURES, FILLED, FRAME_END, FRAME_START, FRAMES, PURITY, VALID_LEN, WINDOW_ID};

/// A closed segment: its first row, its last frame number, its number of frames.
pub struct Segment {
    /// One row.
    pub first: RecordBatch,
    /// The frame number of the last row.
    pub last: i64,
    /// Rows.
    pub frames: i64,
}

/// One row a segment.
pub fn segments_batch(spec: &Spec, output: &SchemaRef, segments: &[Segment]) -> Result<RecordBatch> {
    let schema = segments[0].first.schema();
    let first = concat_batches(&schema, segments.iter().map(|s| &s.first)).map_err(internal)?;
    let write = |field: &Arc<Field>| -> Result<ArrayRef> {
        Ok(match field.name().as_str() {
            FRAME_START => cast(column(&first, &spec.columns.order_by)?, &DataType::Int64).map_err(internal)?,
            FRAME_END => Arc::new(segments.iter().map(|s| s.last).collect::<Int64Array>()),
            FRAMES => Arc::new(segments.iter().map(|s| s.frames).collect::<Int64Array>()),
            name => Arc::clone(column(&first, name)?),
        })
    };
    let columns = output.fields().iter().map(write).collect::<Result<Vec<_>>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(segments.len()));
    RecordBatch::try_new_with_options(Arc::clone(output), columns, &rows).map_err(internal)
}

/// Windows on their way to a batch.
#[derive(Default)]
pub struct Windows {
    /// Each with the row that has its label, and its purity.
    rows: Vec<(Window, u64, f32)>,
    /// [windows, width, dim]
    values: Vec<f32>,
    /// Whether each value is there; empty if all are.
    valid: Vec<bool>,
    /// How many values of each feature were filled, [windows, D]; empty where nobody asks.
    filled: Vec<i32>,
}

impl Windows {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The first row of the first window.
    pub fn first(&self) -> Option<u64> {
        self.rows.first().map(|(window, ..)| window.start)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.values.capacity() * 4 + self.valid.capacity()
    }

    /// Adds a window without its features.
    pub fn add(&mut self, window: Window, deciding: u64, purity: f32) {
        self.rows.push((window, deciding, purity));
    }

    /// Adds the features of the window that was added last: its recorded rows, and what makes them as many as a window has.
    pub fn add_features(&mut self, piece: Piece<'_>, slicer: &Slicer, dim: usize) {
        let before = self.values.len();
        let recorded = piece.values.len() / dim;
        let again = |k| slicer.recorded(k, recorded);
        let padding = (recorded..slicer.width).map(|k| again(k) * dim..(again(k) + 1) * dim);
        self.values.extend_from_slice(piece.values);
        padding.clone().for_each(|of| self.values.extend_from_slice(&piece.values[of]));
        if !piece.valid.is_empty() || !self.valid.is_empty() {
            self.valid.resize(before, true);
            self.valid.extend_from_slice(piece.valid);
            if !piece.valid.is_empty() {
                padding.for_each(|of| self.valid.extend_from_slice(&piece.valid[of]));
            }
            self.valid.resize(self.values.len(), true);
        }
    }

    /// The counts of filled values of the windows, to which those of the window that was added last are added.
    pub fn filled(&mut self) -> &mut Vec<i32> {
        &mut self.filled
    }

    /// Room for the features of so many windows.
    pub fn reserve(&mut self, values: usize) {
        self.values.reserve_exact(values);
    }

    /// The batch, one row a window.
    pub fn finish(self, spec: &Spec, output: &SchemaRef, frames: &Frames) -> Result<RecordBatch> {
        let Self { rows, mut values, valid, filled } = self;
        if values.capacity() > 2 * values.len() {
            values.shrink_to_fit();
        }
        let starts = || rows.iter().map(|(window, ..)| window.start);
        let ends = || rows.iter().map(|(window, ..)| window.start + u64::from(window.valid_len) - 1);
        let numbers = |rows: &mut dyn Iterator<Item = u64>| {
            cast(&frames.take(&spec.columns.order_by, rows)?, &DataType::Int64).map_err(internal)
        };
        let (mut tensor, filled) = (Some((values, valid)), Int32Array::from(filled));
        let mut write = |field: &Arc<Field>| -> Result<ArrayRef> {
            Ok(match field.name().as_str() {
                WINDOW_ID => Arc::new(window_ids(spec, frames, &mut starts(), &numbers(&mut starts())?)?),
                FRAME_START => numbers(&mut starts())?,
                FRAME_END => numbers(&mut ends())?,
                PURITY => Arc::new(rows.iter().map(|(_, _, purity)| *purity).collect::<Float32Array>()),
                VALID_LEN => Arc::new(rows.iter().map(|(window, ..)| window.valid_len as i32).collect::<Int32Array>()),
                FEATURES => {
                    let (values, valid) = tensor.take().ok_or_else(|| Error::Internal("features twice".into()))?;
                    Arc::new(features(field, values, valid)?)
                }
                FILLED if spec.fill().is_some() => {
                    let DataType::FixedSizeList(item, size) = field.data_type() else {
                        return Err(Error::Internal("filled is a fixed-size list".into()));
                    };
                    let filled = Arc::new(filled.clone());
                    Arc::new(FixedSizeListArray::try_new(Arc::clone(item), *size, filled, None).map_err(internal)?)
                }
                name if spec.columns.label.as_deref() == Some(name) && spec.rule() == Some(LabelRule::Every) => {
                    labels(field, spec, frames, rows.iter().map(|(window, ..)| *window))?
                }
                name if spec.columns.label.as_deref() == Some(name) => {
                    frames.take(name, rows.iter().map(|(_, deciding, _)| *deciding))?
                }
                name => frames.take(name, starts())?,
            })
        };
        let columns = output.fields().iter().map(&mut write).collect::<Result<Vec<_>>>()?;
        let count = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(Arc::clone(output), columns, &count).map_err(internal)
    }
}

/// The labels of all frames of each window, padded as its features are.
fn labels(field: &Field, spec: &Spec, frames: &Frames, windows: impl Iterator<Item = Window>) -> Result<ArrayRef> {
    let (DataType::FixedSizeList(item, width), Some(windowing)) = (field.data_type(), spec.windowing()) else {
        return Err(Error::Internal("labels of all frames are a fixed-size list".into()));
    };
    let slicer = windowing.slicer;
    let rows = windows.flat_map(|window| {
        let place = move |k| window.start + slicer.recorded(k, window.valid_len as usize) as u64;
        (0..slicer.width).map(place)
    });
    let values = frames.take(field.name(), rows)?;
    Ok(Arc::new(FixedSizeListArray::try_new(Arc::clone(item), *width, values, None).map_err(internal)?))
}

/// `source/video:frame`, its keys joined so that no two windows share a name.
fn window_ids(
    spec: &Spec,
    frames: &Frames,
    starts: &mut dyn Iterator<Item = u64>,
    numbers: &dyn Array,
) -> Result<StringArray> {
    let options = FormatOptions::default().with_null("");
    let starts: Vec<u64> = starts.collect();
    let keys = spec.columns.by.iter().map(|name| frames.take(name, starts.iter().copied()));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    let texts =
        keys.iter().map(|k| ArrayFormatter::try_new(k, &options).map_err(internal)).collect::<Result<Vec<_>>>()?;
    let numbers = ArrayFormatter::try_new(numbers, &options).map_err(internal)?;
    // Those of a dictionary's values, too.
    let nulls: Vec<_> = keys.iter().map(|key| key.logical_nulls()).collect();
    let id = |row: usize| {
        let text = |(nulls, text): (&Option<NullBuffer>, &ArrayFormatter<'_>)| {
            nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)).then(|| text.value(row).to_string())
        };
        let keys: Vec<_> = nulls.iter().zip(&texts).map(text).collect();
        format!("{}:{}", joined(keys.iter().map(|key| key.as_deref())), numbers.value(row))
    };
    Ok(StringArray::from_iter_values((0..starts.len()).map(id)))
}

fn features(field: &Field, values: Vec<f32>, valid: Vec<bool>) -> Result<FixedSizeListArray> {
    let DataType::FixedSizeList(item, size) = field.data_type() else {
        return Err(Error::Internal("features is a fixed-size list".into()));
    };
    let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
    let values = Float32Array::new(values.into(), nulls);
    FixedSizeListArray::try_new(Arc::clone(item), *size, Arc::new(values), None).map_err(internal)
}
