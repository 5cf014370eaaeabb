//! Where records of CSV begin and end: the rules of its reader, a byte at a time.

use datafusion::datasource::physical_plan::CsvSource;

/// The bytes that mean something.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    /// Between values.
    pub delimiter: u8,
    /// Around a value that holds such bytes.
    pub quote: u8,
    /// Before a quote that ends no value; a doubled quote is one, too.
    pub escape: Option<u8>,
    /// At the end of a record; line feeds and carriage returns where nothing is said.
    pub terminator: Option<u8>,
    /// At the beginning of a line that is no record.
    pub comment: Option<u8>,
}

impl Marks {
    /// Those of a reader.
    pub fn of(source: &CsvSource) -> Self {
        Self {
            delimiter: source.delimiter(),
            quote: source.quote(),
            escape: source.escape(),
            terminator: source.terminator(),
            comment: source.comment(),
        }
    }

    /// The byte at which DataFusion cuts a file.
    pub fn cut(&self) -> u8 {
        self.terminator.unwrap_or(b'\n')
    }

    /// Whether a byte ends a record.
    fn is_end(&self, byte: u8) -> bool {
        self.terminator.map_or(matches!(byte, b'\n' | b'\r'), |terminator| byte == terminator)
    }
}

/// What the last byte was part of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Nothing: here a record begins, or an empty line ends.
    Record,
    /// Nothing: here a value begins.
    Value,
    Plain,
    Quoted,
    /// A quoted value, of which the next byte is not the end.
    Escaped,
    /// A quote, which ends the value unless another follows.
    Quote,
    Comment,
}

/// The records of a file, as far as its bytes were taken.
#[derive(Debug)]
pub struct Records {
    marks: Marks,
    state: State,
    /// How many records have begun.
    pub begun: u64,
}

impl Records {
    /// None so far.
    pub fn new(marks: Marks) -> Self {
        Self { marks, state: State::Record, begun: 0 }
    }

    /// Takes the next byte of the file.
    pub fn take(&mut self, byte: u8) {
        let Marks { delimiter, quote, escape, comment, .. } = self.marks;
        let is_end = self.marks.is_end(byte);
        // A line feed behind a carriage return ends an empty line, which is no record.
        let unquoted = || match byte {
            _ if byte == delimiter => State::Value,
            _ if is_end => State::Record,
            _ => State::Plain,
        };
        let began = |state| if state == State::Plain && byte == quote { State::Quoted } else { state };
        self.state = match self.state {
            State::Record if is_end => State::Record,
            State::Record if Some(byte) == comment => State::Comment,
            State::Record => {
                self.begun += 1;
                began(unquoted())
            }
            State::Value => began(unquoted()),
            State::Plain => unquoted(),
            State::Quoted if byte == quote => State::Quote,
            State::Quoted if Some(byte) == escape => State::Escaped,
            State::Quoted | State::Escaped => State::Quoted,
            State::Quote if byte == quote => State::Quoted,
            State::Quote => unquoted(),
            State::Comment => {
                if byte == b'\n' {
                    State::Record
                } else {
                    State::Comment
                }
            }
        };
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Those of a file without options.
    pub(in super::super) const MARKS: Marks =
        Marks { delimiter: b',', quote: b'"', escape: None, terminator: None, comment: None };

    fn all(text: &str, marks: Marks) -> u64 {
        let mut records = Records::new(marks);
        text.bytes().for_each(|byte| records.take(byte));
        records.begun
    }

    #[test]
    fn records_end_at_lines_but_not_in_quotes() {
        assert_eq!(all("x,y\r\n1,2\r\n\n3,4", MARKS), 3);
        assert_eq!(all("x,y\n\"a\nb\",2\n3,4\n", MARKS), 3);
        assert_eq!(all("x,y\n\"a\"\"\n\"\"b\",2\n", MARKS), 2);
        assert_eq!(all("\"x\",\"y\"\n\"1\",\"2\"\n", MARKS), 2);
        // A quote inside a value is a letter.
        assert_eq!(all("x,y\n5\",a\n6\",b\n", MARKS), 3);
    }

    #[test]
    fn options_say_what_bytes_mean() {
        let marks = Marks { escape: Some(b'\\'), comment: Some(b'#'), ..MARKS };
        assert_eq!(all("x,y\n# \"no\nrecord\n1,\"a\\\"\nb\"\n", marks), 3);
        assert_eq!(all("x;y|1;2|", Marks { delimiter: b';', terminator: Some(b'|'), ..MARKS }), 2);
    }
}
