//! Feature columns as one row-major matrix [rows, D], so that a window is one contiguous piece of it.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use arrow::array::{Array, FixedSizeListArray, Float32Array, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::interleave::interleave;
use crate::error::{Error, Result};
use crate::frames::columns::Features;
use crate::frames::pass::segmenter::column;

/// The exponent of infinities and NaNs.
const INFINITE: u32 = 0x7f80_0000;

/// Bytes of a row that was filled, about.
const FILLED_ROW: usize = 96;

/// The values of the rows that windows may still need; rows are numbered over the whole series.
pub struct Matrix {
    /// Values in a row.
    pub dim: usize,
    /// [rows, dim], row-major; 0 where missing.
    values: Vec<f32>,
    /// Whether each value is there; empty if all are.
    valid: Vec<bool>,
    /// The number of the first row.
    base: u64,
    /// The places in each row that were filled; None where nobody asks.
    filled: Option<BTreeMap<u64, Vec<u32>>>,
    /// Rows that held a missing or non-finite value, and how many such values they still hold.
    bad: VecDeque<(u64, usize)>,
}

/// Rows of a [`Matrix`].
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// [rows, dim]
    pub values: &'a [f32],
    /// Whether each value is there; empty if all are.
    pub valid: &'a [bool],
}

impl Matrix {
    /// No rows of `dim` values.
    pub fn new(dim: usize) -> Self {
        Self { dim, values: vec![], valid: vec![], base: 0, filled: None, bad: VecDeque::new() }
    }

    /// The same, which remembers what is put where a value was missing.
    pub fn with_filled(self) -> Self {
        Self { filled: Some(BTreeMap::new()), ..self }
    }

    /// How many values of each feature were put into the rows `start..end`, behind what is in `counts`.
    pub fn count_filled(&self, start: u64, end: u64, counts: &mut Vec<i32>) {
        let from = counts.len();
        counts.resize(from + self.dim, 0);
        let rows = self.filled.iter().flat_map(|filled| filled.range(start..end));
        rows.flat_map(|(_, places)| places).for_each(|place| counts[from + *place as usize] += 1);
    }

    /// Adds the feature columns of a batch; every numeric type becomes Float32.
    pub fn append(&mut self, features: &Features, batch: &RecordBatch) -> Result<()> {
        let from = self.values.len();
        match features {
            Features::Columns(names) => {
                let columns = names.iter().map(|name| float32(column(batch, name)?, name));
                self.append_columns(&columns.collect::<Result<Vec<_>>>()?, batch.num_rows());
            }
            Features::List { column: name, .. } => self.append_list(column(batch, name)?, name)?,
        }
        self.look(from);
        Ok(())
    }

    /// Adds rows that are all there, but for values that are not finite.
    #[cfg(test)]
    pub fn extend(&mut self, rows: &[f32]) {
        let from = self.values.len();
        self.values.extend_from_slice(rows);
        self.valid_until_now();
        self.look(from);
    }

    /// Whether a value is missing or not finite.
    pub fn is_missing(&self, row: u64, place: usize) -> bool {
        self.is_bad(self.index(row, place))
    }

    /// Row and place of each value in `rows` that is missing or not finite.
    pub fn missing(&self, rows: Range<u64>) -> impl Iterator<Item = (u64, usize)> {
        let bad = self.bad.range(self.bad.partition_point(|&(bad, _)| bad < rows.start)..);
        let bad = bad.take_while(move |&&(bad, _)| bad < rows.end).filter(|&&(_, values)| values > 0);
        bad.flat_map(|&(row, _)| (0..self.dim).map(move |place| (row, place))).filter(|&(r, p)| self.is_missing(r, p))
    }

    /// A value.
    pub fn value(&self, row: u64, place: usize) -> f32 {
        self.values[self.index(row, place)]
    }

    /// Puts a value where one was missing.
    pub fn set(&mut self, row: u64, place: usize, value: f32) {
        let index = self.index(row, place);
        if self.is_bad(index)
            && let Ok(bad) = self.bad.binary_search_by_key(&row, |&(bad, _)| bad)
        {
            self.bad[bad].1 -= 1;
            if let Some(filled) = &mut self.filled {
                filled.entry(row).or_default().push(place as u32);
            }
        }
        self.values[index] = value;
        if let Some(valid) = self.valid.get_mut(index) {
            *valid = true;
        }
    }

    /// Forgets the rows before `row`, sooner or later.
    pub fn forget(&mut self, row: u64) {
        let rows = (row - self.base) as usize;
        // Moved to the front once less is left than goes: each value is moved once at most, on average.
        if rows * self.dim * 2 <= self.values.len() {
            return;
        }
        self.values.drain(..rows * self.dim);
        if !self.valid.is_empty() {
            self.valid.drain(..rows * self.dim);
        }
        self.base = row;
        if let Some(filled) = &mut self.filled {
            *filled = filled.split_off(&row);
        }
        while self.bad.front().is_some_and(|&(bad, _)| bad < row) {
            self.bad.pop_front();
        }
    }

