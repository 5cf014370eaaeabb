//! Whether the columns of a file can be read as those of the table without becoming something else.
//!
//! The types of a table are found, or declared, when it is made; files come later, and change.

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use super::layout::Columns;
use crate::error::{Result, data_err};
use crate::frames::lake::kind::Kind;
use crate::frames::lake::schema::widen::{is_text, plain, widen};

/// Checks a file of columns `own`, of which the table's are found at `places`.
///
/// # Errors
/// A column that the type of the table does not hold, by its name and that of the file.
pub fn check(kind: Kind, own: &Schema, places: &[Option<usize>], columns: Columns<'_>, file: &str) -> Result<()> {
    for (field, place) in columns.files.fields().iter().zip(places) {
        let Some(own) = place.map(|place| own.field(place)) else { continue };
        match (columns.is_declared, kind) {
            // What is declared is how the texts are read.
            (true, Kind::Csv) => {}
            (true, _) => check_declared(kind, own, field, file)?,
            (false, _) => check_found(kind, own, field, file)?,
        }
    }
    Ok(())
}

fn check_found(kind: Kind, own: &Field, field: &Field, file: &str) -> Result<()> {
    let (name, was, is) = (field.name(), field.data_type(), own.data_type());
    // Every value of CSV is a text, too.
    if !(holds(was, is) || kind == Kind::Csv && is_text(was)) {
        match widen(was, is) {
            Some(_) => {
                return data_err!(
                    "column '{name}' is {is} in {file}, and the table was made when it was {was}: make the table again, and what was made of it"
                );
            }
            // The reader tells the line.
            None if kind == Kind::Csv => {}
            None => {
                return data_err!(
                    "column '{name}' is {is} in {file}, and was {was} when the table was made, and no type holds both; mend one of the files"
                );
            }
        }
    }
    let meaning = field.metadata().iter().find_map(|(key, value)| {
        let other = own.metadata().get(key)?;
        (other != value).then_some((key, value, other))
    });
    match meaning {
        Some((key, value, other)) => data_err!(
            "column '{name}': {key} is {other} in {file}, and was {value} when the table was made; values that mean different things cannot be \
             one column: read these files as two tables"
        ),
        None => Ok(()),
    }
}

/// Whether the values of one type are values of the other as they are.
pub fn holds(table: &DataType, own: &DataType) -> bool {
    let is_binary = |data_type| matches!(data_type, &DataType::Binary | &DataType::LargeBinary | &DataType::BinaryView);
    widen(table, own).is_some_and(|both| both.equals_datatype(table))
        || is_text(table) && is_text(&plain(own))
        || is_binary(table) && is_binary(own)
}

fn check_declared(kind: Kind, own: &Field, field: &Field, file: &str) -> Result<()> {
    let (name, declared, is) = (field.name(), field.data_type(), own.data_type());
    // JSON says digits, whatever type was found in them: they are read as the declared decimal.
    let is_read = kind == Kind::Json && scale(declared).is_some();
    if let Some(lost) = loses(is, declared).filter(|_| !is_read) {
        return data_err!(
            "column '{name}' is {is} in {file} and declared as {declared}, which loses {lost}; declare it as {}, and CAST it in the query",
            in_sql(is)
        );
    }
    // The values of JSON are read as the type, not cast to it.
    if kind != Kind::Json && !can_cast_types(is, declared) {
        return data_err!(
            "column '{name}' is {is} in {file} and declared as {declared}, which it cannot be read as; declare it as it is"
        );
    }
    Ok(())
}

