//! Values in the names of folders: `subject=s01/label=walk/a.parquet`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use percent_encoding::percent_decode_str;

use crate::error::{Result, data_err};

/// The column that holds the path of the file that a row is from, where somebody asks for it.
pub const FILENAME: &str = "filename";

/// What Hive, Spark, pyarrow and DuckDB name a folder of rows without a value.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The names and values of folders on the way to a file, outermost first. Of two of one name the inner one counts.
pub fn of_path(parts: &[String]) -> Vec<(String, Option<String>)> {
    let folders = parts.split_last().map_or(&[][..], |(_, folders)| folders);
    let mut all: Vec<(String, Option<String>)> = vec![];
    for (name, value) in folders.iter().filter_map(|part| part.split_once('=')) {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, before)) => *before = decoded(value),
            None => all.push((name.to_owned(), decoded(value))),
        }
    }
    all
}

/// The values of those columns that folders have, under the columns' names.
///
/// A statement's names are in small letters unless they were quoted, so a folder `Subject=s1` has the value of `subject` where none is called so exactly.
pub fn of_columns(folders: &[(String, Option<String>)], columns: &[String]) -> Vec<(String, Option<String>)> {
    let in_other_letters =
        |column: &String| folders.iter().rfind(|(name, _)| name.to_lowercase() == column.to_lowercase());
    let found = |column: &String| folders.iter().find(|(name, _)| name == column).or_else(|| in_other_letters(column));
    columns.iter().filter_map(|column| Some((column.clone(), found(column)?.1.clone()))).collect()
}

/// NULL for the name that says so, and for an empty one, as which DataFusion writes NULL; other characters than letters may be percent-encoded.
fn decoded(value: &str) -> Option<String> {
    let text = percent_decode_str(value).decode_utf8().map_or_else(|_| value.to_owned(), |text| text.into_owned());
    Some(text).filter(|text| !text.is_empty() && text != NO_VALUE)
}

/// A column of such values. They may be NULL, which DataFusion's own table of files cannot say.
pub fn field(name: &str, data_type: Option<DataType>) -> FieldRef {
    // A key for each file: a lake may have more files than a narrower type has keys.
    let category = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Arc::new(Field::new(name, data_type.unwrap_or_else(category), true))
}

/// The value of a column for a file.
///
/// # Errors
/// A text that is none of the column's type.
pub fn value(field: &Field, text: Option<&str>, file: &str) -> Result<ScalarValue> {
    let (name, data_type) = (field.name(), field.data_type());
    let value = match text {
        Some(text) => ScalarValue::try_from_string(text.to_owned(), data_type),
        None => ScalarValue::try_new_null(data_type),
    };
    match value {
        Ok(value) => Ok(value),
        Err(_) => data_err!(
            "{file}: the folder says {name}={}, which is no {data_type}; declare the column as VARCHAR",
            text.unwrap_or("NULL")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Vec<(String, Option<String>)> {
        of_path(&path.split('/').map(str::to_owned).collect::<Vec<_>>())
    }

    fn told(expected: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
    }

    #[test]
    fn values_are_decoded_and_nobody_is_null() {
        let found = of("subject=a%2Fb%20c/x/label=__HIVE_DEFAULT_PARTITION__/side=/take=1=2/f=1.csv");
        let expected = [("subject", Some("a/b c")), ("label", None), ("side", None), ("take", Some("1=2"))];
        assert_eq!(found, told(&expected));
        assert_eq!([of("a=1.csv"), of_path(&[])], [vec![], vec![]]);
    }

    #[test]
    fn the_inner_folder_counts() {
        assert_eq!(of("a=1/b=2/a=3/f.csv"), told(&[("a", Some("3")), ("b", Some("2"))]));
    }

    #[test]
    fn a_column_is_a_folder_in_the_same_letters_or_else_in_others() {
        let columns = ["subject".to_owned(), "label".to_owned(), "take".to_owned()];
        let found = of_columns(&of("Subject=s1/Label=run/label=walk/f.csv"), &columns);
        assert_eq!(found, told(&[("subject", Some("s1")), ("label", Some("walk"))]));
    }

    #[test]
    fn a_value_has_the_type_of_its_column() {
        let number = field("take", Some(DataType::Int32));
        assert_eq!(value(&number, Some("7"), "f").unwrap(), ScalarValue::Int32(Some(7)));
        assert_eq!(value(&number, None, "f").unwrap(), ScalarValue::Int32(None));
        let error = value(&number, Some("x"), "take=x/a.csv").unwrap_err().to_string();
        assert!(error.starts_with("take=x/a.csv: the folder says take=x, which is no Int32"), "{error}");
    }
}
