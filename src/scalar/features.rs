//! A column of windows as rows of numbers: Arrow on the outside, slices for the kernels on the inside.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, FieldRef, Float32Type};

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
        let array: ArrayRef = match array.as_list_opt::<i32>() {
            Some(lists) => Arc::new(alone(lists)),
            None => Arc::clone(array),
        };
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
        let some_missing = child.null_count() > 0;
        Ok(Self { array, values, some_missing })
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
    pub fn map(&self, change: impl FnMut(usize, &[f32], &mut [f32]) -> Result<bool>) -> Result<ArrayRef> {
        self.written(change, |x| x.to_bits() == MISSING, self.some_missing)
    }

    /// As [`Features::map`], for results that may be undefined: each NaN that `change` writes is NULL.
    ///
    /// The values are nullable by type, as [`with_nulls`](crate::schema::with_nulls) says.
    pub fn map_or_null(&self, change: impl FnMut(usize, &[f32], &mut [f32]) -> Result<bool>) -> Result<ArrayRef> {
        self.written(change, f32::is_nan, true)
    }

    fn written(
        &self,
        mut change: impl FnMut(usize, &[f32], &mut [f32]) -> Result<bool>,
        is_missing: fn(f32) -> bool,
        some_missing: bool,
    ) -> Result<ArrayRef> {
        let mut changed = vec![0.0; self.values.len()];
        let mut valid = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            valid.push(match self.row(row) {
                Some(old) => change(row, old, &mut changed[self.range(row)])?,
                None => false,
            });
        }
        let nulls = Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
        let missing = some_missing.then(|| changed.iter().map(|&x| !is_missing(x)).collect::<Vec<_>>());
        let child = Float32Array::new(changed.into(), missing.map(NullBuffer::from));
        self.with_values(child, some_missing, nulls).map_err(|e| Error::Internal(e.to_string()))
    }

    fn with_values(
        &self,
        values: Float32Array,
        nullable: bool,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, arrow::error::ArrowError> {
        let values = Arc::new(values);
        let item = |item: &FieldRef| Arc::new(item.as_ref().clone().with_nullable(nullable || item.is_nullable()));
        Ok(match self.array.data_type() {
            DataType::FixedSizeList(of, size) => {
                Arc::new(FixedSizeListArray::try_new_with_length(item(of), *size, values, nulls, self.rows())?)
            }
            DataType::List(of) => {
                let offsets: OffsetBuffer<i32> = self.array.as_list::<i32>().offsets().clone();
                Arc::new(ListArray::try_new(item(of), offsets, values, nulls)?)
            }
            other => return Err(arrow::error::ArrowError::SchemaError(format!("features of type {other}"))),
        })
    }
}

/// Lists with no other values than theirs: a slice, such as a partition of a window function, shares those of the whole.
fn alone(lists: &ListArray) -> ListArray {
    let (item, offsets, values, nulls) = lists.clone().into_parts();
    let (start, end) = (offsets[0], offsets[offsets.len() - 1]);
    let values = values.slice(start as usize, (end - start) as usize);
    let offsets = if start == 0 { offsets } else { OffsetBuffer::new(offsets.iter().map(|o| o - start).collect()) };
    ListArray::new(item, offsets, values, nulls)
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
    fn every_nan_of_an_undefined_result_is_null() {
        let item = Arc::new(arrow::datatypes::Field::new("item", DataType::Float32, false));
        let values = Arc::new(Float32Array::from(vec![1.0, 2.0, f32::NAN, 4.0]));
        let array: ArrayRef = Arc::new(FixedSizeListArray::new(item, 2, values, None));
        let copied = Features::new(&array).unwrap().map_or_null(|_, old, new| {
            new.copy_from_slice(old);
            new[0] = if old[0] == 1.0 { f32::NAN } else { old[0] };
            Ok(true)
        });
        let copied = copied.unwrap();
        let values = copied.as_fixed_size_list().values().as_primitive::<Float32Type>();
        assert_eq!(values.iter().collect::<Vec<_>>(), [None, Some(2.0), None, Some(4.0)]);
        assert_eq!(copied.null_count(), 0);
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
