//! Numbers for recordings, by their keys.

use std::collections::HashMap;
use std::hash::Hash;

use arrow::array::{ArrayRef, AsArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use datafusion::common::hash_utils::RandomState;

/// Keys of recordings in Arrow's row format: bytes that are equal for equal keys.
pub type Keys = Vec<Box<[u8]>>;

/// The recordings seen by one reader, numbered as they appear.
pub struct Recordings {
    columns: Vec<Codes>,
    numbers: HashMap<Box<[u32]>, u32, RandomState>,
    converter: RowConverter,
    keys: Keys,
}

impl Recordings {
    /// Told apart by the columns `by` of `schema`.
    ///
    /// # Errors
    /// A key of a type that cannot be compared.
    pub fn new(by: &[usize], schema: &SchemaRef) -> Result<Self, ArrowError> {
        let field = |&key: &usize| SortField::new(schema.field(key).data_type().clone());
        let codes = |key| Ok(Codes { converter: RowConverter::new(vec![field(key)])?, seen: HashMap::default() });
        Ok(Self {
            columns: by.iter().map(codes).collect::<Result<_, ArrowError>>()?,
            numbers: HashMap::default(),
            converter: RowConverter::new(by.iter().map(field).collect())?,
            keys: vec![],
        })
    }

    /// The recording of each row.
    ///
    /// # Errors
    /// None that data could cause.
    pub fn of(&mut self, keys: &[ArrayRef]) -> Result<Vec<u32>, ArrowError> {
        let columns = keys.iter().zip(&mut self.columns).map(|(key, codes)| codes.of(key));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let numbers = match <[_; 1]>::try_from(columns) {
            Ok([codes]) => codes,
            Err(columns) => {
                let rows = columns.first().map_or(0, Vec::len);
                let codes = |row: usize| columns.iter().map(move |column| column[row]).collect::<Box<[u32]>>();
                (0..rows).map(|row| number(&mut self.numbers, &codes(row)[..])).collect()
            }
        };
        // Numbers are given in turn: one that is the next of its kind is of a recording not seen before.
        let mut new = vec![];
        for (row, &number) in numbers.iter().enumerate() {
            if number as usize == self.keys.len() + new.len() {
                new.push(row as u32);
            }
        }
        if !new.is_empty() {
            let new = UInt32Array::from(new);
            let keys = keys.iter().map(|key| take(key, &new, None)).collect::<Result<Vec<_>, _>>()?;
            self.keys.extend(self.converter.convert_columns(&keys)?.iter().map(|key| key.as_ref().into()));
        }
        Ok(numbers)
    }

    /// The key of each recording.
    pub fn into_keys(self) -> Keys {
        self.keys
    }
}

/// NULL among strings: no text has such a byte.
const NO_TEXT: &[u8] = &[0xff];

/// The values of a column, numbered as they appear.
struct Codes {
    converter: RowConverter,
    seen: HashMap<Box<[u8]>, u32, RandomState>,
}

impl Codes {
    fn of(&mut self, column: &ArrayRef) -> Result<Vec<u32>, ArrowError> {
        if let Some(strings) = column.as_string_view_opt() {
            let bytes = strings.iter().map(|text| text.map_or(NO_TEXT, str::as_bytes));
            return Ok(bytes.map(|text| number(&mut self.seen, text)).collect());
        }
        let rows = self.converter.convert_columns(std::slice::from_ref(column))?;
        Ok(rows.iter().map(|row| number(&mut self.seen, row.data())).collect())
    }
}

/// The number of a value, the next one if it is new.
fn number<T: ?Sized + Hash + Eq>(seen: &mut HashMap<Box<T>, u32, RandomState>, value: &T) -> u32
where
    for<'a> &'a T: Into<Box<T>>,
{
    if let Some(&number) = seen.get(value) {
        return number;
    }
    let next = seen.len() as u32;
    seen.insert(value.into(), next);
    next
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, StringArray, StringViewArray};
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn keys_of_any_type_are_told_apart() {
        // Longer than twelve bytes: a view does not hold them. NULL is a key like others.
        let names = [Some("a recording"), Some("a longer recording"), None, Some("a recording"), None];
        let names = names.into_iter().chain([Some("a longer recording"), Some("")]);
        let people = Int32Array::from(vec![Some(1), Some(2), None, Some(1), Some(1), None, Some(1)]);
        let expected = [0, 1, 2, 0, 3, 4, 5];
        for names in [
            Arc::new(names.clone().collect::<StringArray>()) as ArrayRef,
            Arc::new(names.collect::<StringViewArray>()) as ArrayRef,
        ] {
            let types = [names.data_type().clone(), DataType::Int32];
            let fields: Vec<Field> = types.into_iter().map(|data_type| Field::new("", data_type, true)).collect();
            let keys = [names, Arc::new(people.clone()) as ArrayRef];
            let mut recordings = Recordings::new(&[0, 1], &Arc::new(Schema::new(fields))).unwrap();
            assert_eq!(recordings.of(&keys).unwrap(), expected);
            // Those of a batch without NULLs are the same.
            let rows = keys.map(|key| key.slice(0, 2));
            assert_eq!(recordings.of(&rows).unwrap(), expected[..2]);
            assert_eq!(recordings.into_keys().len(), 6);
        }
    }
}
