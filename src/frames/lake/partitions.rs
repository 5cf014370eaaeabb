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

/// The names and values of folders on the way to a file, outermost first.
pub fn of_path<'a>(segments: &[&'a str]) -> Vec<(&'a str, Option<String>)> {
    let folders = segments.split_last().map_or(&[][..], |(_, folders)| folders);
    folders.iter().filter_map(|segment| segment.split_once('=')).map(|(name, value)| (name, decoded(value))).collect()
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

    #[test]
    fn values_are_decoded_and_nobody_is_null() {
        let path = ["subject=a%2Fb%20c", "x", "label=__HIVE_DEFAULT_PARTITION__", "side=", "take=1=2", "f=1.csv"];
        let expected = [("subject", Some("a/b c")), ("label", None), ("side", None), ("take", Some("1=2"))];
        let found = of_path(&path);
        assert_eq!(found.iter().map(|(name, value)| (*name, value.as_deref())).collect::<Vec<_>>(), expected);
        assert!(of_path(&["a=1.csv"]).is_empty() && of_path(&[]).is_empty());
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
