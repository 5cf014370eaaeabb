//! Numbers for labels: equal for equal labels, over the whole series.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};

use crate::account::classes::names_of;
use crate::error::Result;
use crate::frames::pass::internal;
use crate::frames::pass::segmenter::column;

/// The labels of the rows that windows may still need.
pub struct Labels {
    /// What reads them, for messages.
    function: &'static str,
    name: String,
    converter: RowConverter,
    /// By the bytes of a value: a class is named once, not in each row.
    known: HashMap<Box<[u8]>, u32>,
    /// By the name of the class: 0.0 and -0.0 are one.
    classes: HashMap<Option<String>, u32>,
    next: u32,
    ids: Vec<u32>,
    base: u64,
}

impl Labels {
    /// Labels in column `name`, which `function` reads.
    pub fn new(function: &'static str, name: &str, schema: &SchemaRef) -> Result<Self> {
        let field = schema.field_with_name(name).map_err(internal)?;
        let converter = RowConverter::new(vec![SortField::new(field.data_type().clone())]).map_err(internal)?;
        let (known, classes) = (HashMap::new(), HashMap::new());
        Ok(Self { function, name: name.to_owned(), converter, known, classes, next: 0, ids: vec![], base: 0 })
    }

    /// Adds those of a batch.
    ///
    /// # Errors
    /// A label that is no class, such as NaN.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        let labels: &ArrayRef = column(batch, &self.name)?;
        let rows = self.converter.convert_columns(std::slice::from_ref(labels)).map_err(internal)?;
        for (place, row) in rows.iter().enumerate() {
            let id = match self.known.get(row.as_ref()) {
                Some(&id) => id,
                None => {
                    let id = self.id(&labels.slice(place, 1))?;
                    self.known.insert(row.as_ref().into(), id);
                    id
                }
            };
            self.ids.push(id);
        }
        Ok(())
    }

    /// The number of a value that was not seen before, which may be of a class that was.
    fn id(&mut self, label: &ArrayRef) -> Result<u32> {
        // Lists have no names, and no second way to write a value.
        let class = match label.data_type().is_nested() {
            true => self.next,
            false => {
                let name = names_of(self.function, &self.name, label)?;
                *self.classes.entry(name.iter().next().flatten().map(str::to_owned)).or_insert(self.next)
            }
        };
        self.next += u32::from(class == self.next);
        Ok(class)
    }

    /// Forgets the rows before `row`, sooner or later.
    pub fn forget(&mut self, row: u64) {
        let rows = (row - self.base) as usize;
        if rows * 2 > self.ids.len() {
            self.ids.drain(..rows);
            self.base = row;
        }
    }

    /// Bytes held for rows.
    pub fn bytes(&self) -> usize {
        self.ids.capacity() * 4
    }

    /// Those of the rows `start..end`.
    pub fn rows(&self, start: u64, end: u64) -> &[u32] {
        &self.ids[(start - self.base) as usize..(end - self.base) as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, Float64Array, Int8Array, StringArray};
    use arrow::datatypes::Int8Type;

    use super::*;

    fn ids(labels: ArrayRef) -> Result<Vec<u32>> {
        let batch = RecordBatch::try_from_iter_with_nullable([("label", labels, true)]).unwrap();
        let mut labels = Labels::new("pose_windows", "label", &batch.schema())?;
        // Twice, the second time by what is known.
        labels.append(&batch)?;
        labels.append(&batch)?;
        let rows = batch.num_rows() as u64;
        assert_eq!(labels.rows(0, rows), labels.rows(rows, 2 * rows));
        Ok(labels.rows(0, rows).to_vec())
    }

    #[test]
    fn zero_is_one_label_with_either_sign_and_nan_is_none() {
        let numbers = vec![Some(-0.0), Some(1.0), Some(0.0), None, Some(1.0)];
        assert_eq!(ids(Arc::new(Float64Array::from(numbers))).unwrap(), [0, 1, 0, 2, 1]);
        let error = ids(Arc::new(Float64Array::from(vec![1.0, f64::NAN]))).unwrap_err().to_string();
        assert!(error.starts_with("pose_windows: label is NaN in a row, which is no class"), "{error}");
    }

    #[test]
    fn null_in_the_values_of_a_dictionary_is_the_label_null() {
        let values: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None]));
        let keys = Int8Array::from(vec![Some(0), Some(1), None, Some(0)]);
        let labels = DictionaryArray::<Int8Type>::try_new(keys, values).unwrap();
        assert_eq!(ids(Arc::new(labels)).unwrap(), [0, 1, 1, 0]);
    }
}
