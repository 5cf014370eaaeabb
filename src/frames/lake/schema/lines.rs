//! Whether a value of a text file holds the end of a line: then nothing tells where a line begins, and the file cannot be read in parts.

use arrow::datatypes::Schema;
use datafusion::common::config::CsvOptions;

/// The key in the metadata of a file's schema that says so.
const SPANS: &str = "posequel:newlines_in_values";

/// The schema of a file of which a value holds, or may hold, the end of a line.
pub fn spanning(schema: Schema) -> Schema {
    schema.with_metadata([(SPANS.to_owned(), "true".to_owned())].into())
}

/// Whether the file of a schema is to be read from its beginning to its end, and not in parts.
pub fn spans(schema: &Schema) -> bool {
    schema.metadata().contains_key(SPANS)
}

/// Whether the end of a line stands inside of quotes. A quote opens a value only at its beginning, as for the reader.
pub fn in_quotes(bytes: &[u8], options: &CsvOptions) -> bool {
    if !bytes.contains(&options.quote) {
        return false;
    }
    let is_end = |byte: u8| options.terminator.map_or(byte == b'\n' || byte == b'\r', |end| byte == end);
    let mut place = Place::Begin;
    let mut bytes = bytes.iter().copied();
    while let Some(byte) = bytes.next() {
        place = match place {
            Place::Quoted if byte == options.quote => Place::Closed,
            Place::Quoted if Some(byte) == options.escape => {
                bytes.next();
                Place::Quoted
            }
            Place::Quoted if is_end(byte) => return true,
            Place::Quoted => Place::Quoted,
            Place::Begin | Place::Closed if byte == options.quote => Place::Quoted,
            _ if byte == options.delimiter || is_end(byte) => Place::Begin,
            _ => Place::Plain,
        };
    }
    false
}

/// Where in a value a byte stands.
#[derive(Clone, Copy)]
enum Place {
    Begin,
    Plain,
    Quoted,
    /// Behind a quote inside of quotes: the end of the value, or the first of two that mean one.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ends_of_lines_inside_of_quotes_count() {
        let of = |text: &str| in_quotes(text.as_bytes(), &CsvOptions::default());
        assert!(of("x,y\n1,\"a\nb\"\n") && of("\"a\r\nb\",1\n") && of("\"a \"\"b\"\"\nc\"\n"));
        assert!(!of("x,y\n1,\"a\"\n\"b\",2\n") && !of("\"a\"\"\"\n1\n"));
        // A sign of inches is no quote, and what is never closed is quoted to its end.
        assert!(!of("x\n5\" tall\n6\" tall\n") && of("x\n\"a\nb\n"));
    }

    #[test]
    fn the_letters_are_those_of_the_options() {
        let options = CsvOptions { quote: b'\'', delimiter: b';', escape: Some(b'\\'), ..CsvOptions::default() };
        assert!(in_quotes(b"a;'b\\'\nc'\n", &options));
        assert!(!in_quotes(b"a;'b\\';c'\n\"d\ne\"\n", &options));
    }

    #[test]
    fn a_schema_remembers() {
        let schema = Schema::empty();
        assert!(!spans(&schema) && spans(&spanning(schema)));
    }
}