/// What a cast from one type to another would lose without a word. Numbers that do not fit, and texts that are no number, are errors of the cast itself; that a float
/// has fewer digits is what one declares it for.
fn loses(from: &DataType, to: &DataType) -> Option<&'static str> {
    use DataType::{Boolean, Date32, Date64, Dictionary, FixedSizeList, LargeList, List, Struct, Timestamp};
    let has_point = |data_type: &DataType| data_type.is_floating() || scale(data_type).is_some_and(|scale| scale > 0);
    match (from, to) {
        (Dictionary(_, values), _) => loses(values, to),
        (
            List(one) | LargeList(one) | FixedSizeList(one, _),
            List(other) | LargeList(other) | FixedSizeList(other, _),
        ) => loses(one.data_type(), other.data_type()),
        (Struct(fields), Struct(others)) => {
            fields.iter().find_map(|field| loses(field.data_type(), others.find(field.name())?.1.data_type()))
        }
        _ if from.is_numeric() && to == &Boolean => Some("which number it is"),
        _ if has_point(from) && (to.is_integer() || to.is_temporal()) => Some("what stands behind the point"),
        _ if from.is_floating() && scale(to).is_some() => Some("digits"),
        _ if scale(from).zip(scale(to)).is_some_and(|(from, to)| to < from) => Some("digits behind the point"),
        (Timestamp(..), Date32 | Date64) => Some("the time of the day"),
        _ if unit(from).zip(unit(to)).is_some_and(|(from, to)| to < from) => Some("parts of a second"),
        _ => None,
    }
}

/// The digits behind the point of a decimal.
fn scale(data_type: &DataType) -> Option<i8> {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Some(*scale),
        _ => None,
    }
}

fn unit(data_type: &DataType) -> Option<TimeUnit> {
    match data_type {
        DataType::Timestamp(unit, _) | DataType::Duration(unit) | DataType::Time32(unit) | DataType::Time64(unit) => {
            Some(*unit)
        }
        _ => None,
    }
}

/// The type as a statement declares it.
fn in_sql(data_type: &DataType) -> String {
    match data_type {
        DataType::Float16 | DataType::Float32 => "REAL".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Decimal128(digits, scale) => format!("DECIMAL({digits}, {scale})"),
        DataType::Timestamp(..) => "TIMESTAMP".to_owned(),
        _ => "what it is".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use DataType::*;

    use super::*;

    #[test]
    fn a_type_holds_what_is_narrower() {
        let category = Dictionary(Box::new(Int8), Box::new(Utf8));
        for (table, own) in [
            (Int64, Int32),
            (Float64, Int64),
            (Float64, Null),
            (Utf8View, category),
            (Utf8, LargeUtf8),
            (Timestamp(TimeUnit::Nanosecond, None), Date32),
        ] {
            assert!(holds(&table, &own), "{table} {own}");
        }
        for (table, own) in [(Int64, Float64), (Int32, Int64), (Int64, Utf8), (Utf8View, Int64), (Date32, Date64)] {
            assert!(!holds(&table, &own), "{table} {own}");
        }
    }

    #[test]
    fn lists_are_compared_by_their_items() {
        let list = |item: DataType, nullable| FixedSizeList(Arc::new(Field::new("item", item, nullable)), 2);
        assert!(holds(&list(Float64, true), &list(Float32, false)));
        assert!(!holds(&list(Float32, true), &list(Float64, true)));
        // A missing item has no place in a list that has none.
        assert!(!holds(&list(Float64, false), &list(Float64, true)));
        assert_eq!(loses(&list(Float32, true), &list(Int32, true)), Some("what stands behind the point"));
    }

    #[test]
    fn a_cast_that_loses_something_says_what() {
        let timestamp = |unit| Timestamp(unit, None);
        assert_eq!(loses(&Float64, &Int32), Some("what stands behind the point"));
        assert_eq!(loses(&Decimal128(5, 2), &Int64), Some("what stands behind the point"));
        assert_eq!(loses(&Decimal128(5, 2), &Decimal128(9, 1)), Some("digits behind the point"));
        assert_eq!(loses(&timestamp(TimeUnit::Nanosecond), &Date32), Some("the time of the day"));
        assert_eq!(loses(&timestamp(TimeUnit::Nanosecond), &timestamp(TimeUnit::Second)), Some("parts of a second"));
        assert_eq!(loses(&Int64, &Boolean), Some("which number it is"));
        for (from, to) in [(Int64, Int32), (Int64, Float64), (Float64, Float32), (Utf8, Int64), (Float64, Utf8)] {
            assert_eq!(loses(&from, &to), None, "{from} {to}");
        }
    }
}
