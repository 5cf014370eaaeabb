//! The columns of one file of comma-separated values: names from its first line, types from its values.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use datafusion::common::config::CsvOptions;

use super::header::names;
use super::lines::{in_quotes, spanning};
use super::text::Texts;
use crate::error::{Error, Result};

/// How files are written.
#[derive(Debug, Clone)]
pub struct Dialect {
    /// Delimiter, quotes and the like, as DataFusion's OPTIONS have them.
    pub options: CsvOptions,
    /// Whether the first line names the columns.
    pub has_header: bool,
    /// Whether a value may hold the end of a line.
    pub newlines_in_values: bool,
}

impl Dialect {
    /// For arrow's reader.
    pub fn format(&self, has_header: bool) -> Format {
        let CsvOptions { delimiter, quote, escape, terminator, comment, truncated_rows, .. } = &self.options;
        let mut format = Format::default().with_header(has_header).with_delimiter(*delimiter).with_quote(*quote);
        format = format.with_truncated_rows(truncated_rows.unwrap_or(false));
        if let Some(escape) = escape {
            format = format.with_escape(*escape);
        }
        if let Some(terminator) = terminator {
            format = format.with_terminator(*terminator);
        }
        if let Some(comment) = comment {
            format = format.with_comment(*comment);
        }
        format
    }

    /// The schema, which remembers whether a value of the file may hold the end of a line. Where it was not looked at whole, quotes anywhere may hold one.
    fn remembering(&self, schema: Schema, parts: &[Bytes], is_whole: bool) -> Schema {
        let has_quotes = |part: &Bytes| part.contains(&self.options.quote);
        let spans = self.newlines_in_values
            || match parts {
                [part] if is_whole => in_quotes(part, &self.options),
                parts => parts.iter().any(has_quotes),
            };
        if spans { spanning(schema) } else { schema }
    }
}

/// The columns of a file, from its parts (see [`super::sample`]), which are all of it if it `is_whole`. `file` is its name, for messages.
///
/// # Errors
/// Two columns of one name; a first line of other delimiters; a row of another length than the first line.
pub fn columns(parts: &[Bytes], is_whole: bool, dialect: &Dialect, file: &str) -> Result<Schema> {
    let head = parts.first().map(Bytes::as_ref).unwrap_or_default();
    let names = names(head, dialect, file)?;
    // Where a value holds the end of a line, what looks like a line further on may be the rest of a value.
    let readable = if parts.len() > 1 && in_quotes(head, &dialect.options) { &parts[..1] } else { parts };
    let mut seen = vec![Texts::default(); names.len()];
    let mut left = dialect.options.schema_infer_max_rec.unwrap_or(usize::MAX);
    let read_nothing = left == 0;
    for (place, part) in readable.iter().enumerate() {
        let format = dialect.format(dialect.has_header && place == 0);
        left -= take(&mut seen, part, format, left).map_err(|e| failed(place, &e, file))?;
    }
    // Without any record to look at, everything is a text: that is what 0 records are asked for.
    let data_type = |seen: &Texts| if read_nothing { DataType::Utf8 } else { seen.data_type() };
    let fields = names.into_iter().zip(&seen).map(|(name, seen)| Field::new(name, data_type(seen), true));
    Ok(dialect.remembering(Schema::new(fields.collect::<Vec<_>>()), parts, is_whole))
}

/// The columns of a file as texts, for one of which the types are declared: its values are not parsed.
///
/// # Errors
/// As [`columns`], of the first line.
pub fn undecided(parts: &[Bytes], is_whole: bool, dialect: &Dialect, file: &str) -> Result<Schema> {
    let names = names(parts.first().map(Bytes::as_ref).unwrap_or_default(), dialect, file)?;
    let fields = names.into_iter().map(|name| Field::new(name, DataType::Utf8, true));
    Ok(dialect.remembering(Schema::new(fields.collect::<Vec<_>>()), parts, is_whole))
}

fn failed(part: usize, error: &arrow::error::ArrowError, file: &str) -> Error {
    Error::Data(match part {
        0 => format!("{file}: {error}"),
        _ => format!(
            "{file}, in a part at its middle or end: {error}; if a value holds the end of a line, say so: OPTIONS ('format.newlines_in_values' 'true')"
        ),
    })
}

