//! One schema of the schemas of many files: columns by name, types widened.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::advice::advice;
use super::widen::{plain, widen};
use crate::error::{Result, data_err};
use crate::notes::shortened;
use crate::schema::UNIT;

/// The schema of the files so far.
#[derive(Debug, Default)]
pub struct Union {
    columns: Vec<Column>,
    places: HashMap<String, usize>,
    /// Names in small letters that some file has twice, as `X` and as `x`.
    apart: HashSet<String>,
    files: usize,
}

/// A column by its name.
#[derive(Debug)]
struct Column {
    field: Field,
    /// How many files have it.
    files: usize,
    /// The first file that has it, and its type there.
    first: (String, DataType),
}

/// Lines on the columns that not all of `files` have: each with the number of those that do.
pub fn in_some<'a>(columns: impl Iterator<Item = (&'a str, usize)>, files: usize) -> Vec<String> {
    let mut lacking: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (name, has) in columns.filter(|(_, has)| *has < files) {
        lacking.entry(has).or_default().push(name);
    }
    let line = |(has, names): (usize, Vec<&str>)| {
        format!("{has} of {files} files have column {}; in the others it is NULL", shortened(&names))
    };
    lacking.into_iter().map(line).collect()
}

impl Union {
    /// Takes the schema that `count` files have, of which `file` is the first.
    ///
    /// # Errors
    /// A column that is of another kind here than in a file before: a number and a text.
    pub fn add(&mut self, schema: &Schema, file: &str, count: usize) -> Result<()> {
        self.files += count;
        let mut small = HashSet::new();
        for field in schema.fields() {
            let name = field.name().to_lowercase();
            if !small.insert(name.clone()) {
                self.apart.insert(name);
            }
            match self.places.get(field.name()) {
                Some(&place) => self.columns[place].widen(field, file, count)?,
                None => {
                    self.places.insert(field.name().clone(), self.columns.len());
                    let metadata = field.metadata().iter().filter(|(key, _)| is_kept(key));
                    let metadata = metadata.map(|(key, value)| (key.clone(), value.clone())).collect();
                    self.columns.push(Column {
                        field: field.as_ref().clone().with_metadata(metadata),
                        files: count,
                        first: (file.to_owned(), field.data_type().clone()),
                    });
                }
            }
        }
        Ok(())
    }

    /// The schema, and lines on the columns that some files lack or write in other letters.
    ///
    /// # Errors
    /// A column that is a number under one spelling of its name, and a text under another.
    pub fn finish(mut self) -> Result<(SchemaRef, Vec<String>)> {
        let mut notes = self.join()?;
        let (files, columns) = (self.files, self.columns);
        notes.extend(in_some(columns.iter().map(|column| (column.field.name().as_str(), column.files)), files));
        let fields = columns.into_iter().map(|Column { field, files: has, .. }| {
            let (data_type, nullable) = (plain(field.data_type()), field.is_nullable() || has < files);
            field.with_data_type(data_type).with_nullable(nullable)
        });
        Ok((Arc::new(Schema::new(fields.collect::<Vec<_>>())), notes))
    }

    /// Makes one column of those whose names differ in small and capital letters alone, where no file has two of them. It is called as where it comes first.
    fn join(&mut self) -> Result<Vec<String>> {
        let mut joined: Vec<Column> = vec![];
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut notes = vec![];
        for column in std::mem::take(&mut self.columns) {
            let name = column.field.name().to_lowercase();
            match places.get(&name).filter(|_| !self.apart.contains(&name)) {
                Some(&place) => {
                    let (one, (first, _)) = (&mut joined[place], &column.first);
                    let (called, other) = (one.field.name().clone(), column.field.name());
                    notes.push(format!(
                        "column '{called}' of {} is called '{other}' in {first}; both are read as '{called}'",
                        one.first.0
                    ));
                    one.widen(&column.field, first, column.files)?;
                }
                None => {
                    places.insert(name, joined.len());
                    joined.push(column);
                }
            }
        }
        self.columns = joined;
        Ok(notes)
    }
}

