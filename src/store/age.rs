//! How old something must be: `30m`, `12h`, `1d`, `2w`, `0s`.

use std::time::Duration;

use crate::error::{Result, query_err};

/// Reads a whole number and its unit: `s`, `m`, `h`, `d` or `w`.
///
/// # Errors
/// [`Error::Query`](crate::error::Error::Query) for anything else, or more seconds than 64 bits count.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(posequel::store::age::parse("30m"), Ok(Duration::from_secs(1800)));
/// ```
pub fn parse(text: &str) -> Result<Duration> {
    const UNITS: [(char, u64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];
    let parted = UNITS.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds)));
    // Rust reads a '+', too.
    let parted = parted.filter(|(number, _)| number.bytes().all(|digit| digit.is_ascii_digit()));
    let seconds = parted.and_then(|(number, unit)| number.parse::<u64>().ok()?.checked_mul(unit));
    match seconds {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => query_err!("expected a number and s, m, h, d or w, such as 1d (was '{text}')"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_a_number_and_a_unit() {
        for (text, seconds) in [("0s", 0), ("90m", 5400), ("12h", 43_200), ("1d", 86_400), ("2w", 1_209_600)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "d", "1", "1 d", "-1d", "+1d", "1.5d", "1D", "1é", "99999999999999999999s", "18446744073709551615w"]
        {
            assert!(parse(text).unwrap_err().to_string().contains(&format!("(was '{text}')")), "{text}");
        }
    }
}