    /// The rows `start..end`.
    pub fn rows(&self, start: u64, end: u64) -> Piece<'_> {
        let of = (start - self.base) as usize * self.dim..(end - self.base) as usize * self.dim;
        Piece { values: &self.values[of.clone()], valid: self.valid.get(of).unwrap_or(&[]) }
    }

    /// The first row in `start..end` with a missing or non-finite value, the place of that value in the row, and the value.
    pub fn first_bad(&self, start: u64, end: u64) -> Option<(u64, usize, Option<f32>)> {
        if self.bad.is_empty() {
            return None;
        }
        let (row, place) = self.missing(start..end).next()?;
        let index = self.index(row, place);
        Some((row, place, self.is_valid(index).then(|| self.values[index])))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        // A row that was filled is a part of a tree and a list of places.
        let filled = self.filled.as_ref().map_or(0, |filled| filled.len() * FILLED_ROW);
        self.values.capacity() * 4 + self.valid.capacity() + filled
    }

    /// Remembers the rows from this value on that hold a missing or non-finite value.
    fn look(&mut self, from: usize) {
        // Without a branch for each value: mostly all are finite.
        let all_finite = self.values[from..]
            .chunks(256)
            .all(|block| !block.iter().fold(false, |any, value| any | (value.to_bits() & INFINITE == INFINITE)));
        if all_finite && self.valid.is_empty() {
            return;
        }
        let rows = self.values[from..].chunks_exact(self.dim);
        for (row, values) in (from / self.dim..).zip(rows) {
            let missing = match self.valid.get(row * self.dim..(row + 1) * self.dim) {
                Some(valid) => values.iter().zip(valid).filter(|(value, valid)| !(value.is_finite() & **valid)).count(),
                None => values.iter().filter(|value| !value.is_finite()).count(),
            };
            if missing > 0 {
                self.bad.push_back((self.base + row as u64, missing));
            }
        }
    }

    fn index(&self, row: u64, place: usize) -> usize {
        (row - self.base) as usize * self.dim + place
    }

    fn is_valid(&self, index: usize) -> bool {
        self.valid.is_empty() || self.valid[index]
    }

    fn is_bad(&self, index: usize) -> bool {
        !self.values[index].is_finite() || !self.is_valid(index)
    }

    fn append_columns(&mut self, columns: &[Float32Array], rows: usize) {
        let (from, dim) = (self.values.len(), self.dim);
        self.values.resize(from + rows * dim, 0.0);
        let values: Vec<&[f32]> = columns.iter().map(|column| &column.values()[..rows]).collect();
        interleave(&values, &mut self.values[from..]);
        self.valid_until_now();
        for (place, column) in columns.iter().enumerate().filter(|(_, column)| column.null_count() > 0) {
            let gone = column.nulls().into_iter().flat_map(missing);
            self.miss(gone.map(|row| from + row * dim + place));
        }
    }

    fn append_list(&mut self, array: &dyn Array, name: &str) -> Result<()> {
        let list = array.as_any().downcast_ref::<FixedSizeListArray>();
        let list = list.ok_or_else(|| Error::Internal(format!("{name} is no fixed-size list any more")))?;
        let (from, dim) = (self.values.len(), self.dim);
        let items = float32(&list.values().slice(list.value_offset(0) as usize, list.len() * dim), name)?;
        self.values.extend_from_slice(items.values());
        self.valid_until_now();
        if items.null_count() > 0 || list.null_count() > 0 {
            let rows = list.nulls().into_iter().flat_map(missing).flat_map(|row| row * dim..(row + 1) * dim);
            let values = items.nulls().into_iter().flat_map(missing);
            self.miss(rows.chain(values).map(|i| from + i));
        }
        Ok(())
    }

    fn valid_until_now(&mut self) {
        if !self.valid.is_empty() {
            self.valid.resize(self.values.len(), true);
        }
    }

    /// The values at these places are not there.
    fn miss(&mut self, missing: impl Iterator<Item = usize>) {
        self.valid.resize(self.values.len(), true);
        for index in missing {
            self.valid[index] = false;
            self.values[index] = 0.0;
        }
    }
}

/// The places that are NULL, rising.
fn missing(nulls: &NullBuffer) -> Vec<usize> {
    (!nulls.inner()).set_indices().collect()
}

fn float32(array: &dyn Array, name: &str) -> Result<Float32Array> {
    match cast(array, &DataType::Float32) {
        Ok(array) => Ok(Float32Array::from(array.to_data())),
        Err(e) => Err(Error::Data(format!("feature '{name}' cannot be read as Float32: {e}"))),
    }
}
