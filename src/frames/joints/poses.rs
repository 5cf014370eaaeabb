//! Poses row by row: what a row says of its skeleton is read once for the rows that say the same, frames one by one.

use std::fmt::Display;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarFunctionArgs;

use crate::error::{self, Error, query_err};
use crate::frames::skeletons::Skeletons;
use crate::frames::skeletons::body::{Body, Value};
use crate::scalar::arguments::{Argument, first_column, shape_of};
use crate::scalar::features::Features;
use crate::scalar::frames::Frames;

/// The poses of a batch: features, and texts such as a skeleton and names of its joints.
pub(super) struct Poses {
    function: &'static str,
    features: Features,
    shape: Option<(usize, usize)>,
    frames: Frames,
    texts: Vec<Argument<StringArray>>,
}

impl Poses {
    /// The first argument, and the texts at these places.
    pub fn new(function: &'static str, args: &ScalarFunctionArgs, texts: std::ops::Range<usize>) -> Result<Self> {
        Ok(Self {
            function,
            features: Features::new(&first_column(&args.args, args.number_rows)?)?,
            shape: shape_of(&args.arg_fields),
            frames: Frames::new(function, args, usize::MAX)?,
            texts: args.args.iter().take(texts.end).skip(texts.start).map(Argument::new).collect::<Result<_>>()?,
        })
    }

    /// The poses that `write` makes of each frame: (plan, row, old frame, new frame).
    ///
    /// `plan` is made of the texts and the number of values in a frame. A row is NULL where a text is, or where `write`
    /// returns false; a value is NULL where `write` leaves a NaN.
    pub fn map<P>(
        &self,
        plan: impl Fn(&[&str], usize) -> error::Result<P>,
        mut write: impl FnMut(&P, usize, &[f32], &mut [f32]) -> error::Result<bool>,
    ) -> Result<ArrayRef> {
        let mut latest = None;
        let poses = self.features.map_or_null(|row, old, new| {
            if old.is_empty() {
                return Ok(self.says_all(row));
            }
            let Some((dim, plan)) = self.plan(&plan, &mut latest, row, old)? else { return Ok(false) };
            for (old, new) in old.chunks_exact(dim).zip(new.chunks_exact_mut(dim)) {
                if !write(plan, row, old, new)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        Ok(poses)
    }

    /// The number that `measure` finds in each frame: (plan, row, frame). NULL where it is a NaN or None.
    ///
    /// A list of as many numbers as a window has frames, where the type tells how many; else a row is one frame.
    pub fn numbers<P>(
        &self,
        plan: impl Fn(&[&str], usize) -> error::Result<P>,
        mut measure: impl FnMut(&P, usize, &[f32]) -> error::Result<Option<f32>>,
    ) -> Result<ArrayRef> {
        let width = self.shape.map_or(1, |(width, _)| width);
        let mut latest = None;
        let mut numbers: Vec<Option<f32>> = Vec::with_capacity(self.features.rows() * width);
        for row in 0..self.features.rows() {
            if let Some(old) = self.features.row(row)
                && let Some((dim, plan)) = self.plan(&plan, &mut latest, row, old)?
            {
                for frame in old.chunks_exact(dim) {
                    numbers.push(measure(plan, row, frame)?.filter(|x| !x.is_nan()));
                }
            }
            numbers.resize((row + 1) * width, None);
        }
        let numbers = Float32Array::from(numbers);
        let Some((width, _)) = self.shape else { return Ok(Arc::new(numbers)) };
        let valid = (0..self.features.rows()).map(|row| self.features.row(row).is_some() && self.says_all(row));
        let nulls = Some(NullBuffer::from_iter(valid)).filter(|nulls| nulls.null_count() > 0);
        let DataType::FixedSizeList(item, size) = list_of(width) else { return Ok(Arc::new(numbers)) };
        let (numbers, rows) = (Arc::new(numbers), self.features.rows());
        Ok(Arc::new(FixedSizeListArray::try_new_with_length(item, size, numbers, nulls, rows)?))
    }

    fn says_all(&self, row: usize) -> bool {
        self.texts.iter().all(|text| text.at(row).is_some())
    }

    /// The values of a frame in a row and the plan for them; None if a text is NULL or there is no frame.
    fn plan<'s, 'p, P>(
        &'s self,
        plan: &impl Fn(&[&str], usize) -> error::Result<P>,
        latest: &'p mut Option<(usize, Vec<&'s str>, P)>,
        row: usize,
        values: &[f32],
    ) -> error::Result<Option<(usize, &'p P)>> {
        if !self.says_all(row) {
            return Ok(None);
        }
        let Some(dim) = self.frames.dim(row, values.len())?.filter(|dim| *dim > 0) else { return Ok(None) };
        if let Some((width, dim)) = self.shape.filter(|(width, dim)| width * dim != values.len()) {
            let function = self.function;
            return query_err!("{function}: {} values where the type says {width} frames of {dim}", values.len());
        }
        let texts = self.texts.iter().filter_map(|text| text.at(row));
        if !matches!(latest, Some((of, known, _)) if *of == dim && texts.clone().eq(known.iter().copied())) {
            let texts: Vec<_> = texts.collect();
            let made = plan(&texts, dim).map_err(|e| Error::Query(format!("{}: {e}", self.function)))?;
            *latest = Some((dim, texts, made));
        }
        Ok(latest.as_ref().map(|(dim, _, plan)| (*dim, plan)))
    }
}

/// The field of what [`Poses::numbers`] makes of features like those of the first argument.
pub(super) fn numbers_field(function: &str, fields: &[FieldRef]) -> Result<FieldRef> {
    let data_type = shape_of(fields).map_or(DataType::Float32, |(width, _)| list_of(width));
    Ok(Arc::new(Field::new(function, data_type, true)))
}

fn list_of(width: usize) -> DataType {
    DataType::FixedSizeList(Arc::new(Field::new_list_field(DataType::Float32, true)), width as i32)
}

/// The body that a spec describes, which has to have coordinates along two or three axes.
pub(super) fn body(spec: &str, dim: usize, skeletons: &Skeletons) -> error::Result<Body> {
    let body = Body::parse(spec, dim, skeletons)?;
    match body.axes().len() {
        2 | 3 => Ok(body),
        axes => query_err!("'{spec}' says that a joint has {axes} of the coordinates x, y, z; expected two or three"),
    }
}

/// The places in a joint of coordinates and of velocities: what moves when its place does.
pub(super) fn moving(body: &Body) -> Vec<usize> {
    [body.axes(), body.velocities()].concat()
}

/// Refuses values of a joint that `function` cannot turn into those of its result.
pub(super) fn refuse(body: &Body, of: impl Fn(&Value) -> bool, why: impl Display) -> error::Result<()> {
    if body.values.iter().any(of) { query_err!("skeleton '{}': {why}", body.skeleton.name) } else { Ok(()) }
}

/// The coordinates of a joint in a frame, along the axes.
pub(super) fn point<'p>(
    frame: &[f32],
    body: &Body,
    axes: &[usize],
    joint: usize,
    point: &'p mut [f32; 3],
) -> &'p [f32] {
    for (x, axis) in point.iter_mut().zip(axes) {
        *x = frame[joint * body.values.len() + axis];
    }
    &point[..axes.len()]
}
