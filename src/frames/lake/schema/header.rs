//! The names of the columns of a file of CSV.

use std::collections::HashMap;
use std::io::Cursor;

use super::csv::Dialect;
use crate::error::{Error, Result, data_err};

/// What else than a comma stands between values.
const DELIMITERS: [(u8, &str); 4] = [(b',', "','"), (b';', "';'"), (b'\t', r"E'\t'"), (b'|', "'|'")];

/// The names in the first line of a file, or those that columns without names have. `head` is its beginning, `file` its name, for messages.
///
/// A column without a name is called as pandas calls it, `Unnamed: 0`; a mark of the byte order before the first name is no part of it.
///
/// # Errors
/// Two columns of one name; a first line whose columns are parted by something else than the dialect says.
pub fn names(head: &[u8], dialect: &Dialect, file: &str) -> Result<Vec<String>> {
    let most = usize::from(!dialect.has_header);
    let schema = dialect.format(dialect.has_header).infer_schema(Cursor::new(head), Some(most));
    let (schema, _) = schema.map_err(|e| Error::Data(format!("{file}: {e}")))?;
    let names: Vec<String> =
        schema.fields().iter().enumerate().map(|(place, field)| named(place, field.name())).collect();
    if dialect.has_header {
        check_delimiter(&names, head, dialect, file)?;
    }
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, name) in names.iter().enumerate() {
        if let Some(first) = places.insert(name, place) {
            return data_err!(
                "{file}: two columns are called '{name}', number {} and number {}; rename one in its first line",
                first + 1,
                place + 1
            );
        }
    }
    Ok(names)
}

fn named(place: usize, name: &str) -> String {
    let name = if place == 0 { name.strip_prefix('\u{feff}').unwrap_or(name) } else { name };
    if name.is_empty() { format!("Unnamed: {place}") } else { name.to_owned() }
}

/// A single column whose name holds what often stands between values, and no quotes around it, is a file that was written otherwise.
fn check_delimiter(names: &[String], head: &[u8], dialect: &Dialect, file: &str) -> Result<()> {
    let [name] = names else { return Ok(()) };
    let is_quoted = head.split(|byte| *byte == b'\n').next().is_some_and(|line| line.contains(&dialect.options.quote));
    let other = DELIMITERS.into_iter().filter(|(byte, _)| *byte != dialect.options.delimiter);
    let counted = other.map(|(byte, sql)| (name.bytes().filter(|it| *it == byte).count(), sql));
    match counted.max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 0 && !is_quoted) {
        None => Ok(()),
        Some((_, sql)) => data_err!(
            "{file}: its first line is a single column, '{}'; where {sql} stands between values, say so: CREATE EXTERNAL TABLE frames STORED AS CSV \
             LOCATION '{file}' OPTIONS ('format.delimiter' {sql}); where it is one column, put its name in quotes",
            name.escape_debug()
        ),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::config::CsvOptions;

    use super::*;

    fn of(text: &str, delimiter: u8) -> std::result::Result<Vec<String>, String> {
        let options = CsvOptions { delimiter, ..CsvOptions::default() };
        let dialect = Dialect { options, has_header: true, newlines_in_values: false };
        names(text.as_bytes(), &dialect, "a.csv").map_err(|e| e.to_string())
    }

    #[test]
    fn marks_and_missing_names_are_mended() {
        assert_eq!(of("\u{feff}x,,y\r\n1,2,\r\n", b',').unwrap(), ["x", "Unnamed: 1", "y"]);
    }

    #[test]
    fn another_delimiter_is_named() {
        let error = of("x;y;z\n1;2;3\n", b',').unwrap_err();
        assert!(error.starts_with("a.csv: its first line is a single column, 'x;y;z'; where ';' stands"), "{error}");
        assert!(error.contains("LOCATION 'a.csv' OPTIONS ('format.delimiter' ';')"), "{error}");
        assert!(of("x\ty\n", b',').unwrap_err().contains(r"OPTIONS ('format.delimiter' E'\t')"));
        assert!(of("x,y\n", b';').unwrap_err().contains("OPTIONS ('format.delimiter' ',')"));
        assert_eq!(of("x;y\n", b';').unwrap(), ["x", "y"]);
        assert_eq!(of("\"x;y\"\n1\n", b',').unwrap(), ["x;y"]);
        assert_eq!(of("x\n1;2\n", b',').unwrap(), ["x"]);
    }

    #[test]
    fn two_columns_of_one_name_are_refused_by_their_places() {
        let error = of("x,y,x\n1,2,3\n", b',').unwrap_err();
        assert_eq!(error, "a.csv: two columns are called 'x', number 1 and number 3; rename one in its first line");
    }
}