impl Column {
    fn widen(&mut self, other: &Field, file: &str, count: usize) -> Result<()> {
        let name = self.field.name();
        let Some(data_type) = widen(self.field.data_type(), other.data_type()) else {
            let ((first, its), other) = (&self.first, other.data_type());
            return data_err!(
                "column '{name}' is {its} in {first} and {other} in {file}, and no type holds both; {}",
                advice(name, self.field.data_type(), other, file)
            );
        };
        let mut metadata = self.field.metadata().clone();
        for (key, value) in other.metadata().iter().filter(|(key, _)| is_kept(key)) {
            match metadata.insert(key.clone(), value.clone()) {
                Some(before) if before != *value => {
                    let first = &self.first.0;
                    return data_err!(
                        "column '{name}': {key} is {before} in {first} and {value} in {file}; values that mean different things cannot \
                         be one column: read these files as two tables"
                    );
                }
                _ => {}
            }
        }
        let field = self.field.clone().with_data_type(data_type).with_metadata(metadata);
        self.field = field.with_nullable(self.field.is_nullable() || other.is_nullable());
        self.files += count;
        Ok(())
    }
}

/// Metadata that says what values are: their type beyond Arrow's, and their unit. What a program noted of itself differs between files and means nothing here.
fn is_kept(key: &str) -> bool {
    key.starts_with("ARROW:extension:") || key.starts_with("posequel:") || key == UNIT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, DataType)]) -> Schema {
        Schema::new(fields.iter().map(|(name, t)| Field::new(*name, t.clone(), false)).collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_found_by_name_and_widened() {
        let mut union = Union::default();
        union.add(&schema(&[("x", DataType::Int64), ("y", DataType::Float32)]), "a", 1).unwrap();
        union.add(&schema(&[("z", DataType::Utf8), ("x", DataType::Float64)]), "b", 2).unwrap();
        let (schema, notes) = union.finish().unwrap();
        let told: Vec<_> =
            schema.fields().iter().map(|f| (f.name().as_str(), f.data_type().clone(), f.is_nullable())).collect();
        let expected = [("x", DataType::Float64, false), ("y", DataType::Float32, true), ("z", DataType::Utf8, true)];
        assert_eq!(told, expected);
        let lines = [
            "1 of 3 files have column y; in the others it is NULL",
            "2 of 3 files have column z; in the others it is NULL",
        ];
        assert_eq!(notes, lines);
    }

    /// The schema and the notes of files called a, b, ... that have columns of these names.
    fn of(files: &[&[&str]]) -> (Vec<String>, Vec<String>) {
        let mut union = Union::default();
        for (file, names) in ["a", "b", "c"].iter().zip(files) {
            let fields = names.iter().map(|name| (*name, DataType::Int64)).collect::<Vec<_>>();
            union.add(&schema(&fields), file, 1).unwrap();
        }
        let (schema, notes) = union.finish().unwrap();
        (schema.fields().iter().map(|field| field.name().clone()).collect(), notes)
    }

    #[test]
    fn names_in_other_letters_are_one_where_no_file_has_both() {
        let (names, notes) = of(&[&["X", "y"], &["y", "x"]]);
        assert_eq!(
            (names, notes),
            (
                vec!["X".to_owned(), "y".to_owned()],
                vec!["column 'X' of a is called 'x' in b; both are read as 'X'".to_owned()]
            )
        );
        let (names, notes) = of(&[&["X"], &["x"], &["x", "X"]]);
        assert_eq!(names, ["X", "x"]);
        assert_eq!(notes, ["2 of 3 files have column X, x; in the others it is NULL"]);
    }

    #[test]
    fn a_number_and_a_text_are_refused_by_both_files() {
        let mut union = Union::default();
        union.add(&schema(&[("x", DataType::Float64)]), "a.parquet", 1).unwrap();
        let error = union.add(&schema(&[("x", DataType::Utf8)]), "b.parquet", 1).unwrap_err().to_string();
        assert!(error.starts_with("column 'x' is Float64 in a.parquet and Utf8 in b.parquet"), "{error}");
    }

    #[test]
    fn two_units_are_not_one_column() {
        let with = |key: &str, value: &str| {
            let field = Field::new("ax", DataType::Float32, false);
            Schema::new(vec![field.with_metadata([(key.to_owned(), value.to_owned())].into())])
        };
        let mut union = Union::default();
        union.add(&with(UNIT, "g"), "a", 1).unwrap();
        assert!(
            union.add(&with(UNIT, "m/s^2"), "b", 1).unwrap_err().to_string().contains("unit is g in a and m/s^2 in b")
        );
        let mut union = Union::default();
        union.add(&with("PARQUET:field_id", "1"), "a", 1).unwrap();
        union.add(&with("PARQUET:field_id", "2"), "b", 1).unwrap();
        assert!(union.finish().unwrap().0.field(0).metadata().is_empty());
    }
}
