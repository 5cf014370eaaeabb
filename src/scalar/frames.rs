//! How many features a frame has, in a row that holds one frame or many.

use std::fmt::Display;

use arrow::array::Int64Array;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarFunctionArgs;

use super::arguments::{Argument, literal_texts, shape_of};
use crate::error::{self, query_err};

/// What is known of the frames in a column: the shape of its type, the names of the features, or the number of frames.
pub struct Frames {
    function: &'static str,
    shape: Option<(usize, usize)>,
    /// The names of the features, if they are given.
    pub names: Vec<String>,
    width: Option<Argument<Int64Array>>,
}

impl Frames {
    /// What the type of the first argument tells, and the argument at `place` if it is given: a list of names or a whole number.
    pub fn new(function: &'static str, args: &ScalarFunctionArgs, place: usize) -> Result<Self> {
        let mut frames = Self { function, shape: shape_of(&args.arg_fields), names: vec![], width: None };
        match args.args.get(place) {
            Some(width) if width.data_type() == DataType::Int64 => frames.width = Some(Argument::new(width)?),
            Some(names) => frames.names = literal_texts(function, "names", names)?,
            None => {}
        }
        Ok(frames)
    }

    /// Whether anything tells how many frames a row holds; else it is taken for one frame.
    pub fn are_known(&self) -> bool {
        self.shape.is_some() || self.width.is_some() || !self.names.is_empty()
    }

    /// The features of a frame in a row of so many values; None if the number of frames is NULL.
    ///
    /// # Errors
    /// Values that are not whole frames.
    pub fn dim(&self, row: usize, values: usize) -> error::Result<Option<usize>> {
        let refuse =
            |what: &dyn Display| query_err!("{}: {values} values are not whole frames of {what}", self.function);
        let dim = match (&self.width, self.shape) {
            (Some(width), _) => match width.at(row) {
                None => return Ok(None),
                Some(width) if width >= 1 && (values as u64).is_multiple_of(width as u64) => values / width as usize,
                Some(width) => return refuse(&format!("a window of width {width}")),
            },
            (None, Some((_, dim))) => dim,
            (None, None) if self.names.is_empty() => values,
            (None, None) => self.names.len(),
        };
        if !values.is_multiple_of(dim.max(1)) {
            return refuse(&format!("the {dim} features that are named"));
        }
        Ok(Some(dim))
    }
}
