//! Batches of windows and of segments, written column by column.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Float32Array, Int32Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringArray, UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, concat_batches, take};
use arrow::datatypes::{DataType, Field, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::cutter::internal;
use super::matrix::Matrix;
use super::segmenter::{column, recording};
use super::slicer::Window;
use super::spec::{Cut, Nulls, Spec};
use crate::error::{Error, Result, data_err};
use crate::frames::columns::Features;
use crate::schema::{FEATURES, FRAME_END, FRAME_START, FRAMES, PURITY, VALID_LEN, WINDOW_ID};

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
    RecordBatch::try_new(Arc::clone(output), columns).map_err(internal)
}

/// One row a window. Starts of `windows` are rows of `frames`; `labels` are the label ids of all rows, or empty if windows are pure.
///
/// # Errors
/// A missing or non-finite value inside a window, if the spec refuses those.
pub fn windows_batch(
    spec: &Spec,
    output: &SchemaRef,
    frames: &RecordBatch,
    matrix: Option<&Matrix>,
    labels: &[u32],
    windows: &[Window],
) -> Result<RecordBatch> {
    let Cut::Windows { slicer, rule, nulls } = &spec.cut else {
        return Err(Error::Internal("segments are no windows".into()));
    };
    let last = |w: &Window| w.start + u64::from(w.valid_len) - 1;
    let start = windows.iter().map(|w| w.start).collect::<UInt64Array>();
    let end = windows.iter().map(last).collect::<UInt64Array>();
    let decisions = windows.iter().map(|w| match labels.get(w.start as usize..=last(w) as usize) {
        Some(labels) => rule.decide(labels),
        None => (0, 1.0),
    });
    let (deciding, purity): (Vec<usize>, Vec<f32>) = decisions.unzip();
    let deciding = windows.iter().zip(deciding).map(|(w, row)| w.start + row as u64).collect::<UInt64Array>();
    let number = |rows: &UInt64Array| {
        let numbers = take(column(frames, &spec.columns.order_by)?, rows, None).map_err(internal)?;
        cast(&numbers, &DataType::Int64).map_err(internal)
    };
    let write = |field: &Arc<Field>| -> Result<ArrayRef> {
        Ok(match (field.name().as_str(), matrix) {
            (WINDOW_ID, _) => Arc::new(window_ids(spec, frames, &start, &number(&start)?)?),
            (FRAME_START, _) => number(&start)?,
            (FRAME_END, _) => number(&end)?,
            (PURITY, _) => Arc::new(Float32Array::from(purity.clone())),
            (VALID_LEN, _) => Arc::new(windows.iter().map(|w| w.valid_len as i32).collect::<Int32Array>()),
            (FEATURES, Some(matrix)) => {
                if *nulls == Nulls::Refuse {
                    refuse_bad(spec, frames, matrix, windows)?;
                }
                Arc::new(features(field, matrix, windows, slicer.width)?)
            }
            (name, _) if spec.columns.label.as_deref() == Some(name) => {
                take(column(frames, name)?, &deciding, None).map_err(internal)?
            }
            (name, _) => take(column(frames, name)?, &start, None).map_err(internal)?,
        })
    };
    let columns = output.fields().iter().map(write).collect::<Result<Vec<_>>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(windows.len()));
    RecordBatch::try_new_with_options(Arc::clone(output), columns, &rows).map_err(internal)
}

/// `source/video:frame`; `%`, `/` and `:` inside a key are written %25, %2F, %3A, so that no two windows share a name.
fn window_ids(spec: &Spec, frames: &RecordBatch, start: &UInt64Array, numbers: &dyn Array) -> Result<StringArray> {
    let options = FormatOptions::default().with_null("");
    let keys = spec.columns.by.iter().map(|name| column(frames, name)).collect::<Result<Vec<_>>>()?;
    let keys =
        keys.iter().map(|k| ArrayFormatter::try_new(k, &options).map_err(internal)).collect::<Result<Vec<_>>>()?;
    let numbers = ArrayFormatter::try_new(numbers, &options).map_err(internal)?;
    let escape = |text: String| match text.contains(['%', '/', ':']) {
        true => text.replace('%', "%25").replace('/', "%2F").replace(':', "%3A"),
        false => text,
    };
    let id = |(i, row): (usize, &u64)| {
        let keys: Vec<_> = keys.iter().map(|k| escape(k.value(*row as usize).to_string())).collect();
        format!("{}:{}", keys.join("/"), numbers.value(i))
    };
    Ok(StringArray::from_iter_values(start.values().iter().enumerate().map(id)))
}

fn refuse_bad(spec: &Spec, frames: &RecordBatch, matrix: &Matrix, windows: &[Window]) -> Result<()> {
    for w in windows {
        let start = w.start as usize;
        if let Some((row, place)) = matrix.first_bad(start, start + w.valid_len as usize) {
            let value = matrix.values[row * matrix.dim + place];
            let what = if matrix.is_valid(row * matrix.dim + place) { value.to_string() } else { "NULL".to_owned() };
            let feature = match &spec.columns.features {
                Features::Columns(names) => names[place].clone(),
                Features::List { column, .. } => format!("{column}[{}]", place + 1),
            };
            let numbers = cast(column(frames, &spec.columns.order_by)?, &DataType::Int64).map_err(internal)?;
            let number = Int64Array::from(numbers.to_data()).value(row);
            return data_err!(
                "{}: {}, frame {number}: feature '{feature}' is {what}; a window holds finite numbers only: \
                 filter or fill such frames, or keep missing values with nulls => 'keep'",
                spec.function(),
                recording(spec, frames, row)
            );
        }
    }
    Ok(())
}

fn features(field: &Field, matrix: &Matrix, windows: &[Window], width: usize) -> Result<FixedSizeListArray> {
    let DataType::FixedSizeList(item, size) = field.data_type() else {
        return Err(Error::Internal("features is a fixed-size list".into()));
    };
    let dim = matrix.dim;
    let mut values: Vec<f32> = Vec::with_capacity(windows.len() * width * dim);
    let mut valid: Vec<bool> = vec![];
    for w in windows {
        let (start, end) = (w.start as usize * dim, (w.start as usize + w.valid_len as usize) * dim);
        let padding = width - w.valid_len as usize;
        values.extend_from_slice(&matrix.values[start..end]);
        (0..padding).for_each(|_| values.extend_from_slice(&matrix.values[end - dim..end]));
        if !matrix.valid.is_empty() {
            valid.extend_from_slice(&matrix.valid[start..end]);
            (0..padding).for_each(|_| valid.extend_from_slice(&matrix.valid[end - dim..end]));
        }
    }
    let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
    let values = Float32Array::new(values.into(), nulls);
    FixedSizeListArray::try_new(Arc::clone(item), *size, Arc::new(values), None).map_err(internal)
}
