//! The tables of a version, row by row.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};

use crate::error::{Error, Result};
use crate::store::layout::table_blob;
use crate::store::read::Version;
use crate::store::table::{self, file::from_parquet};

/// Reads the tables of a version, and notes which it lacks.
pub struct Stored<'a> {
    version: &'a Version,
    /// Tables that were asked for and are not there: an older posequel did not write them.
    pub missing: Vec<&'static str>,
}

impl<'a> Stored<'a> {
    /// The tables of this version.
    pub fn of(version: &'a Version) -> Self {
        Self { version, missing: vec![] }
    }

    /// A table in today's columns; None, and noted, where the version has no such table.
    ///
    /// # Errors
    /// [`Error::Model`] for a file that is missing or damaged although the manifest names it.
    pub async fn table(&mut self, name: &'static str) -> Result<Option<Table>> {
        let (version, blob) = (self.version, table_blob(name));
        if !version.manifest.blobs.contains_key(&blob) {
            self.missing.push(name);
            return Ok(None);
        }
        let file = version.folder().child(&blob).to_string();
        let schema = table::schema(name).ok_or_else(|| Error::Internal(format!("no table is called '{name}'")))?;
        let batch = from_parquet(version.fetch(&blob).await?, &file)?;
        Ok(Some(Table { name, batch: table::versioned(&batch, &schema, Some(version.number))? }))
    }

    /// The rows of a table as values; None where the version has no such table.
    ///
    /// # Errors
    /// As [`Self::table`].
    pub async fn rows<T>(&mut self, name: &'static str, make: fn(Row<'_>) -> Result<T>) -> Result<Option<Vec<T>>> {
        self.table(name).await?.map(|table| table.rows(make)).transpose()
    }
}

/// A table in memory.
pub struct Table {
    name: &'static str,
    /// Its columns.
    pub batch: RecordBatch,
}

impl Table {
    /// The rows in their order, as values.
    pub fn rows<T>(&self, make: fn(Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        (0..self.batch.num_rows()).map(|place| make(Row { table: self, place })).collect()
    }

    /// A column of texts.
    pub fn texts(&self, column: &str) -> Result<&arrow::array::StringArray> {
        self.column(column)?.as_string_opt().ok_or_else(|| self.wrong(column, "texts"))
    }

    /// Any column.
    pub fn column(&self, column: &str) -> Result<&dyn Array> {
        self.batch.column_by_name(column).map(AsRef::as_ref).ok_or_else(|| self.wrong(column, "a column"))
    }

    /// The columns were checked when the table was read: what is wrong now is our list of them.
    pub fn wrong(&self, column: &str, expected: &str) -> Error {
        Error::Internal(format!("the report reads {expected} in '{column}' of table {}", self.name))
    }
}

/// One row of a table.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    place: usize,
}

impl Row<'_> {
    /// A text; empty for NULL.
    pub fn text(&self, column: &str) -> Result<String> {
        Ok(self.some_text(column)?.unwrap_or_default())
    }

    /// A text, or NULL.
    pub fn some_text(&self, column: &str) -> Result<Option<String>> {
        let texts = self.table.texts(column)?;
        Ok(texts.is_valid(self.place).then(|| texts.value(self.place).to_owned()))
    }

    /// A number, or NULL.
    pub fn number(&self, column: &str) -> Result<Option<f64>> {
        let numbers = self.table.column(column)?.as_primitive_opt::<Float64Type>();
        let numbers = numbers.ok_or_else(|| self.table.wrong(column, "numbers"))?;
        Ok(numbers.is_valid(self.place).then(|| numbers.value(self.place)))
    }

    /// How many; 0 for NULL.
    pub fn count(&self, column: &str) -> Result<u64> {
        let counts = self.table.column(column)?.as_primitive_opt::<Int64Type>();
        let counts = counts.ok_or_else(|| self.table.wrong(column, "counts"))?;
        let count = if counts.is_valid(self.place) { counts.value(self.place) } else { 0 };
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Yes or no; no for NULL.
    pub fn is(&self, column: &str) -> Result<bool> {
        let flags = self.table.column(column)?.as_boolean_opt().ok_or_else(|| self.table.wrong(column, "yes or no"))?;
        Ok(flags.is_valid(self.place) && flags.value(self.place))
    }

    /// The elements of a list of texts; none for NULL.
    pub fn list(&self, column: &str) -> Result<Vec<String>> {
        let lists = self.table.column(column)?.as_list_opt::<i32>();
        let lists = lists.ok_or_else(|| self.table.wrong(column, "lists"))?;
        if lists.is_null(self.place) {
            return Ok(vec![]);
        }
        let elements = lists.value(self.place);
        let texts = elements.as_string_opt::<i32>().ok_or_else(|| self.table.wrong(column, "lists of texts"))?;
        Ok(texts.iter().flatten().map(str::to_owned).collect())
    }
}
