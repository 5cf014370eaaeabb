//! The type of a column of numbers in JSON.

use arrow::datatypes::DataType;
use serde_json::Number;

/// What the numbers of a column are so far.
#[derive(Debug, Default)]
pub struct Numbers {
    has_negative: bool,
    /// Whether there was one beyond i64.
    has_long: bool,
    has_float: bool,
}

impl Numbers {
    /// Takes a number, unless it is an integer that no type of 64 bits holds. `line` is where it stands.
    pub fn take(&mut self, number: &Number, line: &str) -> bool {
        match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => self.has_negative |= integer < 0,
            (None, Some(_)) => self.has_long = true,
            (None, None) => {
                // Read as a float, as which different ones would be the same.
                let is_large = number.as_f64().is_some_and(|float| float.abs() >= 2f64.powi(63));
                if is_large && has_long_integer(line) {
                    return false;
                }
                self.has_float = true;
            }
        }
        true
    }

    /// The narrowest type that holds all of them.
    pub fn data_type(&self) -> DataType {
        match self {
            Self { has_float: true, .. } => DataType::Float64,
            Self { has_long: false, .. } => DataType::Int64,
            Self { has_negative: false, .. } => DataType::UInt64,
            // Digits enough for both.
            Self { has_negative: true, .. } => DataType::Decimal128(20, 0),
        }
    }
}

/// Whether a text has an integer of more than 64 bits in digits.
pub fn has_long_integer(line: &str) -> bool {
    let is_of_number = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | 'e' | 'E' | '+' | '-');
    let is_long = |number: &str| {
        let digits = number.trim_start_matches('-');
        digits.len() > 18
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && number.parse::<u64>().is_err()
            && number.parse::<i64>().is_err()
    };
    line.split(|letter| !is_of_number(letter)).any(is_long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_integers_of_more_than_64_bits_are_long() {
        for long in ["18446744073709551616", "{\"x\":-9223372036854775809}", "[1,99999999999999999999]"] {
            assert!(has_long_integer(long), "{long}");
        }
        for other in ["18446744073709551615", "-9223372036854775808", "1e300", "100000000000000000000.5", "\"a\""] {
            assert!(!has_long_integer(other), "{other}");
        }
    }
}
