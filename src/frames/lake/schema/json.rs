//! The columns of one file of JSON: an object a line, and types from all values.
//!
//! Arrow's own inference makes a text of a number beside a text, which its reader then refuses, and a float of an integer of more than 63 bits.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema};
use serde_json::{Map, Value};

use super::numbers::{Numbers, has_long_integer};
use crate::error::{Error, Result, data_err};

/// The columns of a file of which at most so many records are read. `file` is its name, for messages.
///
/// Where the columns that are read are declared, `is_declared`, one that is of two kinds is nobody's business.
///
/// # Errors
/// Lines that are no objects; a column that is of two kinds; integers of more than 64 bits.
pub fn columns(mut lines: impl BufRead, most: usize, is_declared: bool, file: &str) -> Result<Schema> {
    let mut columns = Columns::default();
    let (mut text, mut number, mut left) = (String::new(), 0, most);
    while left > 0 {
        text.clear();
        number += 1;
        let read = lines.read_line(&mut text).map_err(|e| Error::Data(format!("{file}, line {number}: {e}")))?;
        if read == 0 {
            break;
        }
        let line = Line { number, text: text.trim(), is_declared };
        if !line.text.is_empty() {
            let refused = |fault: Fault| {
                Error::Data(format!("{file}, line {number}, column '{}': {}", fault.names.join("."), fault.what))
            };
            columns.take(&object(&line, file)?, &line).map_err(refused)?;
            left -= 1;
        }
    }
    Ok(Schema::new(columns.fields()))
}

/// As [`columns`], of a file that is one array of objects, over any number of lines.
///
/// # Errors
/// No array; as [`columns`], by the number of the object.
pub fn columns_of_array(bytes: &[u8], most: usize, is_declared: bool, file: &str) -> Result<Schema> {
    let all: Vec<Map<String, Value>> = serde_json::from_slice(bytes).map_err(|e| {
        Error::Data(format!(
            "{file}: {e}; OPTIONS ('format.newline_delimited' 'false') says that the file is one array of objects, [{{\"x\": 1}}]"
        ))
    })?;
    // Looked for once, and not again for each large number.
    let text = std::str::from_utf8(bytes).ok().filter(|text| has_long_integer(text)).unwrap_or_default();
    let mut columns = Columns::default();
    for (place, object) in all.iter().enumerate().take(most) {
        let line = Line { number: place + 1, text, is_declared };
        columns.take(object, &line).map_err(|fault| {
            Error::Data(format!("{file}, object {}, column '{}': {}", place + 1, fault.names.join("."), fault.what))
        })?;
    }
    Ok(Schema::new(columns.fields()))
}

/// A line of a file.
struct Line<'a> {
    /// From 1.
    number: usize,
    text: &'a str,
    is_declared: bool,
}

fn object(line: &Line<'_>, file: &str) -> Result<Map<String, Value>> {
    let number = line.number;
    if line.text.starts_with('\u{feff}') {
        return data_err!(
            "{file} begins with a byte order mark, which the reader of JSON does not know: save it as UTF-8 without one"
        );
    }
    match serde_json::from_str(line.text) {
        Ok(Value::Object(object)) => Ok(object),
        _ if line.text.starts_with('[') => data_err!(
            "{file}, line {number}: an array begins, and an object in each line is expected, {{\"x\": 1}}; jq -c '.[]' writes the objects of an \
             array so, and CREATE EXTERNAL TABLE frames STORED AS JSON LOCATION '{file}' OPTIONS ('format.newline_delimited' 'false') reads them \
             as they are"
        ),
        Ok(other) => {
            data_err!("{file}, line {number}: {}, and an object in each line is expected, {{\"x\": 1}}", kind(&other))
        }
        Err(e) => data_err!(
            "{file}, line {number}: no JSON: {e}; an object in each line is expected, {{\"x\": 1}}; jq -c . writes objects of several lines so"
        ),
    }
}

/// What is wrong with a value, and the names on the way to it.
struct Fault {
    names: Vec<String>,
    what: String,
}

/// Columns by their names, in the order in which they come first.
#[derive(Debug, Default)]
struct Columns {
    all: Vec<(String, Column)>,
    places: HashMap<String, usize>,
}

impl Columns {
    fn take(&mut self, object: &Map<String, Value>, line: &Line<'_>) -> Result<(), Fault> {
        for (place, (name, value)) in object.iter().enumerate() {
            // Most objects have the same names in the same order.
            let place = match self.all.get(place) {
                Some((known, _)) if known == name => place,
                _ => self.place(name),
            };
            self.all[place].1.take(value, line).map_err(|mut fault| {
                fault.names.insert(0, name.clone());
                fault
            })?;
        }
        Ok(())
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.places.insert(name.to_owned(), self.all.len());
        self.all.push((name.to_owned(), Column::default()));
        self.all.len() - 1
    }

    fn fields(&self) -> Fields {
        self.all.iter().map(|(name, column)| Field::new(name, column.data_type(), true)).collect()
    }
}

/// What the values of a column are so far.
#[derive(Debug, Default)]
struct Column {
    seen: Seen,
    /// The line of the first value that is not missing.
    since: usize,
}

#[derive(Debug, Default)]
enum Seen {
    #[default]
    Nothing,
    Truths,
    Numbers(Numbers),
    Texts,
    Lists(Box<Column>),
    Objects(Columns),
}

