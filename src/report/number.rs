//! Numbers as people read them: three digits, shares in percent, ranges with an en dash.

/// The unit of metrics that are shares of rows; shown in percent.
pub const SHARE: &str = "share";

/// A thin space that no line breaks at, between a number and its unit.
const THIN: char = '\u{202f}';

const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// `76.3 %` for a share of 0.763.
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{}{THIN}%", signed(format!("{:.1}", 100.0 * share))) } else { strange(share) }
}

/// A value in its unit: shares in percent, anything else in three digits.
pub fn measure(value: f64, unit: &str) -> String {
    if unit == SHARE { percent(value) } else { digits(value) }
}

/// `60.5–90.7 %`, or `−0.05 to 0.12` where a dash would look like a sign.
pub fn range(low: f64, high: f64, unit: &str) -> String {
    let (low_text, high_text) = (measure(low, unit), measure(high, unit));
    let between = if low < 0.0 || high < 0.0 { " to " } else { "–" };
    // The unit once, at the end.
    let low_text = low_text.trim_end_matches(['%', THIN]);
    format!("{low_text}{between}{high_text}")
}

/// `10–20 %`: a range of shares whose ends are whole percents.
pub fn whole_range(low: f64, high: f64) -> String {
    format!("{:.0}–{:.0}{THIN}%", 100.0 * low, 100.0 * high)
}

/// `6.1 points` for a difference of shares of 0.061: percent of percent would be something else.
pub fn points(difference: f64) -> String {
    let text = tenths(difference);
    let unit = if matches!(text.as_str(), "1.0" | "−1.0") { "point" } else { "points" };
    format!("{text} {unit}")
}

/// `−1.2 to 13.0`, in points.
pub fn points_range(low: f64, high: f64) -> String {
    format!("{} to {}", tenths(low), tenths(high))
}

fn tenths(share: f64) -> String {
    if share.is_finite() { signed(format!("{:.1}", 100.0 * share)) } else { strange(share) }
}

/// `= 0.013`, or `< 0.001`, with a space that no line breaks at.
pub fn probability(p: f64) -> String {
    if p < 0.001 { "<\u{a0}0.001".to_owned() } else { format!("=\u{a0}{p:.3}") }
}

/// Three digits, so that columns align: `0.693`, `0.036`, `12.3`, `1,235`.
///
/// Below 0.01 they are significant digits, `0.00120` and `1.20 × 10⁻⁵`: else none would be left.
pub fn digits(x: f64) -> String {
    if (0.01..1.0).contains(&x.abs()) { signed(format!("{x:.3}")) } else { significant(x) }
}

/// As few digits as say it, three at most: `0.001`, `0.5`, `0.0125`, `2 × 10⁻⁵`.
pub fn short(x: f64) -> String {
    let text = significant(x);
    let (number, power) = text.split_once(" × ").unwrap_or((&text, ""));
    let trimmed = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    if power.is_empty() { trimmed.to_owned() } else { format!("{trimmed} × {power}") }
}

/// `1,234`.
pub fn count(n: u64) -> String {
    thousands(n.to_string())
}

/// `1 window`, `1,234 windows`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

fn significant(x: f64) -> String {
    if !x.is_finite() {
        return strange(x);
    }
    match x.abs() {
        0.0 => "0".to_owned(),
        1e4..1e7 => signed(thousands(format!("{x:.0}"))),
        1e-4..1e7 => signed(thousands(format!("{x:.*}", decimals(x)))),
        _ => scientific(x),
    }
}

/// Decimals that give three significant digits, for numbers below 10,000.
fn decimals(x: f64) -> usize {
    (2.0 - x.abs().log10().floor()).max(0.0) as usize
}

/// `1.20 × 10⁻⁵`.
fn scientific(x: f64) -> String {
    let text = format!("{x:.2e}");
    let (number, power) = text.split_once('e').unwrap_or((&text, "0"));
    let raised = |c: char| match c {
        '-' => '⁻',
        digit => RAISED[digit.to_digit(10).unwrap_or(0) as usize],
    };
    format!("{} × 10{}", signed(number.to_owned()), power.chars().map(raised).collect::<String>())
}

/// With a true minus sign, and none before zero.
fn signed(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// Commas between groups of three digits of the whole part.
fn thousands(text: String) -> String {
    let whole = text.find('.').unwrap_or(text.len());
    let first = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let mut out = String::new();
    for (i, c) in text.char_indices() {
        if i > first && i < whole && (whole - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn strange(x: f64) -> String {
    let name = match (x.is_nan(), x > 0.0) {
        (true, _) => "not a number",
        (_, true) => "∞",
        (_, false) => "−∞",
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_three_digits() {
        let shown = [0.0, 0.762_6, 0.05, 1.0, 12.345, 123.4, 1234.5, 99_999.7, 0.000_25, 1.2e-5, 2.5e9, -0.123_4];
        let expected = [
            "0",
            "0.763",
            "0.050",
            "1.00",
            "12.3",
            "123",
            "1,234",
            "100,000",
            "0.000250",
            "1.20 × 10⁻⁵",
            "2.50 × 10⁹",
            "−0.123",
        ];
        assert_eq!(shown.map(digits), expected);
    }

    #[test]
    fn a_short_number_has_no_zeros_at_its_end() {
        assert_eq!(
            [0.001, 0.000_25, 0.012_5, 1.0, 100.0, 2e-5].map(short),
            ["0.001", "0.00025", "0.0125", "1", "100", "2 × 10⁻⁵"]
        );
    }

    #[test]
    fn a_share_is_shown_in_percent() {
        assert_eq!(measure(0.763, SHARE), "76.3\u{202f}%");
        assert_eq!(measure(-0.000_1, SHARE), "0.0\u{202f}%");
        assert_eq!(measure(0.763, "nats"), "0.763");
    }

    #[test]
    fn a_range_names_its_unit_once() {
        assert_eq!(range(0.605, 0.907, SHARE), "60.5–90.7\u{202f}%");
        assert_eq!(range(-0.05, 0.12, "1"), "−0.050 to 0.120");
    }

    #[test]
    fn a_difference_of_shares_is_in_points() {
        assert_eq!([0.061, -0.01, 0.0].map(points), ["6.1 points", "−1.0 point", "0.0 points"]);
        assert_eq!(points_range(-0.012, 0.13), "−1.2 to 13.0");
        assert_eq!([0.0001, 0.0129, 1.0].map(probability), ["<\u{a0}0.001", "=\u{a0}0.013", "=\u{a0}1.000"]);
    }

    #[test]
    fn what_is_no_number_says_so() {
        assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(digits), ["not a number", "∞", "−∞"]);
        assert_eq!(percent(f64::NAN), "not a number");
    }

    #[test]
    fn counts_have_commas_and_nouns() {
        assert_eq!([999, 1000, 1_234_567].map(count), ["999", "1,000", "1,234,567"]);
        assert_eq!(
            (counted(1, "person", "people"), counted(28, "person", "people")),
            ("1 person".into(), "28 people".into())
        );
    }
}
