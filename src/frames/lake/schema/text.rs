//! The type of a column of texts: the narrowest that every one of them can be read as.

use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampNanosecondType, UInt64Type};

/// What the texts of a column can be so far.
///
/// A text is a number if the reader of CSV will read it as one, for both ask the same parser.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    any: bool,
    boolean: bool,
    int: bool,
    unsigned: bool,
    float: bool,
    /// Whether there was an integer beyond 64 bits: as a float, different ones would be the same.
    long: bool,
    date: bool,
    /// Digits behind the second at most.
    timestamp: Option<usize>,
    /// Whether timestamps tell their zone; none before the first. Some that do and some that do not are no times of one clock.
    zoned: Option<bool>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            any: false,
            boolean: true,
            int: true,
            unsigned: true,
            float: true,
            long: false,
            date: true,
            timestamp: Some(0),
            zoned: None,
        }
    }
}

impl Texts {
    /// Takes a text that is not missing.
    pub fn take(&mut self, text: &str) {
        self.any = true;
        if self.boolean {
            self.boolean = text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
        }
        if self.int {
            self.int = Int64Type::parse(text).is_some();
        }
        if self.unsigned {
            self.unsigned = UInt64Type::parse(text).is_some();
        }
        if self.float {
            self.float = Float64Type::parse(text).is_some();
            let is_whole = || text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
            self.long |= text.len() > 18 && is_whole() && Int64Type::parse(text).is_none();
        }
        if self.date {
            self.date = is_date(text) && Date32Type::parse(text).is_some();
        }
        if let Some(digits) = self.timestamp {
            let read = (is_date(text) || is_timestamp(text)) && TimestampNanosecondType::parse(text).is_some();
            let zoned = text.get(19..).is_some_and(|rest| rest.ends_with(['Z', 'z']) || rest.contains(['+', '-']));
            let is_alike = *self.zoned.get_or_insert(zoned) == zoned;
            self.timestamp = (read && is_alike).then(|| digits.max(fraction(text)));
        }
    }

    /// The type; [`DataType::Null`] where there was no text.
    pub fn data_type(&self) -> DataType {
        match self {
            Self { any: false, .. } => DataType::Null,
            Self { boolean: true, .. } => DataType::Boolean,
            Self { int: true, .. } => DataType::Int64,
            Self { unsigned: true, .. } => DataType::UInt64,
            Self { float: true, long: false, .. } => DataType::Float64,
            Self { date: true, .. } => DataType::Date32,
            Self { timestamp: Some(digits), .. } => DataType::Timestamp(unit(*digits), None),
            _ => DataType::Utf8,
        }
    }

    /// Whether it can be nothing but a text: the rest need not be looked at.
    pub fn is_text(&self) -> bool {
        self.any && self.data_type() == DataType::Utf8
    }
}

fn unit(digits: usize) -> TimeUnit {
    match digits {
        0 => TimeUnit::Second,
        1..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

/// `2026-01-31`
fn is_date(text: &str) -> bool {
    let dash = |(place, byte): (usize, u8)| if place == 4 || place == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(dash)
}

/// `2026-01-31T12:00:00` or with a blank, and whatever follows.
fn is_timestamp(text: &str) -> bool {
    let mut parts = (text.get(..10), text.as_bytes().get(10), text.get(11..));
    let is_clock = |clock: &&str| clock.len() >= 8 && clock.as_bytes()[2] == b':' && clock.as_bytes()[5] == b':';
    matches!(&mut parts, (Some(date), Some(b'T' | b' '), Some(clock)) if is_date(date) && is_clock(clock))
}

fn fraction(text: &str) -> usize {
    let behind = text.get(19..).and_then(|rest| rest.strip_prefix('.'));
    behind.map_or(0, |digits| digits.bytes().take_while(u8::is_ascii_digit).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> DataType {
        let mut seen = Texts::default();
        texts.iter().for_each(|text| seen.take(text));
        seen.data_type()
    }

    #[test]
    fn a_column_is_what_all_its_texts_are() {
        assert_eq!(of(&[]), DataType::Null);
        assert_eq!(of(&["1", "-2"]), DataType::Int64);
        let (zoned, naive) = ("2026-01-31T12:00:00+02:00", "2026-01-31T12:00:00");
        assert_eq!((of(&[zoned, naive]), of(&[naive, zoned])), (DataType::Utf8, DataType::Utf8));
        assert_eq!(of(&[zoned, "2026-01-31T12:00:00Z"]), DataType::Timestamp(TimeUnit::Second, None));
        assert_eq!(of(&["1", "2.5"]), DataType::Float64);
        assert_eq!(of(&["1", "2.5", "x"]), DataType::Utf8);
        assert_eq!(of(&["1", "1e5", "NaN", "-inf"]), DataType::Float64);
        assert_eq!(of(&["true", "False"]), DataType::Boolean);
        assert_eq!(of(&["true", "1"]), DataType::Utf8);
        assert_eq!(of(&["1,5"]), DataType::Utf8);
    }

    #[test]
    fn long_numbers_are_not_rounded_to_one_another() {
        assert_eq!(of(&["9223372036854775807"]), DataType::Int64);
        assert_eq!(of(&["9223372036854775808", "1"]), DataType::UInt64);
        assert_eq!(of(&["184467440737095516150", "184467440737095516151"]), DataType::Utf8);
        assert_eq!(of(&["9223372036854775808", "-1"]), DataType::Utf8);
    }

    #[test]
    fn times_have_the_unit_of_their_finest_text() {
        assert_eq!(of(&["2026-01-31"]), DataType::Date32);
        assert_eq!(of(&["2026-01-31 12:00:00", "2026-01-31T12:00:00"]), DataType::Timestamp(TimeUnit::Second, None));
        assert_eq!(
            of(&["2026-01-31 12:00:00", "2026-01-31 12:00:00.25"]),
            DataType::Timestamp(TimeUnit::Millisecond, None)
        );
        assert_eq!(of(&["2026-01-31", "2026-01-31 12:00:00.0000001"]), DataType::Timestamp(TimeUnit::Nanosecond, None));
        assert_eq!(of(&["2026-13-31"]), DataType::Utf8);
        assert_eq!(of(&["12-2026-01"]), DataType::Utf8);
    }
}
