//! Names of classes that may be typing errors of each other.

use std::collections::BTreeMap;

use super::classes::number_text;

/// What stands for a missing value in texts, in any letter case.
pub const MISSING: [&str; 10] = ["", "na", "n/a", "nan", "null", "none", "<na>", "-", "--", "?"];

/// What is doubtful about these names and what to do about it, by name; nothing where no doubt is.
///
/// Doubtful are an empty name, one with a space or another invisible character at an end, one that stands for a missing
/// value elsewhere ([`MISSING`]), and names that are one when [`folded`].
pub fn doubts<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        let names = alike.entry(folded(name)).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut doubts = BTreeMap::new();
    for names in alike.values() {
        for name in names {
            let others: Vec<String> = names.iter().filter(|other| other != &name).map(|other| shown(other)).collect();
            if let Some(doubt) = doubt(name, &others) {
                doubts.insert(*name, doubt);
            }
        }
    }
    doubts
}

fn doubt(name: &str, others: &[String]) -> Option<String> {
    if name.is_empty() {
        return Some("'' is a class of its own: nullif(label, '') AS label says that there is none".to_owned());
    }
    let beside = if others.is_empty() { String::new() } else { format!(" beside {}", others.join(", ")) };
    let shown = shown(name);
    if trimmed(name) != name {
        let trim = trimming(name, "label");
        return Some(format!("{shown}{beside} begins or ends with what nobody sees: {trim} AS label"));
    }
    // "none" is what gestures are called when there is none.
    if MISSING.iter().any(|missing| missing.eq_ignore_ascii_case(name)) && !name.eq_ignore_ascii_case("none") {
        return Some(format!(
            "{shown} is a class of its own, and stands for a missing value elsewhere: nullif(label, {shown}) AS label says that \
             there is none"
        ));
    }
    // The other one says what to do.
    let one_name = if padded_number(name).is_some() { "CAST(label AS DOUBLE)" } else { "lower(trim(label))" };
    (!others.is_empty())
        .then(|| format!("{shown}{beside}: one class under two names? {one_name} AS label, or CASE label WHEN ... END"))
}

/// What takes away from a text of `column` what nobody sees at both ends of `name`.
pub fn trimming(name: &str, column: &str) -> String {
    if name.trim_matches(' ') == trimmed(name) {
        return format!("trim({column})");
    }
    format!(r"regexp_replace({column}, '^[\s\x{{200b}}\x{{feff}}]+|[\s\x{{200b}}\x{{feff}}]+$', '', 'g')")
}

fn is_invisible(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || ['\u{200b}', '\u{feff}'].contains(&letter)
}

/// A name without what nobody sees at its ends.
pub fn trimmed(name: &str) -> &str {
    name.trim_matches(is_invisible)
}

/// A text that is a number, as [`number_text`] names it, behind zeros and what nobody sees: `01`, ` 1` and `1.0` are `1`.
pub fn padded_number(text: &str) -> Option<String> {
    let is_digit = |first: char| first.is_ascii_digit();
    let text = trimmed(text);
    let (minus, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(is_digit) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    // The zero of 0.5 stays.
    let zero = if digits.starts_with(is_digit) { "" } else { "0" };
    number_text(&format!("{minus}{zero}{digits}"))
}

/// What is the same for names that differ in nothing but letter case, spaces, `_` and `-`, or in how a number is written.
pub fn folded(name: &str) -> String {
    let name = trimmed(name);
    if let Some(number) = padded_number(name) {
        return number;
    }
    let lower = name.to_lowercase().replace(['_', '-'], " ");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// In quotes, with what nobody sees written out.
pub fn shown(name: &str) -> String {
    let letter = |letter: char| match letter {
        ' ' => " ".to_owned(),
        letter if is_invisible(letter) => letter.escape_default().to_string(),
        letter => letter.to_string(),
    };
    format!("'{}'", name.chars().map(letter).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_not_doubted() {
        assert!(doubts(["walk", "run", "walk fast", "1", "2", "10", "sit-up", "up"]).is_empty());
        assert!(doubts(["walk", "walk"]).is_empty());
    }

    #[test]
    fn names_that_stand_for_a_missing_value_are_doubted() {
        for name in ["nan", "NaN", "NA", "null", "<NA>", "N/A", "?"] {
            let doubt = &doubts(["walk", name])[name];
            assert!(doubt.contains(&format!("nullif(label, '{name}') AS label")), "{doubt}");
        }
        assert_eq!(doubts(["walk", "none"]), BTreeMap::new());
        // Both of them, each by itself; what nobody sees goes first.
        let found = doubts(["nan", "NaN", " nan"]);
        assert!(found["NaN"].contains("nullif(label, 'NaN')"), "{}", found["NaN"]);
        assert!(found[" nan"].contains("trim(label) AS label"), "{}", found[" nan"]);
    }

    #[test]
    fn a_number_is_one_name_with_zeros_and_blanks_around_it() {
        for (text, number) in
            [("01", "1"), (" 1.0", "1"), ("007.50", "7.5"), ("+0", "0"), ("-01", "-1"), ("00", "0"), ("0.5", "0.5")]
        {
            assert_eq!(padded_number(text).as_deref(), Some(number), "{text}");
        }
        for text in ["", "-", "0x1", "1_0", "walk", "1 2", "--1", "+-1", "nan", "01.02.2026", "²"] {
            assert_eq!(padded_number(text), None, "{text}");
        }
        assert_eq!((folded("01"), folded("1.0")), ("1".to_owned(), "1".to_owned()));
        let found = doubts(["01", "1", "2"]);
        assert!(found["01"].starts_with("'01' beside '1'") && found["01"].contains("CAST(label AS DOUBLE)"));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn names_that_differ_in_what_nobody_sees_are_named() {
        let found =
            doubts(["walk", "walk ", "Run", "run", "", "sit_down", "sit down", "1", "1.0", "\u{feff}jump", "ok"]);
        let names: Vec<&str> = found.keys().copied().collect();
        assert_eq!(names, ["", "1", "1.0", "Run", "run", "sit down", "sit_down", "walk", "walk ", "\u{feff}jump"]);
        assert!(found["walk "].starts_with("'walk ' beside 'walk' begins or ends with"), "{}", found["walk "]);
        assert!(found["walk "].contains(" trim(label) AS label"), "{}", found["walk "]);
        assert!(found["walk"].starts_with("'walk' beside 'walk ': one class under two names?"), "{}", found["walk"]);
        assert!(found["Run"].starts_with("'Run' beside 'run'"), "{}", found["Run"]);
        assert!(found[""].contains("nullif(label, '')"), "{}", found[""]);
        let jump = &found["\u{feff}jump"];
        assert!(jump.starts_with(r"'\u{feff}jump' begins or ends") && jump.contains("regexp_replace"), "{jump}");
    }
}
