//! Where tokens lie in the bytes of their text.

use datafusion::sql::sqlparser::tokenizer::Location;

/// The bytes of lines and columns. Places are asked for in the order of the text, which is walked once.
#[derive(Debug)]
pub struct Places<'a> {
    text: &'a str,
    line: u64,
    column: u64,
    byte: usize,
}

impl<'a> Places<'a> {
    /// At the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, line: 1, column: 1, byte: 0 }
    }

    /// The byte at a line and column, both of characters counted from 1; the end of the text for what lies behind it. A place before one that was asked for is
    /// taken for that one.
    pub fn byte(&mut self, at: Location) -> usize {
        for letter in self.text[self.byte..].chars() {
            if (self.line, self.column) >= (at.line, at.column) {
                break;
            }
            self.byte += letter.len_utf8();
            (self.line, self.column) = if letter == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bytes() {
        let mut places = Places::new("aé\r\n\nb");
        let mut byte = |line, column| places.byte(Location::new(line, column));
        assert_eq!([byte(1, 1), byte(1, 2), byte(1, 3), byte(2, 1), byte(3, 1), byte(9, 9)], [0, 1, 3, 5, 6, 7]);
        assert_eq!(byte(1, 1), 7);
    }
}
