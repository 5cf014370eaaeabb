//! The columns of one file of comma-separated values: names from its first line, types from its values.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use datafusion::common::config::CsvOptions;

use super::text::Texts;
use crate::error::{Error, Result, data_err};

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
    fn format(&self, has_header: bool) -> Result<Format> {
        let CsvOptions { delimiter, quote, escape, terminator, comment, null_regex, truncated_rows, .. } =
            &self.options;
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
        if let Some(pattern) = null_regex {
            let pattern = pattern.parse().map_err(|e| Error::Query(format!("null_regex '{pattern}': {e}")))?;
            format = format.with_null_regex(pattern);
        }
        Ok(format)
    }
}

/// The columns of a file, from its parts (see [`super::sample`]). `file` is its name, for messages.
///
/// A column without a name is called as pandas calls it, `Unnamed: 0`; a mark of the byte order before the first name is no part of it.
///
/// # Errors
/// Two columns of one name; a row of another length than the first line.
pub fn columns(parts: &[Bytes], dialect: &Dialect, file: &str) -> Result<Schema> {
    let first = parts.first().map(Bytes::as_ref).unwrap_or_default();
    let failed = |e: &dyn std::fmt::Display| Error::Data(format!("{file}: {e}"));
    let one =
        dialect.format(dialect.has_header)?.infer_schema(Cursor::new(first), Some(usize::from(!dialect.has_header)));
    let (schema, _) = one.map_err(|e| failed(&e))?;
    let names: Vec<String> =
        schema.fields().iter().enumerate().map(|(place, field)| named(place, field.name())).collect();
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            return data_err!("{file}: two columns are called '{name}'; rename one in its first line");
        }
    }
    let mut seen = vec![Texts::default(); names.len()];
    let mut left = dialect.options.schema_infer_max_rec.unwrap_or(usize::MAX);
    let read_nothing = left == 0;
    for (place, part) in parts.iter().enumerate() {
        let format = dialect.format(dialect.has_header && place == 0)?;
        left -= take(&mut seen, part, format, left).map_err(|e| failed(&e))?;
    }
    // Without any record to look at, everything is a text: that is what 0 records are asked for.
    let data_type = |seen: &Texts| if read_nothing { DataType::Utf8 } else { seen.data_type() };
    let fields = names.into_iter().zip(&seen).map(|(name, seen)| Field::new(name, data_type(seen), true));
    Ok(Schema::new(fields.collect::<Vec<_>>()))
}

fn named(place: usize, name: &str) -> String {
    let name = if place == 0 { name.strip_prefix('\u{feff}').unwrap_or(name) } else { name };
    if name.is_empty() { format!("Unnamed: {place}") } else { name.to_owned() }
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
    use super::*;

    fn read(text: &str, options: CsvOptions, has_header: bool) -> Result<Vec<(String, DataType)>> {
        let dialect = Dialect { options, has_header, newlines_in_values: false };
        let schema = columns(&[Bytes::from(text.to_owned())], &dialect, "a.csv")?;
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
    fn marks_and_missing_names_are_mended() {
        let found = of("\u{feff}x,,y\r\n1,2,\r\n");
        let expected = [("x", DataType::Int64), ("Unnamed: 1", DataType::Int64), ("y", DataType::Null)];
        assert_eq!(found, expected.map(|(name, t)| (name.to_owned(), t)));
    }

    #[test]
    fn the_dialect_is_that_of_the_options() {
        let options = CsvOptions { delimiter: b';', null_regex: Some("^(NA|)$".to_owned()), ..CsvOptions::default() };
        let found = read("1;NA;\"a;b\"\n2;3.5;c\n", options, false).unwrap();
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
        assert!(error("x,y,x\n1,2,3\n").starts_with("a.csv: two columns are called 'x'"), "{}", error("x,y,x\n"));
        assert!(error("x,y\n1,2\n3\n").starts_with("a.csv: "), "{}", error("x,y\n1,2\n3\n"));
    }
}
