//! Numbers and names as sentences have them.

/// A share in percent, with as many digits as matter: `56.3 %`, `0.53 %`, `below 0.001 %`.
pub fn percent(share: f64) -> String {
    let value = 100.0 * share;
    match value.abs() {
        0.0 => "0 %".to_owned(),
        v if v >= 1.0 => format!("{value:.1} %"),
        v if v >= 0.1 => format!("{value:.2} %"),
        v if v >= 0.001 => format!("{value:.3} %"),
        _ => "below 0.001 %".to_owned(),
    }
}

/// A whole number with commas: `121,351`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A text as SQL quotes it: `'a''s'`.
pub fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shares_keep_two_digits() {
        let shown = [0.0, 0.5625, 1.0, 0.012, 0.00529, 0.000123, 7e-12, -0.25].map(percent);
        assert_eq!(shown, ["0 %", "56.2 %", "100.0 %", "1.2 %", "0.53 %", "0.012 %", "below 0.001 %", "-25.0 %"]);
    }

    #[test]
    fn thousands_have_commas() {
        assert_eq!([0, 999, 1000, 121_351, 1_000_000].map(grouped), ["0", "999", "1,000", "121,351", "1,000,000"]);
    }

    #[test]
    fn a_quote_in_a_name_stays_in_it() {
        assert_eq!(sql_text("child's pose"), "'child''s pose'");
    }
}
