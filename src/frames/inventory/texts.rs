//! Columns of text in one recording: those that hold numbers, and those that may hold the class. Pure.

use std::collections::BTreeSet;

use crate::account::class_names::MISSING;
use crate::schema::{LABEL, sql_name};

/// The most values of a column that may be classes.
const MOST_CLASSES: usize = 20;
/// Of so many texts one must be a number for the column to be one of numbers.
const ONE_IN: u64 = 2;

/// What was seen of a column of text.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    /// Texts that are numbers.
    numbers: u64,
    /// The first of them that has a decimal comma.
    comma: Option<String>,
    /// The first of them.
    number: Option<String>,
    /// Whether some stand for a missing one.
    has_missing: bool,
    /// Texts that are neither a number nor stand for a missing one.
    others: u64,
    /// The first of those.
    other: Option<String>,
    /// The values, sorted; one more than [`MOST_CLASSES`] of them say that there are many.
    values: BTreeSet<String>,
}

impl Texts {
    /// Takes the text of a row.
    pub fn text(&mut self, text: Option<&str>) {
        let Some(text) = text.map(str::trim) else { return };
        if self.values.len() <= MOST_CLASSES && !self.values.contains(text) {
            self.values.insert(text.to_owned());
        }
        if let Some(has_comma) = number(text) {
            self.numbers += 1;
            self.number.get_or_insert_with(|| text.to_owned());
            if has_comma {
                self.comma.get_or_insert_with(|| text.to_owned());
            }
        } else if MISSING.iter().any(|missing| missing.eq_ignore_ascii_case(text)) {
            self.has_missing = true;
        } else {
            self.others += 1;
            self.other.get_or_insert_with(|| text.to_owned());
        }
    }

    /// What to do with a column of this name, if it holds numbers as text.
    pub fn as_numbers(&self, name: &str) -> Option<String> {
        let number = self.comma.as_ref().or(self.number.as_ref())?;
        if self.numbers * ONE_IN < self.numbers + self.others {
            return None;
        }
        let column = sql_name(name);
        let text = if self.comma.is_some() { format!("replace({column}, ',', '.')") } else { column.clone() };
        let (cast, other) = match &self.other {
            None if self.has_missing => ("TRY_CAST", String::new()),
            None => ("CAST", String::new()),
            Some(other) => ("TRY_CAST", format!("; '{other}' is none")),
        };
        Some(format!("{name} holds numbers as text ('{number}'{other}): {cast}({text} AS DOUBLE) AS {column}"))
    }

    /// What to do with a column of this name, if its values may be classes.
    pub fn as_label(&self, name: &str) -> Option<String> {
        let few = (1..=MOST_CLASSES).contains(&self.values.len());
        let many_numbers = self.as_numbers(name).is_some();
        if !few || many_numbers {
            return None;
        }
        let first: Vec<_> = self.values.iter().take(3).map(|value| format!("'{value}'")).collect();
        let more = if self.values.len() > first.len() { ", ..." } else { "" };
        Some(format!("{name} ({}{more}): {} AS {LABEL}", first.join(", "), sql_name(name)))
    }
}

/// Whether a text is a number, and then whether it has a decimal comma.
fn number(text: &str) -> Option<bool> {
    let is_digit = |c: char| c.is_ascii_digit();
    if !text.contains(is_digit) || !text.chars().all(|c| is_digit(c) || "+-.,eE".contains(c)) {
        return None;
    }
    let Some(comma) = text.rfind(',') else { return text.parse::<f64>().ok().map(|_| false) };
    // 1.234,5 is one number with points between its thousands, 1,234.5 one with commas.
    let (point, commas) = (text.rfind('.'), text.matches(',').count());
    let is_decimal = commas == 1 && point.is_none_or(|point| point < comma);
    let plain = if is_decimal { text.replace('.', "").replace(',', ".") } else { text.replace(',', "") };
    plain.parse::<f64>().ok().map(|_| is_decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Texts {
        let mut seen = Texts::default();
        texts.iter().for_each(|text| seen.text(Some(text)));
        seen
    }

    #[test]
    fn a_text_is_a_number_with_a_point_or_a_comma() {
        for (text, expected) in [
            ("1.5", Some(false)),
            ("-3", Some(false)),
            ("1e-3", Some(false)),
            ("1,5", Some(true)),
            ("-0,25", Some(true)),
            ("1.234,5", Some(true)),
            ("1,234.5", Some(false)),
            ("1,234,567", Some(false)),
            ("walk", None),
            ("nan", None),
            ("e", None),
            ("1.2.3", None),
            ("2026-12-01", None),
            ("", None),
            ("1,5 m", None),
            ("inf", None),
            ("v1", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_as_text_come_with_the_cast_that_reads_them() {
        let advice = of(&["1,5", "2,5", "", "NA"]).as_numbers("x").unwrap();
        assert_eq!(advice, "x holds numbers as text ('1,5'): TRY_CAST(replace(x, ',', '.') AS DOUBLE) AS x");
        let advice = of(&["1.5", "2", "off"]).as_numbers("Left X").unwrap();
        assert_eq!(
            advice,
            "Left X holds numbers as text ('1.5'; 'off' is none): TRY_CAST(\"Left X\" AS DOUBLE) AS \"Left X\""
        );
        assert_eq!(of(&["walk", "1", "run"]).as_numbers("x"), None);
        assert_eq!(of(&["", "NA"]).as_numbers("x"), None);
    }

    #[test]
    fn few_values_that_are_no_numbers_may_be_classes() {
        let advice = of(&["walk", "sit", "walk", "run", "lie"]).as_label("phase").unwrap();
        assert_eq!(advice, "phase ('lie', 'run', 'sit', ...): phase AS label");
        assert_eq!(of(&["1", "2"]).as_label("phase"), None);
        let many: Vec<String> = (0..1000).map(|i| format!("note {i}")).collect();
        let seen = of(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((seen.as_label("note"), seen.values.len()), (None, MOST_CLASSES + 1));
    }
}
