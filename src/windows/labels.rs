//! Numbers for labels: equal for equal labels, over the whole series.

use std::collections::HashMap;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};

use crate::error::Result;
use crate::frames::pass::internal;
use crate::frames::pass::segmenter::column;

/// The labels of the rows that windows may still need.
pub struct Labels {
    name: String,
    converter: RowConverter,
    known: HashMap<Box<[u8]>, u32>,
    ids: Vec<u32>,
    base: u64,
}

impl Labels {
    /// Labels in column `name`.
    pub fn new(name: &str, schema: &SchemaRef) -> Result<Self> {
        let field = schema.field_with_name(name).map_err(internal)?;
        let converter = RowConverter::new(vec![SortField::new(field.data_type().clone())]).map_err(internal)?;
        Ok(Self { name: name.to_owned(), converter, known: HashMap::new(), ids: vec![], base: 0 })
    }

    /// Adds those of a batch.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        let labels: &ArrayRef = column(batch, &self.name)?;
        let rows = self.converter.convert_columns(std::slice::from_ref(labels)).map_err(internal)?;
        for row in rows.iter() {
            let next = self.known.len() as u32;
            let id = match self.known.get(row.as_ref()) {
                Some(&id) => id,
                None => *self.known.entry(row.as_ref().into()).or_insert(next),
            };
            self.ids.push(id);
        }
        Ok(())
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
