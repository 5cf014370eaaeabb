//! The tables of a model: one file each, with its schema and how its rows become a batch.
//!
//! A column, once published, keeps its name and type; only nullable columns are ever added, which older versions of a
//! model then show as NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use crate::error::{Error, Result};

pub mod balance;
pub mod baselines;
pub mod class_metrics;
pub mod confusion;
pub mod diagnosis;
pub mod features;
pub mod file;
pub mod history;
pub mod labels;
pub mod leaks;
pub mod metrics;
pub mod parameters;
pub mod predictions;
pub mod recordings;
pub mod reliability;
pub mod versions;

/// Name and schema of a table.
pub type Table = (&'static str, fn() -> SchemaRef);

/// Every table that is stored with a version, in the order in which they are listed.
pub const STORED: [Table; 14] = [
    ("history", history::schema),
    ("metrics", metrics::schema),
    ("class_metrics", class_metrics::schema),
    ("confusion", confusion::schema),
    ("reliability", reliability::schema),
    ("predictions", predictions::schema),
    ("labels", labels::schema),
    ("features", features::schema),
    ("parameters", parameters::schema),
    ("baselines", baselines::schema),
    ("recordings", recordings::schema),
    ("leaks", leaks::schema),
    ("balance", balance::schema),
    ("diagnosis", diagnosis::schema),
];

/// Tables that versions from before they were written have not.
const LATER: [&str; 5] = ["baselines", "recordings", "leaks", "balance", "diagnosis"];

/// Whether a version of before may lack the table.
pub fn came_later(table: &str) -> bool {
    LATER.contains(&table)
}

/// The schema of a stored table, if there is one of that name.
pub fn schema(table: &str) -> Option<SchemaRef> {
    STORED.iter().find(|(name, _)| *name == table).map(|(_, schema)| schema())
}

/// The column in front of every table of the catalog: the version its rows belong to; NULL for the history of a training
/// that has not ended.
pub use crate::schema::VERSION;

/// The schema with [`VERSION`] in front.
pub fn with_version(schema: &Schema) -> SchemaRef {
    let version = Arc::new(Field::new(VERSION, DataType::Int64, true));
    Arc::new(Schema::new([version].into_iter().chain(schema.fields().iter().cloned()).collect::<Fields>()))
}

/// The rows of a stored batch in today's schema, with their version in front.
///
/// A column that the stored batch has not, because it was added later, is NULL.
///
/// # Errors
/// [`Error::Model`] when a column is missing that always was, or has another type.
pub fn versioned(batch: &RecordBatch, schema: &Schema, version: Option<u64>) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![version.map(|n| n as i64); rows]))];
    for field in schema.fields() {
        columns.push(match batch.column_by_name(field.name()) {
            Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
            None if field.is_nullable() => new_null_array(field.data_type(), rows),
            found => {
                let found = found.map_or("none".to_owned(), |column| column.data_type().to_string());
                let (name, expected) = (field.name(), field.data_type());
                let version = version.map_or("an unfinished training".to_owned(), |n| format!("version {n}"));
                return Err(Error::Model(format!(
                    "{version}: expected a column '{name}' of type {expected}, found {found}; update posequel"
                )));
            }
        });
    }
    batch_of(with_version(schema), columns)
}

fn schema_of(fields: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

fn nullable(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn batch_of(schema: SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    RecordBatch::try_new(schema, columns).map_err(|e| Error::Internal(format!("a table of a model: {e}")))
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}

fn floats(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

fn counts(values: impl Iterator<Item = u64>) -> ArrayRef {
    // No count of rows comes near 2^63.
    Arc::new(Int64Array::from_iter_values(values.map(|n| n as i64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_came_later_is_null_in_older_versions() {
        let old = batch_of(schema_of(vec![field("a", DataType::Int64)]), vec![counts([5].into_iter())]).unwrap();
        let today = schema_of(vec![nullable("b", DataType::Float64), field("a", DataType::Int64)]);
        let shown = versioned(&old, &today, Some(3)).unwrap();
        assert_eq!(shown.schema(), with_version(&today));
        assert_eq!((shown.column(0), shown.column(1).null_count()), (&counts([3].into_iter()), 1));
    }

    #[test]
    fn a_column_that_is_gone_is_refused() {
        let old = RecordBatch::new_empty(schema_of(vec![]));
        let error = versioned(&old, &schema_of(vec![field("a", DataType::Int64)]), Some(3)).unwrap_err().to_string();
        assert_eq!(error, "version 3: expected a column 'a' of type Int64, found none; update posequel");
    }

    #[test]
    fn every_table_has_a_blob() {
        assert_eq!(STORED.map(|(name, _)| name), super::super::layout::TABLES);
    }
}
