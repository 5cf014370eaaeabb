//! The windows of a column as a model reads them, and what is refused with a word on both sides.

use std::sync::Arc;

use arrow::array::Int64Array;
use arrow::datatypes::FieldRef;
use datafusion::common::internal_err;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use crate::error::{Result, data_err, query_err};
use crate::scalar::arguments::{Argument, literal_text};
use crate::scalar::features::Features;
use crate::schema::{check_axes, feature_names, tensor_shape};
use crate::store::models::{Model, Models};

/// The windows of a batch that a model is asked about.
#[derive(Debug, Default)]
pub struct Windows {
    /// Whether each row of the batch is one: neither the window nor its valid_len is NULL.
    pub valid: Vec<bool>,
    /// Their values [valid rows, width, dim].
    pub values: Vec<f32>,
    /// Their recorded frames.
    pub lengths: Vec<u32>,
}

/// What `function(model, features [, valid_len])` asks which model; None for no model or no rows.
pub fn asked(
    function: &str,
    models: &Arc<Models>,
    args: &ScalarFunctionArgs,
) -> datafusion::common::Result<Option<(Arc<Model>, Windows)>> {
    let (Some(model), Some(features)) = (args.args.first(), args.args.get(1)) else {
        return internal_err!("{function} without arguments");
    };
    let model = match literal_text(function, "model", model)? {
        Some(name) if args.number_rows > 0 => models.load_now(name)?,
        _ => return Ok(None),
    };
    // Whoever says how sure the model has to be names no length by a NULL in its place.
    let no_length = |value: &&ColumnarValue| {
        args.args.len() > 3 && matches!(value, ColumnarValue::Scalar(scalar) if scalar.is_null())
    };
    let valid_len = args.args.get(2).filter(|value| !no_length(value));
    let valid_len = valid_len.map(Argument::<Int64Array>::new).transpose()?;
    let features = Features::new(&features.to_array(args.number_rows)?)?;
    let name = format!("model '{}' (version {})", model.name, model.version);
    let architecture = &model.recipe.architecture;
    let names = model.recipe.features.as_deref();
    let reads = Reads { function, model: &name, width: architecture.width, dim: architecture.features, names };
    let windows = reads.take(&features, args.arg_fields.get(1), valid_len.as_ref())?;
    Ok(Some((model, windows)))
}

/// What a model reads: windows [width, dim] of named features.
#[derive(Debug, Clone, Copy)]
pub struct Reads<'a> {
    /// The function that asks it.
    pub function: &'a str,
    /// `model 'gait' (version 2)`.
    pub model: &'a str,
    /// Frames of a window.
    pub width: usize,
    /// Features of a frame.
    pub dim: usize,
    /// Names of the features, if they are known.
    pub names: Option<&'a [String]>,
}

