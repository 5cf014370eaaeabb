//! A column of windows as rows of numbers: Arrow on the outside, slices for the kernels on the inside.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Float32Type};

use crate::error::{Error, Result};

/// The bits of the NaN that stands for NULL inside kernels: they keep the bits of missing values, so that the NULLs
/// can be told from the NaNs afterwards.
const MISSING: u32 = 0x7fc0_6e75;

/// A column of features: one row of Float32 values for each window or frame.
pub struct Features {
    array: ArrayRef,
    values: ScalarBuffer<f32>,
    some_missing: bool,
}

impl Features {
    /// Reads a FixedSizeList or List of Float32 without a copy, unless values inside it are NULL.
    pub fn new(array: &ArrayRef) -> Result<Self> {
        let child = match array.data_type() {
            DataType::FixedSizeList(..) => array.as_fixed_size_list().values(),
            DataType::List(_) => array.as_list::<i32>().values(),
            other => return Err(Error::Internal(format!("features of type {other}"))),
        };
        let Some(child) = child.as_primitive_opt::<Float32Type>() else {
            return Err(Error::Internal(format!("features of type {}", array.data_type())));
        };
        let values = match child.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => child.values().clone(),
            Some(nulls) => {
                let missing = f32::from_bits(MISSING);
                nulls.iter().zip(child.values()).map(|(valid, &x)| if valid { x } else { missing }).collect()
            }
        };
        Ok(Self { array: Arc::clone(array), values, some_missing: child.null_count() > 0 })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.array.len()
    }

    /// The values of a row, with a NaN for each NULL; None if the whole row is NULL.
    pub fn row(&self, row: usize) -> Option<&[f32]> {
        self.array.is_valid(row).then(|| &self.values[self.range(row)])
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        match self.array.data_type() {
            DataType::FixedSizeList(_, size) => row * *size as usize..(row + 1) * *size as usize,
            _ => {
                let offsets = self.array.as_list::<i32>().value_offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
        }
    }

    /// A column of the same type and shape, whose rows `change` writes: (row, old values, new values).
    ///
    /// A row that is NULL, or for which `change` returns false, is NULL in the result.
    pub fn map(&self, mut change: impl FnMut(usize, &[f32], &mut [f32]) -> Result<bool>) -> Result<ArrayRef> {
        let mut changed = vec![0.0; self.values.len()];
        let mut valid = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            valid.push(match self.row(row) {
                Some(old) => change(row, old, &mut changed[self.range(row)])?,
                None => false,
            });
        }
        let nulls = Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
        self.with_values(changed, nulls).map_err(|e| Error::Internal(e.to_string()))
    }

    fn with_values(&self, values: Vec<f32>, nulls: Option<NullBuffer>) -> Result<ArrayRef, arrow::error::ArrowError> {
        let missing = self.some_missing.then(|| values.iter().map(|x| x.to_bits() != MISSING).collect::<Vec<_>>());
        let child = Arc::new(Float32Array::new(values.into(), missing.map(NullBuffer::from)));
        Ok(match self.array.data_type() {
            DataType::FixedSizeList(item, size) => {
                Arc::new(FixedSizeListArray::try_new_with_length(Arc::clone(item), *size, child, nulls, self.rows())?)
            }
            DataType::List(item) => {
                let offsets: OffsetBuffer<i32> = self.array.as_list::<i32>().offsets().clone();
                Arc::new(ListArray::try_new(Arc::clone(item), offsets, child, nulls)?)
            }
            other => return Err(arrow::error::ArrowError::SchemaError(format!("features of type {other}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::types::Float32Type;

    fn doubled(array: ArrayRef) -> ArrayRef {
        let double = |_, old: &[f32], new: &mut [f32]| {
            new.iter_mut().zip(old).for_each(|(y, &x)| *y = if x.is_nan() { x } else { 2.0 * x });
            Ok(old.len() > 1)
        };
        Features::new(&array).unwrap().map(double).unwrap()
    }

    #[test]
    fn a_null_inside_a_row_stays_null_and_a_nan_stays_a_nan() {
        let rows = vec![Some(vec![Some(1.0), None, Some(f32::NAN)]), None, Some(vec![Some(2.0), Some(3.0), None])];
        let array: ArrayRef = Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows, 3));
        let doubled = doubled(Arc::clone(&array));
        assert_eq!(doubled.data_type(), array.data_type());
        assert_eq!((doubled.is_null(1), doubled.null_count()), (true, 1));
        let first = doubled.as_fixed_size_list().value(0);
        let first = first.as_primitive::<Float32Type>();
        assert_eq!((first.value(0), first.is_null(1), first.value(2).is_nan()), (2.0, true, true));
        assert!(first.is_valid(2));
    }

    #[test]
    fn a_slice_of_lists_is_read_where_it_begins() {
        let rows = [vec![1.0], vec![2.0, 3.0], vec![], vec![4.0, 5.0]].map(|row| Some(row.into_iter().map(Some)));
        let array: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(rows));
        let doubled = doubled(array.slice(1, 3));
        let last = doubled.as_list::<i32>().value(2);
        assert_eq!(last.as_primitive::<Float32Type>().values(), &[8.0, 10.0]);
        assert_eq!((doubled.len(), doubled.is_null(1)), (3, true));
        assert_eq!(super::Features::new(&array.slice(1, 1)).unwrap().row(0), Some(&[2.0, 3.0][..]));
    }
}
