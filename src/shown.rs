//! Text of data on a terminal: what would steer the terminal is shown as it would be written in a program, `\x1b`.
//!
//! A value, the name of a column or of a file may hold anything. Printed as they are, escape sequences set titles, colours and clipboards, and marks of direction
//! show a text in another order than it has.

use std::borrow::Cow;
use std::fmt::Write;

/// A text of any number of lines, in which nothing steers a terminal: control characters of C0 and C1, DEL, and marks of direction are escaped (`\x1b`, `\u{202e}`).
/// Line feeds and tabs stay. To escape a text twice changes nothing.
///
/// ```
/// assert_eq!(posequel::shown::escaped("a\x1b[31mb\u{202e}\n"), "a\\x1b[31mb\\u{202e}\n");
/// ```
pub fn escaped(text: &str) -> Cow<'_, str> {
    // Lines of Windows end as they are wont to.
    let stays = |letter: char, next: Option<char>| {
        matches!(letter, '\n' | '\t') || (letter == '\r' && next == Some('\n')) || !steers(letter)
    };
    with(text, stays)
}

/// As [`escaped`], a value in a table: a tab, which would move the columns behind it, is escaped too, and line feeds stay, since tables show lines in lines.
pub fn in_cell(text: &str) -> Cow<'_, str> {
    with(text, |letter, _| letter == '\n' || !steers(letter))
}

/// As [`escaped`], a name on a line of its own: nothing ends the line.
pub fn in_line(text: &str) -> Cow<'_, str> {
    with(text, |letter, _| !steers(letter))
}

/// Whether a letter is no letter, but does something.
fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn with(text: &str, stays: impl Fn(char, Option<char>) -> bool) -> Cow<'_, str> {
    // Nearly every text is plain.
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if stays(letter, letters.peek().copied()) {
            shown.push(letter);
            continue;
        }
        // Writing to a text cannot fail.
        let _ = match letter {
            '\n' => shown.write_str("\\n"),
            '\r' => shown.write_str("\\r"),
            '\t' => shown.write_str("\\t"),
            '\0'..='\x7f' => write!(shown, "\\x{:02x}", u32::from(letter)),
            _ => write!(shown, "\\u{{{:x}}}", u32::from(letter)),
        };
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped() {
        // A title, a bell, a colour by an 8-bit CSI, and a delete
        assert_eq!(escaped("\x1b]0;t\x07\u{9b}31m\x7f\0"), "\\x1b]0;t\\x07\\u{9b}31m\\x7f\\x00");
        for mark in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}').chain(['\u{200e}', '\u{200f}', '\u{61c}'])
        {
            assert_eq!(escaped(&format!("a{mark}")), format!("a\\u{{{:x}}}", u32::from(mark)));
        }
    }

    #[test]
    fn letters_of_any_language_stay() {
        for plain in ["", "a b", "übung \u{5e9}\u{5dc} 日本 \u{1f600} e\u{301}", "\\x1b", "a\n\tb\r\n"] {
            assert!(matches!(escaped(plain), Cow::Borrowed(_)) || escaped(plain) == plain, "{plain}");
        }
        let once = escaped("\x1b\n").into_owned();
        assert_eq!(escaped(&once), once);
    }

    #[test]
    fn ends_of_lines_are_escaped_where_they_would_be_more_than_that() {
        assert_eq!(escaped("a\rb\r\n"), "a\\rb\r\n");
        assert_eq!(in_cell("a\tb\nc\r\n"), "a\\tb\nc\\r\n");
        assert_eq!(in_line("a\tb\nc"), "a\\tb\\nc");
    }
}