impl Reads<'_> {
    /// The windows of a column of this field.
    fn take(
        &self,
        features: &Features,
        field: Option<&FieldRef>,
        valid_len: Option<&Argument<Int64Array>>,
    ) -> Result<Windows> {
        if let Some(field) = field {
            check_axes("pose_predict", field)?;
            tensor_shape(field).map_or(Ok(()), |shape| self.check_shape(shape))?;
            self.check_names(&feature_names(field))?;
        }
        let mut windows = Windows::default();
        for row in 0..features.rows() {
            let length = valid_len.map(|len| len.at(row));
            let window = features.row(row).filter(|_| length != Some(None));
            windows.valid.push(window.is_some());
            if let Some(window) = window {
                self.check_window(row, window)?;
                windows.values.extend_from_slice(window);
                windows.lengths.push(self.check_valid_len(row, length.flatten())?);
            }
        }
        Ok(windows)
    }

    /// Refuses a column whose declared shape is another one, though the number of values may be the same.
    pub fn check_shape(&self, shape: (usize, usize)) -> Result<()> {
        if shape == (self.width, self.dim) {
            return Ok(());
        }
        self.refuse(shape.0 * shape.1, &format!(" ([{}, {}])", shape.0, shape.1))
    }

    /// Refuses a column whose features are known to be others, or in another order.
    pub fn check_names(&self, given: &[String]) -> Result<()> {
        match self.names {
            Some(names) if !given.is_empty() && names != given => query_err!(
                "{}: {} reads the features {}, but the windows have {}; make windows of the same features in the same \
                 order, and rename columns where only their names differ",
                self.function,
                self.model,
                names.join(", "),
                given.join(", ")
            ),
            _ => Ok(()),
        }
    }

    /// Refuses a window with another number of values, or with one that is missing or no finite number.
    ///
    /// `row` counts from 0 in the batch; an error names the frame with its values.
    pub fn check_window(&self, row: usize, values: &[f32]) -> Result<()> {
        if values.len() != self.width * self.dim {
            return self.refuse(values.len(), "");
        }
        let Some(at) = values.iter().position(|x| !x.is_finite()) else { return Ok(()) };
        let (frame, feature) = (at / self.dim, at % self.dim);
        let name = match self.names.and_then(|names| names.get(feature)) {
            Some(name) => format!("'{name}'"),
            None => format!("{} of {}", feature + 1, self.dim),
        };
        data_err!(
            "{}: {} was given a window with a value that is missing or no finite number: row {row} of the batch, frame \
             {frame} of {}, feature {name}; the frame is {:?}; fill it in, or filter such windows out",
            self.function,
            self.model,
            self.width,
            &values[frame * self.dim..(frame + 1) * self.dim],
        )
    }

    /// The recorded frames of a row: `valid_len` in 1..=width, the width where none is given.
    pub fn check_valid_len(&self, row: usize, valid_len: Option<i64>) -> Result<u32> {
        match valid_len {
            None => Ok(self.width as u32),
            Some(len) if (1..=self.width as i64).contains(&len) => Ok(len as u32),
            Some(len) => data_err!(
                "{}: {}: valid_len must be in 1..={} (was {len} in row {row} of the batch)",
                self.function,
                self.model,
                self.width
            ),
        }
    }

    fn refuse(&self, given: usize, shape: &str) -> Result<()> {
        let Self { function, model, width, dim, .. } = self;
        query_err!(
            "{function}: {model} reads windows of [{width}, {dim}] = {} values, but features has {given} values{shape}; \
             make windows of width {width} with the {dim} features that it was trained on, in the same order",
            width * dim
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS: Reads<'_> =
        Reads { function: "pose_predict", model: "model 'gait' (version 2)", width: 100, dim: 6, names: None };

    #[test]
    fn another_shape_shows_both_sides() {
        let error = READS.check_shape((50, 8)).unwrap_err().to_string();
        let both = "pose_predict: model 'gait' (version 2) reads windows of [100, 6] = 600 values, but features has \
                    400 values ([50, 8]); ";
        assert!(error.starts_with(both), "{error}");
        assert!(READS.check_shape((6, 100)).is_err() && READS.check_shape((100, 6)).is_ok());
        assert!(READS.check_window(0, &[0.0; 599]).is_err() && READS.check_window(0, &[0.0; 600]).is_ok());
    }

    #[test]
    fn a_value_that_is_no_number_shows_its_frame() {
        let names = ["ax".to_owned(), "ay".to_owned()];
        let reads = Reads { width: 3, dim: 2, names: Some(&names), ..READS };
        let error = reads.check_window(7, &[0.0, 1.0, 2.0, f32::NAN, 4.0, 5.0]).unwrap_err().to_string();
        assert!(error.contains("row 7 of the batch, frame 1 of 3, feature 'ay'; the frame is [2.0, NaN]"), "{error}");
    }

    #[test]
    fn features_in_another_order_are_refused() {
        let [names, swapped] = [["ax", "ay"], ["ay", "ax"]].map(|names| names.map(str::to_owned));
        let reads = Reads { names: Some(&names), ..READS };
        let error = reads.check_names(&swapped).unwrap_err().to_string();
        assert!(error.contains("reads the features ax, ay, but the windows have ay, ax"), "{error}");
        assert!(
            reads.check_names(&names).is_ok() && reads.check_names(&[]).is_ok() && READS.check_names(&names).is_ok()
        );
    }

    #[test]
    fn a_window_has_at_least_one_frame() {
        assert_eq!(READS.check_valid_len(0, None), Ok(100));
        assert_eq!(READS.check_valid_len(0, Some(1)), Ok(1));
        let error = READS.check_valid_len(4, Some(0)).unwrap_err().to_string();
        assert!(error.ends_with("valid_len must be in 1..=100 (was 0 in row 4 of the batch)"), "{error}");
    }
}