impl Column {
    fn take(&mut self, value: &Value, line: &Line<'_>) -> Result<(), Fault> {
        if matches!(self.seen, Seen::Nothing) {
            (self.seen, self.since) = (Seen::of(value), line.number);
        }
        let what = match (&mut self.seen, value) {
            (_, Value::Null) | (Seen::Truths, Value::Bool(_)) | (Seen::Texts, Value::String(_)) => return Ok(()),
            (Seen::Lists(items), Value::Array(values)) => {
                return values.iter().try_for_each(|value| items.take(value, line));
            }
            (Seen::Objects(columns), Value::Object(object)) => return columns.take(object, line),
            (Seen::Numbers(numbers), Value::Number(number)) => match numbers.take(number, line.text) {
                true => return Ok(()),
                false => "an integer of more than 64 bits, of which digits would be lost; put it in quotes".to_owned(),
            },
            (seen, value) => format!(
                "{} here and {} in line {}, and no type holds both; write it one way in all lines, or declare the columns that you want: CREATE \
                 EXTERNAL TABLE frames (x DOUBLE, ...)",
                kind(value),
                seen.kind(),
                self.since
            ),
        };
        if !line.is_declared {
            return Err(Fault { names: vec![], what });
        }
        self.seen = Seen::Texts;
        Ok(())
    }

    fn data_type(&self) -> DataType {
        match &self.seen {
            Seen::Nothing => DataType::Null,
            Seen::Truths => DataType::Boolean,
            Seen::Numbers(numbers) => numbers.data_type(),
            Seen::Texts => DataType::Utf8,
            Seen::Lists(items) => DataType::List(Arc::new(Field::new_list_field(items.data_type(), true))),
            Seen::Objects(columns) => DataType::Struct(columns.fields()),
        }
    }
}

impl Seen {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(_) => Self::Truths,
            Value::Number(_) => Self::Numbers(Numbers::default()),
            Value::String(_) => Self::Texts,
            Value::Array(_) => Self::Lists(Box::default()),
            Value::Object(_) => Self::Objects(Columns::default()),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => kind(&Value::Null),
            Self::Truths => kind(&Value::Bool(true)),
            Self::Numbers(_) => "a number",
            Self::Texts => "a text",
            Self::Lists(_) => "an array",
            Self::Objects(_) => "an object",
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<(String, DataType)>, String> {
        let schema = columns(text.as_bytes(), usize::MAX, false, "a.ndjson").map_err(|e| e.to_string())?;
        Ok(schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect())
    }

    fn type_of(values: &[&str]) -> DataType {
        let lines: String = values.iter().map(|value| format!("{{\"x\": {value}}}\n")).collect();
        of(&lines).unwrap().remove(0).1
    }

    #[test]
    fn types_are_those_of_all_values() {
        let found = of("{\"x\": 1, \"y\": null}\n\n{\"z\": \"a\", \"x\": 0.5, \"b\": true}\n").unwrap();
        let expected =
            [("x", DataType::Float64), ("y", DataType::Null), ("z", DataType::Utf8), ("b", DataType::Boolean)];
        assert_eq!(found, expected.map(|(name, data_type)| (name.to_owned(), data_type)));
        let item = |data_type: DataType| DataType::List(Arc::new(Field::new_list_field(data_type, true)));
        assert_eq!(type_of(&["[]", "[1]", "[null, 2.5]"]), item(DataType::Float64));
        let inner = Fields::from(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)]);
        assert_eq!(type_of(&["{\"a\": 1}", "{\"b\": \"c\"}"]), DataType::Struct(inner));
    }

    #[test]
    fn long_integers_keep_their_digits_or_are_refused() {
        assert_eq!(type_of(&["9223372036854775807", "-1"]), DataType::Int64);
        assert_eq!(type_of(&["18446744073709551615", "1"]), DataType::UInt64);
        assert_eq!(type_of(&["18446744073709551615", "-1"]), DataType::Decimal128(20, 0));
        assert_eq!(type_of(&["1e300", "100000000000000000000.5"]), DataType::Float64);
        let error = of("{\"x\": 1}\n{\"x\": 18446744073709551616}\n").unwrap_err();
        assert!(error.starts_with("a.ndjson, line 2, column 'x': an integer of more than 64 bits"), "{error}");
    }

    #[test]
    fn a_column_of_two_kinds_is_refused_by_its_lines() {
        let error = of("{\"a\": {\"x\": 1}}\n{\"a\": {\"x\": null}}\n{\"a\": {\"x\": \"b\"}}\n").unwrap_err();
        assert!(
            error.starts_with("a.ndjson, line 3, column 'a.x': a text here and a number in line 1, and no type"),
            "{error}"
        );
        let error = of("{\"a\": [1, \"b\"]}\n").unwrap_err();
        assert!(error.starts_with("a.ndjson, line 1, column 'a': a text here and a number in line 1"), "{error}");
        let schema = columns("{\"x\": 1}\n{\"x\": \"b\"}\n".as_bytes(), 9, true, "a.ndjson").unwrap();
        assert_eq!(schema.field(0).data_type(), &DataType::Utf8);
    }

    #[test]
    fn what_is_no_object_a_line_is_refused() {
        assert!(of("[{\"x\": 1},\n{\"x\": 2}]\n").unwrap_err().contains("line 1: an array begins"));
        assert!(of("[{\"x\": 1}]\n").unwrap_err().contains("OPTIONS ('format.newline_delimited' 'false') reads them"));
        assert!(of("{\"x\": 1}\n{\n").unwrap_err().starts_with("a.ndjson, line 2: no JSON: "));
        assert!(of("1\n").unwrap_err().starts_with("a.ndjson, line 1: a number, and an object"));
    }

    #[test]
    fn only_so_many_records_are_read() {
        let schema = columns("{\"x\": 1}\n{\"x\": 0.5}\n".as_bytes(), 1, false, "a.ndjson").unwrap();
        assert_eq!(schema.field(0).data_type(), &DataType::Int64);
    }
}