/// Takes at most so many rows, and tells how many.
fn take(
    seen: &mut [Texts],
    part: &Bytes,
    format: Format,
    most: usize,
) -> std::result::Result<usize, arrow::error::ArrowError> {
    let texts = (0..seen.len()).map(|place| Field::new(format!("{place}"), DataType::Utf8, true));
    let texts = Arc::new(Schema::new(texts.collect::<Vec<_>>()));
    let mut rows = 0;
    for batch in ReaderBuilder::new(texts).with_format(format).with_batch_size(1024).build(Cursor::new(part.clone()))? {
        let batch = batch?;
        let batch = batch.slice(0, batch.num_rows().min(most - rows));
        rows += batch.num_rows();
        for (seen, column) in seen.iter_mut().zip(batch.columns()) {
            let texts = column.as_string::<i32>();
            for row in (0..texts.len()).filter(|row| texts.is_valid(*row)) {
                if seen.is_text() {
                    break;
                }
                seen.take(texts.value(row));
            }
        }
        if rows == most {
            break;
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::super::lines::spans;
    use super::*;

    fn read(text: &str, options: CsvOptions, has_header: bool) -> Result<Vec<(String, DataType)>> {
        let dialect = Dialect { options, has_header, newlines_in_values: false };
        let schema = columns(&[Bytes::from(text.to_owned())], true, &dialect, "a.csv")?;
        Ok(schema.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect())
    }

    fn of(text: &str) -> Vec<(String, DataType)> {
        read(text, CsvOptions::default(), true).unwrap()
    }

    #[test]
    fn a_value_of_the_last_row_decides_as_one_of_the_first() {
        let rows: String = (0..5000).map(|i| format!("{i},\n")).collect();
        let found = of(&format!("x,y\n{rows}0.5,2\n"));
        assert_eq!(found, [("x".to_owned(), DataType::Float64), ("y".to_owned(), DataType::Int64)]);
    }

    #[test]
    fn the_dialect_is_that_of_the_options() {
        let options = CsvOptions { delimiter: b';', quote: b'\'', ..CsvOptions::default() };
        let found = read("1;;'a;b'\n2;3.5;c\n", options, false).unwrap();
        assert_eq!(
            found.iter().map(|(_, t)| t.clone()).collect::<Vec<_>>(),
            [DataType::Int64, DataType::Float64, DataType::Utf8]
        );
        assert_eq!(found[0].0, "column_1");
        let texts = CsvOptions { schema_infer_max_rec: Some(0), ..CsvOptions::default() };
        assert_eq!(read("x\n1\n", texts, true).unwrap()[0].1, DataType::Utf8);
    }

    #[test]
    fn what_cannot_be_a_table_is_refused_by_its_file() {
        let error = |text: &str| read(text, CsvOptions::default(), true).unwrap_err().to_string();
        assert!(error("x,y\n1,2\n3\n").starts_with("a.csv: "), "{}", error("x,y\n1,2\n3\n"));
    }

    #[test]
    fn a_schema_remembers_ends_of_lines_in_values() {
        let dialect = Dialect { options: CsvOptions::default(), has_header: true, newlines_in_values: false };
        let of = |parts: &[&'static str], is_whole: bool| {
            let parts: Vec<Bytes> = parts.iter().map(|part| Bytes::from(*part)).collect();
            let schema = columns(&parts, is_whole, &dialect, "a.csv").unwrap();
            (spans(&schema), schema.field(1).data_type().clone())
        };
        assert_eq!(of(&["x,y\n\"a\",1\n"], true), (false, DataType::Int64));
        assert_eq!(of(&["x,y\n\"a\nb\",1\n"], true), (true, DataType::Int64));
        // Of what was not seen nobody knows, unless nothing is in quotes.
        assert_eq!(of(&["x,y\n\"a\",1\n", "a,2\n"], false), (true, DataType::Int64));
        assert_eq!(of(&["x,y\na,1\n", "a,2.5\n"], false), (false, DataType::Float64));
        // The second part may begin inside of a value.
        assert_eq!(of(&["x,y\n\"a\nb\",1\n", "b\",1\n"], false), (true, DataType::Int64));
    }

    #[test]
    fn declared_columns_need_names_alone() {
        let dialect = Dialect { options: CsvOptions::default(), has_header: true, newlines_in_values: false };
        let schema = undecided(&[Bytes::from("x,y\n1\n")], true, &dialect, "a.csv").unwrap();
        assert_eq!(
            schema.fields().iter().map(|f| f.data_type().clone()).collect::<Vec<_>>(),
            [DataType::Utf8, DataType::Utf8]
        );
    }
}
