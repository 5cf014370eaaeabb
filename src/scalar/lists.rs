//! Lists of numbers, and lists of such lists, as rows of Float32: Arrow on the outside, slices on the inside.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, OffsetSizeTrait};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};

use crate::error::{Error, Result};

/// The type of the items of a list; None of anything else.
pub fn item(list: &DataType) -> Option<&DataType> {
    match list {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Some(item.data_type()),
        _ => None,
    }
}

/// How many items every list of a type has, if the type tells.
pub fn fixed_size(list: &DataType) -> Option<usize> {
    if let DataType::FixedSizeList(_, size) = list { usize::try_from(*size).ok() } else { None }
}

/// A column of lists: where each row's items lie in those of all rows.
pub struct Lists {
    /// The items of the rows, and no others.
    pub items: ArrayRef,
    /// Of each row; None where it is NULL.
    rows: Vec<Option<Range<usize>>>,
}

impl Lists {
    /// Reads a column of any type of list. Items that no row has, as a slice of a longer column shares them, are left out.
    ///
    /// # Errors
    /// A column of another type, which the caller has refused before.
    pub fn new(array: &ArrayRef) -> Result<Self> {
        let (items, ranges) = match array.data_type() {
            DataType::FixedSizeList(_, size) => {
                let size = *size as usize;
                let ranges = (0..array.len()).map(|row| row * size..(row + 1) * size).collect();
                (Arc::clone(array.as_fixed_size_list().values()), ranges)
            }
            DataType::List(_) => listed(array.as_list::<i32>().values(), array.as_list::<i32>().value_offsets()),
            DataType::LargeList(_) => listed(array.as_list::<i64>().values(), array.as_list::<i64>().value_offsets()),
            DataType::ListView(_) => {
                let views = array.as_list_view::<i32>();
                viewed(views.values(), views.value_offsets(), views.value_sizes())
            }
            DataType::LargeListView(_) => {
                let views = array.as_list_view::<i64>();
                viewed(views.values(), views.value_offsets(), views.value_sizes())
            }
            other => return Err(Error::Internal(format!("a list of type {other}"))),
        };
        let rows = ranges.into_iter().enumerate().map(|(row, range)| array.is_valid(row).then_some(range)).collect();
        Ok(Self { items, rows })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where the items of a row lie; None if it is NULL.
    pub fn row(&self, row: usize) -> Option<Range<usize>> {
        self.rows[row].clone()
    }

    /// The items as Float32.
    ///
    /// # Errors
    /// Items that are no numbers, which the caller has refused before.
    pub fn numbers(&self) -> Result<Float32Array> {
        let numbers = cast(&self.items, &DataType::Float32).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(numbers.as_primitive::<Float32Type>().clone())
    }
}

fn listed<O: OffsetSizeTrait>(items: &ArrayRef, offsets: &[O]) -> (ArrayRef, Vec<Range<usize>>) {
    let (first, last) = (offsets[0].as_usize(), offsets[offsets.len() - 1].as_usize());
    let ranges = offsets.windows(2).map(|ends| ends[0].as_usize() - first..ends[1].as_usize() - first);
    (items.slice(first, last - first), ranges.collect())
}

fn viewed<O: OffsetSizeTrait>(items: &ArrayRef, offsets: &[O], sizes: &[O]) -> (ArrayRef, Vec<Range<usize>>) {
    let ends = || offsets.iter().zip(sizes).map(|(start, size)| start.as_usize()..start.as_usize() + size.as_usize());
    let (first, last) = (ends().map(|r| r.start).min().unwrap_or(0), ends().map(|r| r.end).max().unwrap_or(0));
    (items.slice(first, last - first), ends().map(|r| r.start - first..r.end - first).collect())
}

#[cfg(test)]
mod tests {
    use arrow::array::{FixedSizeListArray, Float64Array, LargeListArray, ListArray, ListViewArray};
    use arrow::buffer::ScalarBuffer;
    use arrow::datatypes::{Field, Float64Type};

    use super::*;

    fn read(array: ArrayRef) -> Vec<Option<Vec<f32>>> {
        let lists = Lists::new(&array).unwrap();
        let numbers = lists.numbers().unwrap();
        (0..lists.len()).map(|row| lists.row(row).map(|of| numbers.values()[of].to_vec())).collect()
    }

    #[test]
    fn a_slice_of_every_kind_of_list_has_its_own_items() {
        let rows = || [Some(vec![Some(9.0), Some(9.0)]), None, Some(vec![Some(1.0), Some(2.0)])];
        let expected = [None, Some(vec![1.0, 2.0])];
        let kinds: [ArrayRef; 3] = [
            Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows())),
            Arc::new(LargeListArray::from_iter_primitive::<Float64Type, _, _>(rows())),
            Arc::new(FixedSizeListArray::from_iter_primitive::<Float64Type, _, _>(rows(), 2)),
        ];
        for array in kinds {
            let slice = array.slice(1, 2);
            assert_eq!(read(Arc::clone(&slice)), expected, "{}", array.data_type());
            assert!(Lists::new(&slice).unwrap().items.len() <= 4);
        }
    }

    #[test]
    fn views_may_lie_anywhere() {
        let items: ArrayRef = Arc::new(Float64Array::from(vec![0.0, 1.0, 2.0, 3.0]));
        let field = Arc::new(Field::new_list_field(DataType::Float64, true));
        let (offsets, sizes) = (ScalarBuffer::from(vec![2, 1]), ScalarBuffer::from(vec![2, 2]));
        let views: ArrayRef = Arc::new(ListViewArray::new(field, offsets, sizes, items, None));
        assert_eq!(read(views), [Some(vec![2.0, 3.0]), Some(vec![1.0, 2.0])]);
    }
}
