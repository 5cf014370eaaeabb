//! What to do with a column that is of two kinds.

use arrow::datatypes::DataType;

use super::widen::is_text;
use crate::frames::lake::kind::Kind;

/// What somebody can do whose column is of both types, in `file` of the second.
pub fn advice(column: &str, one: &DataType, other: &DataType, file: &str) -> String {
    use DataType::{Dictionary, Timestamp};
    let values = |data_type: &DataType| match data_type {
        Dictionary(_, values) => values.as_ref().clone(),
        plain => plain.clone(),
    };
    let (one, other) = (values(one), values(other));
    // Quoted, or a statement has it in small letters.
    let is_plain = column.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let column = if is_plain { column.to_owned() } else { format!("\"{column}\"") };
    let declared = match (&one, &other) {
        _ if one.is_nested() || other.is_nested() || one.is_binary() || other.is_binary() => None,
        // The reader of JSON makes no text of a number.
        _ if Kind::of_file(file) == Some(Kind::Json) => None,
        (Timestamp(..), Timestamp(..)) => Some(("TIMESTAMP", ", which is in UTC where there was a time zone")),
        _ if is_text(&one) || is_text(&other) => Some(("VARCHAR", "")),
        _ => Some(("VARCHAR", ", and CAST it in the query")),
    };
    match declared {
        Some((sql, more)) => format!(
            "mend one of the files, or declare all columns, this one so: CREATE EXTERNAL TABLE frames ({column} {sql}, ...){more}"
        ),
        None => "mend one of the files, or read these files as two tables".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    #[test]
    fn what_is_advised_can_be_read() {
        let of = |one: DataType, other: DataType, file: &str| advice("X", &one, &other, file);
        assert!(of(DataType::Float64, DataType::Utf8, "a.csv").ends_with("frames (\"X\" VARCHAR, ...)"));
        let zoned = |zone: &str| DataType::Timestamp(TimeUnit::Second, Some(zone.into()));
        assert!(of(zoned("UTC"), zoned("+01:00"), "a.parquet").contains("(\"X\" TIMESTAMP, ...), which is in UTC"));
        assert!(of(DataType::Int64, DataType::Utf8, "a.ndjson").ends_with("read these files as two tables"));
        let list = DataType::new_list(DataType::Float64, true);
        assert!(of(DataType::Float64, list, "a.parquet").ends_with("read these files as two tables"));
    }
}
