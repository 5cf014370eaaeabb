//! How many frames the windows of a training have, and how many values a frame.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field};
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Result, data_err, query_err};
use crate::frames::pass::exec::PassExec;
use crate::notes::shortened;
use crate::scalar::lists::{Lists, fixed_size, item};
use crate::schema::{FEATURES, check_axes, feature_names, tensor_shape};
use crate::windows::spec::{Cut, Spec, Windowing};

/// The shape of the windows, and the names of their features where they are known.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Frames in a window.
    pub width: usize,
    /// Values in a frame; None where only rows tell: lists of any length, of a width that was stated.
    pub dim: Option<usize>,
    /// [dim], or empty.
    pub names: Vec<String>,
}

impl Shape {
    /// From the type of `features`, else from the pose_windows below (metadata does not survive every expression), else from
    /// option `width`.
    ///
    /// # Errors
    /// No column `features`; nothing that tells the frames of a window, or an option that says otherwise.
    pub fn find(input: &Arc<dyn ExecutionPlan>, stated: Option<usize>) -> Result<Self> {
        let schema = input.schema();
        let Ok(field) = schema.field_with_name(FEATURES) else {
            let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            return query_err!(
                "training needs a column 'features' (the values of a window, as pose_windows makes them); the query has {}",
                names.join(", ")
            );
        };
        check_axes("training", field)?;
        match (Self::known(field, input), stated) {
            (Some(shape), Some(width)) if width != shape.width => query_err!(
                "option width: the windows of this query are known to be {shape}, of {} frames (was '{width}'); leave the \
                 option out",
                shape.width
            ),
            (Some(shape), _) => Ok(shape),
            (None, stated) if item(field.data_type()).is_some_and(|frame| item(frame).is_some()) => {
                let width = stated.unwrap_or(30);
                query_err!(
                    "training: features is a list of lists ({}); for windows of {width} frames of 6 values each say SELECT \
                     pose_tensor(features, {width}, 6) AS features in the query",
                    field.data_type()
                )
            }
            (None, Some(width)) => Self::stated(field, width),
            (None, None) => query_err!(
                "training: nothing tells how many frames a window of features ({}) has, as is so with windows that \
                 pose_windows did not make, or whose metadata were lost on the way; for 30 frames of 6 values say OPTIONS \
                 ('width' '30'), or SELECT pose_tensor(features, 30, 6) AS features in the query",
                field.data_type()
            ),
        }
    }

    fn known(field: &Field, input: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        if let Some((width, dim)) = tensor_shape(field) {
            return Some(Self { width, dim: Some(dim), names: feature_names(field) });
        }
        // Other values may have been put beside the windows below under this name.
        let fits = |shape: &Self| {
            let values = shape.dim.map(|dim| shape.width * dim);
            fixed_size(field.data_type()).is_none_or(|size| values == Some(size))
        };
        below(input).filter(fits)
    }

    /// Of windows whose number of frames only the option tells.
    fn stated(field: &Field, width: usize) -> Result<Self> {
        let of = field.data_type();
        match (item(of), fixed_size(of)) {
            (None, _) => {
                query_err!("training: features must be a list of numbers, as pose_windows makes it (was {of})")
            }
            (_, Some(size)) if size == 0 || !size.is_multiple_of(width) => query_err!(
                "option width: the {size} values of a window are not whole frames of a window of '{width}'; say how many \
                 frames they are"
            ),
            (_, size) => {
                let shape = Self { width, dim: size.map(|size| size / width), names: feature_names(field) };
                shape.dim.map_or(Ok(()), |dim| shape.check_names(dim))?;
                Ok(shape)
            }
        }
    }

    /// Refuses a width that gives a frame more or fewer values than have a name.
    fn check_names(&self, dim: usize) -> Result<()> {
        let Self { width, names, .. } = self;
        if names.is_empty() || names.len() == dim {
            return Ok(());
        }
        query_err!(
            "option width: {} values of a window are {dim} in each of '{width}' frames, but the type of features names {} of a frame \
             ({}); say the number of frames with which each has as many",
            width * dim,
            names.len(),
            shortened(names)
        )
    }

    /// The values in a frame, as the first row of a batch tells; None without a row that has features.
    ///
    /// # Errors
    /// A first row that is no whole frames, or of frames with another number of values than of names.
    pub fn dim_of(&self, batch: &RecordBatch) -> Result<Option<usize>> {
        let features = batch.column_by_name(FEATURES).filter(|features| !features.is_empty());
        let Some(features) =
            features.filter(|features| matches!(features.data_type(), DataType::List(_) | DataType::LargeList(_)))
        else {
            return Ok(None);
        };
        match Lists::new(&features.slice(0, 1))?.row(0).map(|of| of.len()) {
            None => Ok(None),
            Some(size) if size > 0 && size.is_multiple_of(self.width) => {
                let dim = size / self.width;
                self.check_names(dim).map(|()| Some(dim))
            }
            Some(size) => data_err!(
                "training: option width: the first window has {size} values, which are not whole frames of a window of '{}'; \
                 say how many frames they are",
                self.width
            ),
        }
    }
}

fn below(plan: &Arc<dyn ExecutionPlan>) -> Option<Shape> {
    let any: &dyn Any = plan.as_ref();
    if let Some(windows) = any.downcast_ref::<PassExec<Spec>>() {
        let spec = windows.pass();
        let Cut::Windows(Windowing { slicer, .. }) = &spec.cut else { return None };
        let features = &spec.columns.features;
        let names = if features.columns().len() == features.dim() { features.columns().to_vec() } else { vec![] };
        return Some(Shape { width: slicer.width, dim: Some(features.dim()), names });
    }
    plan.children().into_iter().find_map(below)
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dim {
            Some(dim) => write!(f, "[{}, {dim}]", self.width),
            None => write!(f, "[{}, ?]", self.width),
        }
    }
}
