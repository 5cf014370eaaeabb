//! What the reader of a file is told that it holds, and where in that the columns of the table are.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};

use super::place::places;
use crate::error::{Result, data_err, suggest};
use crate::frames::lake::kind::Kind;

/// What the columns of a table's files are.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// Those that the files hold.
    pub files: &'a SchemaRef,
    /// Those that the names of folders hold.
    pub folders: &'a [FieldRef],
    /// Whether a statement said what they are.
    pub is_declared: bool,
}

/// Files of one layout are one scan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Layout {
    /// The columns, as the reader is told of them.
    pub read: SchemaRef,
    /// For each column that the table has of its files, its place in `read`; without one it is NULL.
    pub places: Vec<Option<usize>>,
}

impl Layout {
    /// The layout of a file of columns `own`, of which the table's are found at `places`.
    pub fn of(kind: Kind, own: &Schema, places: &[Option<usize>], columns: Columns<'_>) -> Self {
        match kind {
            Kind::Csv | Kind::Arrow => Self::by_place(kind, own, places, columns),
            Kind::Parquet | Kind::Json => Self::by_name(own, places, columns),
        }
    }

    /// For a reader that takes columns by their names, and makes NULL of what is missing: all files have one layout, but for those that write a name in other letters.
    fn by_name(own: &Schema, places: &[Option<usize>], columns: Columns<'_>) -> Self {
        let is_same = |(field, place): (&FieldRef, &Option<usize>)| {
            place.is_none_or(|place| own.field(place).name() == field.name())
        };
        let all = (0..places.len()).map(Some).collect();
        if columns.files.fields().iter().zip(places).all(is_same) {
            return Self { read: Arc::clone(columns.files), places: all };
        }
        let field = |(field, place): (&FieldRef, &Option<usize>)| match place {
            Some(place) => Arc::new(field.as_ref().clone().with_name(own.field(*place).name())),
            None => Arc::clone(field),
        };
        let read = Schema::new(columns.files.fields().iter().zip(places).map(field).collect::<Vec<_>>());
        Self { read: Arc::new(read), places: all }
    }

    /// For a reader that takes columns as they lie: they are called as in the table. CSV is read as the types of the table; Arrow has types of its own.
    fn by_place(kind: Kind, own: &Schema, places: &[Option<usize>], columns: Columns<'_>) -> Self {
        let mut known: HashSet<String> =
            columns.files.fields().iter().chain(columns.folders).map(|field| field.name().clone()).collect();
        let mut fields: Vec<Option<Field>> = vec![None; own.fields().len()];
        for (field, place) in columns.files.fields().iter().zip(places) {
            if let Some(place) = place {
                let data_type = if kind == Kind::Csv { field.data_type() } else { own.field(*place).data_type() };
                fields[*place] = Some(field.as_ref().clone().with_data_type(data_type.clone()).with_nullable(true));
            }
        }
        // What nobody reads must not be called as something that is read.
        let mut unread = |field: &Field| {
            let mut name = field.name().clone();
            while !known.insert(name.clone()) {
                name.push('\'');
            }
            let data_type = if kind == Kind::Csv { DataType::Utf8 } else { field.data_type().clone() };
            Field::new(name, data_type, true)
        };
        let fields = fields.into_iter().zip(own.fields()).map(|(field, own)| field.unwrap_or_else(|| unread(own)));
        let read = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { read, places: places.to_vec() }
    }
}

/// The places of the table's columns in a file of CSV.
///
/// Where columns were declared, and the first line has none of them, or there is none, they are taken by their places.
///
/// # Errors
/// Columns that were declared, of which the file has some and lacks others, or has another number.
pub fn places_in_csv(own: &Schema, columns: Columns<'_>, has_header: bool, file: &str) -> Result<Vec<Option<usize>>> {
    let places = places(own, columns.files, columns.folders);
    let Some(lacking) = places.iter().position(Option::is_none).filter(|_| columns.is_declared) else {
        return Ok(places);
    };
    if has_header && places.iter().any(Option::is_some) {
        let name = columns.files.field(lacking).name();
        return data_err!("{file} has no column '{name}'{}", suggest(name, names(own)));
    }
    let (has, declared) = (own.fields().len(), columns.files.fields().len());
    if has != declared {
        return data_err!(
            "{file} has {has} columns, and {declared} are declared; expected as many, or columns by the names of its first line"
        );
    }
    Ok((0..declared).map(Some).collect())
}

