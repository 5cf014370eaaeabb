//! Feature columns as one row-major matrix [rows, D], so that a window is one contiguous piece of it.

use arrow::array::{Array, FixedSizeListArray, Float32Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::segmenter::column;
use crate::error::{Error, Result};
use crate::frames::columns::Features;

/// The values of some frames.
pub struct Matrix {
    /// [rows, dim], row-major; 0 where missing.
    pub values: Vec<f32>,
    /// Whether each value is there; empty if all are.
    pub valid: Vec<bool>,
    /// Values in a row.
    pub dim: usize,
    /// Number of rows before each row that hold a missing or non-finite value: [rows + 1].
    bad_before: Vec<u32>,
}

impl Matrix {
    /// Reads the feature columns of a batch; every numeric type becomes Float32.
    pub fn read(features: &Features, batch: &RecordBatch) -> Result<Self> {
        let (rows, dim) = (batch.num_rows(), features.dim());
        let mut matrix = Self { values: vec![0.0; rows * dim], valid: vec![], dim, bad_before: vec![] };
        match features {
            Features::Columns(names) => {
                for (place, name) in names.iter().enumerate() {
                    matrix.set_column(place, &float32(column(batch, name)?, name)?);
                }
            }
            Features::List { column: name, .. } => matrix.set_list(column(batch, name)?, name)?,
        }
        matrix.count_bad();
        Ok(matrix)
    }

    /// The first row in `start..end` with a missing or non-finite value, and the place of that value in the row.
    pub fn first_bad(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        if self.bad_before[start] == self.bad_before[end] {
            return None;
        }
        (start * self.dim..end * self.dim).find(|i| self.is_bad(*i)).map(|i| (i / self.dim, i % self.dim))
    }

    /// Whether a value is there.
    pub fn is_valid(&self, index: usize) -> bool {
        self.valid.is_empty() || self.valid[index]
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.values.len() * 4 + self.valid.len() + self.bad_before.len() * 4
    }

    fn is_bad(&self, index: usize) -> bool {
        !self.values[index].is_finite() || !self.is_valid(index)
    }

    fn set_column(&mut self, place: usize, array: &Float32Array) {
        let cells = self.values[place..].iter_mut().step_by(self.dim);
        cells.zip(array.values()).for_each(|(cell, value)| *cell = *value);
        if array.null_count() > 0 {
            (0..array.len()).filter(|r| array.is_null(*r)).for_each(|r| self.forget(r * self.dim + place));
        }
    }

    fn set_list(&mut self, array: &dyn Array, name: &str) -> Result<()> {
        let list = array.as_any().downcast_ref::<FixedSizeListArray>();
        let list = list.ok_or_else(|| Error::Internal(format!("{name} is no fixed-size list any more")))?;
        let dim = self.dim;
        let first = list.value_offset(0) as usize;
        let items = float32(&list.values().slice(first, list.len() * dim), name)?;
        self.values.copy_from_slice(items.values());
        if items.null_count() > 0 || list.null_count() > 0 {
            for i in (0..items.len()).filter(|i| items.is_null(*i) || list.is_null(i / dim)) {
                self.forget(i);
            }
        }
        Ok(())
    }

    fn forget(&mut self, index: usize) {
        if self.valid.is_empty() {
            self.valid = vec![true; self.values.len()];
        }
        self.valid[index] = false;
        self.values[index] = 0.0;
    }

    fn count_bad(&mut self) {
        let rows = self.values.len() / self.dim;
        let mut bad = 0;
        let mut before = Vec::with_capacity(rows + 1);
        before.push(0);
        for row in 0..rows {
            bad += u32::from((row * self.dim..(row + 1) * self.dim).any(|i| self.is_bad(i)));
            before.push(bad);
        }
        self.bad_before = before;
    }
}

fn float32(array: &dyn Array, name: &str) -> Result<Float32Array> {
    match cast(array, &DataType::Float32) {
        Ok(array) => Ok(Float32Array::from(array.to_data())),
        Err(e) => Err(Error::Data(format!("feature '{name}' cannot be read as Float32: {e}"))),
    }
}
