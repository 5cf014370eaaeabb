//! Columns of an account's input, found by name and read as what they are for.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use arrow::util::display::array_value_to_string;

use crate::args::Arguments;
use crate::error::{Error, Result, data_err, query_err, suggest};
use crate::schema::{LABEL, label_hint, sql_name};

/// Refuses an input without a column that an account cannot do without.
///
/// # Errors
/// Names the function, the column with its meaning, and what there is.
pub fn require(function: &str, schema: &Schema, name: &str, meaning: &str) -> Result<()> {
    if schema.index_of(name).is_ok() {
        return Ok(());
    }
    let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let hint = if name == LABEL { label_hint(schema) } else { String::new() };
    query_err!("{function}: the input needs a column '{name}' ({meaning}){}{hint}", suggest(name, names))
}

/// The columns that an argument names, each of which the input has, once.
///
/// # Errors
/// A column that is not there, with the nearest that is; one that is named twice.
pub fn named(schema: &Schema, arguments: &Arguments, argument: &str) -> Result<Option<Vec<String>>> {
    let (function, names) = (arguments.function(), arguments.columns(argument)?);
    for (place, name) in names.iter().flatten().enumerate() {
        if schema.index_of(name).is_err() {
            let known: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            return query_err!("{function}: {argument}: the input has no column '{name}'{}", suggest(name, known));
        }
        if names.iter().flatten().take(place).any(|before| before == name) {
            return query_err!("{function}: {argument}: column '{name}' is named twice");
        }
    }
    Ok(names)
}

/// Refuses columns of the caller's that would stand beside one of the same name in the result.
///
/// # Errors
/// Names the function, the argument and the column, and says what to write.
pub fn apart(function: &str, argument: &str, given: &[Field], own: &[Field]) -> Result<()> {
    match given.iter().map(Field::name).find(|name| own.iter().any(|field| field.name() == *name)) {
        Some(name) => query_err!(
            "{function}: {argument}: the result has a column '{name}' of its own; call it otherwise in the subquery: \
             SELECT {name} AS by_{name}, {argument} => 'by_{name}'"
        ),
        None => Ok(()),
    }
}

/// Those of the names that the input has.
pub fn present(schema: &Schema, names: &[&str]) -> Vec<String> {
    names.iter().filter(|name| schema.index_of(name).is_ok()).map(|name| (*name).to_owned()).collect()
}

/// A column as texts, if there is one of that name.
///
/// # Errors
/// A type that is no text, and no number either.
pub fn texts(function: &str, batch: &RecordBatch, name: &str) -> Result<Option<StringArray>> {
    let text = as_type(function, batch, name, &DataType::Utf8)?;
    Ok(text.map(|text| text.as_string::<i32>().clone()))
}

/// A column as whole numbers, if there is one of that name.
///
/// # Errors
/// A type that is no number, such as a time; a number that is not whole, or too large, by name.
pub fn wholes(function: &str, batch: &RecordBatch, name: &str) -> Result<Option<Int64Array>> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    let data_type = column.data_type();
    if data_type.is_temporal() {
        return query_err!(
            "{function}: {name} must be whole numbers ({name} is {data_type}, a time); number the rows: row_number() OVER (PARTITION \
             BY ... ORDER BY {name}) AS {name}"
        );
    }
    if data_type.is_floating() || data_type.is_decimal() {
        let numbers = numbers(function, batch, name)?;
        if let Some(part) = numbers.iter().flat_map(|numbers| numbers.iter().flatten()).find(|x| x.fract() != 0.0) {
            return data_err!("{function}: {name} is {part} in a row, expected a whole number");
        }
    }
    whole_numbers(function, name, column).map(Some)
}

/// The whole numbers of a column; NULL stays NULL.
///
/// # Errors
/// A type that is no number; a value that is no whole number of 64 bits with a sign, by name, instead of a NULL.
pub fn whole_numbers(function: &str, name: &str, column: &ArrayRef) -> Result<Int64Array> {
    let whole =
        cast(column, &DataType::Int64).map_err(|e| Error::Query(format!("{function}: column '{name}': {e}")))?;
    let whole = whole.as_primitive::<Int64Type>().clone();
    let nulls = column.logical_nulls();
    if whole.null_count() == nulls.as_ref().map_or(0, |nulls| nulls.null_count()) {
        return Ok(whole);
    }
    let is_lost = |row: &usize| whole.is_null(*row) && nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row));
    let row = (0..whole.len()).find(is_lost).unwrap_or_default();
    let value = array_value_to_string(column, row).unwrap_or_default();
    let quoted = sql_name(name);
    data_err!(
        "{function}: {name} is {value} in a row ({}), expected a whole number of at most {}: subtract the first one, {quoted} - \
         min({quoted}) OVER () AS {quoted}, or number the rows with row_number()",
        column.data_type(),
        i64::MAX
    )
}

/// A column as numbers, if there is one of that name.
///
/// # Errors
/// A type that is no number.
pub fn numbers(function: &str, batch: &RecordBatch, name: &str) -> Result<Option<Float64Array>> {
    let number = as_type(function, batch, name, &DataType::Float64)?;
    Ok(number.map(|number| number.as_primitive::<Float64Type>().clone()))
}

/// A column as truth values, if there is one of that name.
///
/// # Errors
/// A type that is neither true nor false.
pub fn truths(function: &str, batch: &RecordBatch, name: &str) -> Result<Option<BooleanArray>> {
    let truth = as_type(function, batch, name, &DataType::Boolean)?;
    Ok(truth.map(|truth| truth.as_boolean().clone()))
}

fn as_type(function: &str, batch: &RecordBatch, name: &str, to: &DataType) -> Result<Option<ArrayRef>> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    let column = cast(column, to).map_err(|e| Error::Query(format!("{function}: column '{name}': {e}")))?;
    Ok(Some(column))
}

/// The text of a row, if there is one.
pub fn value(texts: &Option<StringArray>, row: usize) -> Option<&str> {
    texts.as_ref().filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row))
}
