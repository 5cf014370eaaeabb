//! Files of SQL and TOML as text, whatever editor wrote them.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use crate::regular::regular;

/// The mark that editors of Windows put before UTF-8: U+FEFF, which nobody sees.
const MARK: char = '\u{feff}';

/// The text without a byte order mark at its head.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// A text of more bytes is none that somebody wrote.
pub const MOST: u64 = 64 << 20;

/// The text of a file, without a byte order mark.
///
/// # Errors
/// A file that cannot be read; what is no file, such as a folder or a pipe; more than 64 MiB; one that is UTF-16 or otherwise no UTF-8, by its first line that is not.
pub fn read_text(path: &Path) -> Result<String> {
    regular(path)?;
    read_text_from(std::fs::File::open(path)?)
}

/// The text of what is left to read, as [`read_text`].
///
/// # Errors
/// As [`read_text`].
pub fn read_text_from(source: impl Read) -> Result<String> {
    let mut bytes = vec![];
    source.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        let what =
            format!("it has more than {} MiB; rows belong into files of their own, as Parquet or CSV", MOST >> 20);
        return Err(Error::new(ErrorKind::FileTooLarge, what));
    }
    decode(bytes)
}

fn decode(bytes: Vec<u8>) -> Result<String> {
    let wrong = |what: String| Err(Error::new(ErrorKind::InvalidData, format!("{what}; save it as UTF-8")));
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return wrong("it is UTF-16, as PowerShell and Notepad may write it".to_owned());
    }
    match String::from_utf8(bytes) {
        // Lines of old Macs end with a carriage return alone, behind which a comment would never end.
        Ok(text) if text.contains('\r') && !text.contains('\n') => Ok(without_mark(&text).replace('\r', "\n")),
        Ok(text) => Ok(without_mark(&text).to_owned()),
        Err(error) => {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
            wrong(format!("line {line} is not UTF-8"))
        }
    }
}

/// A message in which a mark can be seen.
pub(super) fn with_marks_named(message: &str) -> String {
    message.replace(MARK, "U+FEFF, a byte order mark where two files were joined: remove it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mark_at_the_head_goes() {
        assert_eq!(decode("\u{feff}SELECT '\u{feff}';\r\n".into()).unwrap(), "SELECT '\u{feff}';\r\n");
        assert_eq!(decode(vec![0xef, 0xbb, 0xbf]).unwrap(), "");
        assert_eq!(decode(vec![]).unwrap(), "");
        assert_eq!(decode("-- first\rSELECT 1;".into()).unwrap(), "-- first\nSELECT 1;");
    }

    #[test]
    fn what_has_no_end_is_not_read() {
        let message = read_text_from(std::io::repeat(b' ')).unwrap_err().to_string();
        assert!(message.starts_with("it has more than 64 MiB; "), "{message}");
        let message = read_text(Path::new("src")).unwrap_err().to_string();
        assert_eq!(message, "it is a folder, and no file");
    }

    #[test]
    fn what_is_no_utf_8_is_named() {
        let message = |bytes: &[u8]| decode(bytes.to_vec()).unwrap_err().to_string();
        // "a" and a line end, in UTF-16 of either order
        assert!(message(&[0xff, 0xfe, b'a', 0, b'\n', 0]).starts_with("it is UTF-16"));
        assert!(message(&[0xfe, 0xff, 0, b'a', 0, b'\n']).ends_with("save it as UTF-8"));
        // Latin-1: "é" is one byte
        assert_eq!(message(b"SELECT 1;\r\n-- caf\xe9\r\n"), "line 2 is not UTF-8; save it as UTF-8");
    }
}
