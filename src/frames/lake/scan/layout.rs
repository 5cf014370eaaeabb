//! Which column of a file of CSV is which column of the table.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::error::{Result, data_err, suggest};

/// The columns of a file in its order, under the names and types that the table has for them.
///
/// `own` are those of the file. Columns are found by their names in its first line, exactly or else in other letters (`X` for `x`); a column that the table has not
/// keeps its own name and is a text. Where columns were declared, `is_declared`, and the first line has none of them, or there is none, they are taken by their
/// places.
///
/// # Errors
/// Columns that were declared, of which the file has some and lacks others, or has another number.
pub fn layout(own: &Schema, table: &Schema, is_declared: bool, has_header: bool, file: &str) -> Result<SchemaRef> {
    let found = |field: &Field| own.index_of(field.name()).ok().or_else(|| in_other_letters(own, field.name()));
    let places: Vec<Option<usize>> = table.fields().iter().map(|field| found(field)).collect();
    let lacking = places.iter().position(Option::is_none);
    if is_declared && let Some(lacking) = lacking {
        if has_header && places.iter().any(Option::is_some) {
            let (name, names) = (table.field(lacking).name(), own.fields().iter().map(|field| field.name().as_str()));
            return data_err!("{file} has no column '{name}'{}", suggest(name, names.collect::<Vec<_>>()));
        }
        if own.fields().len() != table.fields().len() {
            return data_err!(
                "{file} has {} columns, and {} are declared; expected as many, or columns by the names of its first line",
                own.fields().len(),
                table.fields().len()
            );
        }
        return Ok(Arc::new(Schema::new(table.fields().clone())));
    }
    let mut fields: Vec<Field> =
        own.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true)).collect();
    for (field, place) in table.fields().iter().zip(places) {
        if let Some(place) = place {
            fields[place] = field.as_ref().clone();
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The only column of that name in small and capital letters.
fn in_other_letters(own: &Schema, name: &str) -> Option<usize> {
    let mut same =
        own.fields().iter().enumerate().filter(|(_, field)| field.name().to_lowercase() == name.to_lowercase());
    let (place, _) = same.next()?;
    same.next().is_none().then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(names: &[&str]) -> Schema {
        Schema::new(names.iter().map(|name| Field::new(*name, DataType::Float64, true)).collect::<Vec<_>>())
    }

    fn names(own: &[&str], table: &[&str], is_declared: bool) -> Result<Vec<String>> {
        let layout = layout(&schema(own), &schema(table), is_declared, true, "b.csv")?;
        Ok(layout.fields().iter().map(|field| field.name().clone()).collect())
    }

    #[test]
    fn columns_are_found_by_their_names() {
        assert_eq!(names(&["y", "x"], &["x", "y"], false).unwrap(), ["y", "x"]);
        assert_eq!(names(&["z", "x"], &["x", "y"], false).unwrap(), ["z", "x"]);
        let layout = layout(&schema(&["z", "x"]), &schema(&["x"]), true, true, "").unwrap();
        assert_eq!([layout.field(0).data_type(), layout.field(1).data_type()], [&DataType::Utf8, &DataType::Float64]);
    }

    #[test]
    fn declared_columns_are_found_in_other_letters_or_by_place() {
        assert_eq!(names(&["Y", "X"], &["x", "y"], true).unwrap(), ["y", "x"]);
        assert_eq!(names(&["a", "b"], &["x", "y"], true).unwrap(), ["x", "y"]);
        // Which of them is meant nobody knows.
        assert_eq!(names(&["X", "x"], &["x"], true).unwrap(), ["X", "x"]);
    }

    #[test]
    fn half_of_the_declared_columns_is_an_error() {
        let error = names(&["x", "leg"], &["x", "legs"], true).unwrap_err().to_string();
        assert_eq!(error, "b.csv has no column 'legs'; did you mean 'leg'?");
        assert!(
            names(&["a", "b", "c"], &["x", "y"], true)
                .unwrap_err()
                .to_string()
                .starts_with("b.csv has 3 columns, and 2")
        );
    }
}
