//! The parts that columns named by the caller make of the rows: `by => ['width', 'net']`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::Field;
use arrow::error::ArrowError;
use arrow::row::{OwnedRow, RowConverter, SortField};

use crate::error::{Error, Result};

/// Parts with a number each, in the order in which they came; one part where there are no columns.
pub struct Parts {
    function: &'static str,
    by: Vec<Field>,
    converter: RowConverter,
    /// By the bytes of their keys, which are in the order of the values.
    numbers: BTreeMap<Vec<u8>, u32>,
    keys: Vec<OwnedRow>,
    bytes: usize,
}

impl Parts {
    /// Of these columns; `function` is the SQL name, for messages.
    ///
    /// # Errors
    /// A column of a type that cannot be compared.
    pub fn new(function: &'static str, by: &[Field]) -> Result<Self> {
        let fields = by.iter().map(|field| SortField::new(field.data_type().clone())).collect();
        let converter = RowConverter::new(fields).map_err(|e| Error::Query(format!("{function}: by: {e}")))?;
        Ok(Self { function, by: by.to_vec(), converter, numbers: BTreeMap::new(), keys: vec![], bytes: 0 })
    }

    /// The part of each row of a batch.
    ///
    /// # Errors
    /// A column that is not there.
    pub fn of(&mut self, batch: &RecordBatch) -> Result<Vec<u32>> {
        if self.by.is_empty() {
            // One part, which has rows.
            if batch.num_rows() > 0 {
                self.numbers.insert(vec![], 0);
            }
            return Ok(vec![0; batch.num_rows()]);
        }
        let failed = |e: ArrowError| Error::Query(format!("{}: by: {e}", self.function));
        let columns = self.by.iter().filter_map(|field| batch.column_by_name(field.name()).cloned());
        let rows = self.converter.convert_columns(&columns.collect::<Vec<_>>()).map_err(failed)?;
        let mut parts = Vec::with_capacity(batch.num_rows());
        for row in &rows {
            parts.push(match self.numbers.get(row.as_ref()) {
                Some(part) => *part,
                None => {
                    let part = self.keys.len() as u32;
                    self.bytes += 100 + 2 * row.as_ref().len();
                    self.numbers.insert(row.as_ref().to_vec(), part);
                    self.keys.push(row.owned());
                    part
                }
            });
        }
        Ok(parts)
    }

    /// The numbers of all parts, in the order of their keys.
    pub fn in_order(&self) -> impl Iterator<Item = u32> + '_ {
        self.numbers.values().copied()
    }

    /// The columns that tell rows apart: the key of the part of each row of the result.
    ///
    /// # Errors
    /// None that a caller could make.
    pub fn columns(&self, parts: Vec<u32>) -> Result<Vec<ArrayRef>> {
        if self.by.is_empty() {
            return Ok(vec![]);
        }
        let failed = |e: ArrowError| Error::Internal(format!("{}: by: {e}", self.function));
        let keys = self.converter.convert_rows(self.keys.iter().map(OwnedRow::row)).map_err(failed)?;
        let parts = UInt32Array::from(parts);
        // The rows of a dictionary come back as what it holds.
        let typed = |(key, field): (&ArrayRef, &Field)| cast(key, field.data_type()).map_err(failed);
        keys.iter().zip(&self.by).map(typed).map(|key| take(&key?, &parts, None).map_err(failed)).collect()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The fields of the result: those that tell rows apart, and its own.
pub fn fields(by: &[Field], own: impl IntoIterator<Item = Field>) -> Vec<Arc<Field>> {
    by.iter().cloned().chain(own).map(Arc::new).collect()
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Int64Type};

    use super::*;

    fn batch(widths: &[Option<i64>], nets: &[&str]) -> RecordBatch {
        let columns: [(&str, ArrayRef); 2] = [
            ("width", Arc::new(Int64Array::from(widths.to_vec()))),
            ("net", Arc::new(StringArray::from_iter_values(nets))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn parts_come_back_in_the_order_of_their_keys() {
        let by = [Field::new("width", DataType::Int64, true), Field::new("net", DataType::Utf8, false)];
        let mut parts = Parts::new("f", &by).unwrap();
        assert_eq!(parts.of(&batch(&[Some(30), Some(15), Some(30)], &["a", "b", "a"])).unwrap(), [0, 1, 0]);
        assert_eq!(parts.of(&batch(&[None, Some(15), Some(15)], &["a", "b", "a"])).unwrap(), [2, 1, 3]);
        let order: Vec<u32> = parts.in_order().collect();
        assert_eq!(order, [2, 3, 1, 0]);
        let columns = parts.columns(order).unwrap();
        let widths: Vec<Option<i64>> = columns[0].as_primitive::<Int64Type>().iter().collect();
        assert_eq!(widths, [None, Some(15), Some(15), Some(30)]);
        assert_eq!(columns[1].as_string::<i32>().iter().flatten().collect::<String>(), "aaba");
    }

    #[test]
    fn without_columns_all_rows_are_one_part_and_no_rows_are_none() {
        let mut parts = Parts::new("f", &[]).unwrap();
        assert_eq!(parts.of(&batch(&[], &[])).unwrap(), [0; 0]);
        assert_eq!(parts.in_order().count(), 0);
        assert_eq!(parts.of(&batch(&[None], &["a"])).unwrap(), [0]);
        assert_eq!(parts.in_order().collect::<Vec<_>>(), [0]);
    }
}