/// The names of columns, for a message.
pub fn names(schema: &Schema) -> Vec<&str> {
    schema.fields().iter().map(|field| field.name().as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(names: &[&str], data_type: &DataType) -> SchemaRef {
        let field = |name: &&str| Field::new(*name, data_type.clone(), true);
        Arc::new(Schema::new(names.iter().map(field).collect::<Vec<_>>()))
    }

    fn csv(own: &[&str], table: &[&str], folder: &str, is_declared: bool) -> Result<Layout> {
        let (own, files) = (schema(own, &DataType::Int64), schema(table, &DataType::Float64));
        let folders = [Arc::new(Field::new(folder, DataType::Utf8, true))];
        let columns = Columns { files: &files, folders: &folders, is_declared };
        let places = places_in_csv(&own, columns, true, "b.csv")?;
        Ok(Layout::of(Kind::Csv, &own, &places, columns))
    }

    fn read(own: &[&str], table: &[&str], is_declared: bool) -> Result<Vec<String>> {
        let layout = csv(own, table, "subject", is_declared)?;
        Ok(layout.read.fields().iter().map(|field| field.name().clone()).collect())
    }

    #[test]
    fn columns_lie_as_in_the_file_and_are_called_as_in_the_table() {
        assert_eq!(read(&["y", "x"], &["x", "y"], false).unwrap(), ["y", "x"]);
        assert_eq!(read(&["z", "X"], &["x", "y"], false).unwrap(), ["z", "x"]);
        let layout = csv(&["z", "x"], &["x", "y"], "subject", false).unwrap();
        assert_eq!(layout.places, [Some(1), None]);
        let types = [layout.read.field(0).data_type(), layout.read.field(1).data_type()];
        assert_eq!(types, [&DataType::Utf8, &DataType::Float64]);
    }

    #[test]
    fn what_nobody_reads_has_a_name_of_its_own() {
        assert_eq!(read(&["subject", "x"], &["x"], false).unwrap(), ["subject'", "x"]);
        assert_eq!(read(&["subject'", "subject", "x"], &["x"], false).unwrap(), ["subject'", "subject''", "x"]);
    }

    #[test]
    fn declared_columns_are_found_in_other_letters_or_by_place() {
        assert_eq!(read(&["Y", "X"], &["x", "y"], true).unwrap(), ["y", "x"]);
        assert_eq!(read(&["a", "b"], &["x", "y"], true).unwrap(), ["x", "y"]);
        assert_eq!(read(&["X", "x"], &["x"], true).unwrap(), ["X", "x"]);
    }

    #[test]
    fn half_of_the_declared_columns_is_an_error() {
        let error = read(&["x", "leg"], &["x", "legs"], true).unwrap_err().to_string();
        assert_eq!(error, "b.csv has no column 'legs'; did you mean 'leg'?");
        let error = read(&["a", "b", "c"], &["x", "y"], true).unwrap_err().to_string();
        assert!(error.starts_with("b.csv has 3 columns, and 2"), "{error}");
    }

    #[test]
    fn names_tell_a_reader_by_name_unless_they_are_written_otherwise() {
        let (files, folders) = (schema(&["x", "y"], &DataType::Float64), []);
        let columns = Columns { files: &files, folders: &folders, is_declared: false };
        let of = |own: &[&str]| {
            let own = schema(own, &DataType::Int64);
            Layout::of(Kind::Parquet, &own, &places(&own, &files, &folders), columns)
        };
        assert_eq!(of(&["y", "x"]), of(&["x"]));
        let other = of(&["Y"]);
        assert_eq!((names(&other.read), other.places), (vec!["x", "Y"], vec![Some(0), Some(1)]));
        assert_eq!(other.read.field(1).data_type(), &DataType::Float64);
    }
}
