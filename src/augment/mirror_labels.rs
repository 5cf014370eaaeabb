//! Classes that change places in a mirror.

use std::collections::BTreeMap;

use crate::account::classes::number_text;
use crate::error::{Result, query_err};

/// Pairs of labels, each the mirror image of the other: `left_turn<->right_turn, tree_left<->tree_right`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorLabels {
    twins: BTreeMap<String, String>,
}

impl MirrorLabels {
    /// Reads pairs, with commas between them.
    ///
    /// # Errors
    /// No pair, or a label in two of them.
    pub fn parse(text: &str) -> Result<Self> {
        Self::named(text, |label| Ok(label.to_owned()))
    }

    /// Reads pairs of labels that are numbers, whose names have no decimal point: `1.0<->2.0` is `1<->2`.
    ///
    /// # Errors
    /// As [`Self::parse`], and a label that is no number.
    pub fn of_numbers(text: &str) -> Result<Self> {
        Self::named(text, |label| match number_text(label) {
            Some(number) => Ok(number),
            None => query_err!("'{label}' is no number, and the labels are numbers: expected pairs as in 1<->2"),
        })
    }

    fn named(text: &str, name: impl Fn(&str) -> Result<String>) -> Result<Self> {
        let mut twins = BTreeMap::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let two = pair.split_once("<->").map(|(a, b)| (a.trim(), b.trim()));
            let (a, b) = match two.filter(|(a, b)| !a.is_empty() && !b.is_empty()) {
                Some((a, b)) => (name(a)?, name(b)?),
                None => return query_err!("'{pair}': expected two labels, as in left_turn<->right_turn"),
            };
            if a == b {
                return query_err!("'{pair}' is one label twice: expected two labels, as in left_turn<->right_turn");
            }
            for (one, other) in [(&a, &b), (&b, &a)] {
                if twins.insert(one.clone(), other.clone()).is_some() {
                    return query_err!("label '{one}' is in two pairs of '{text}'");
                }
            }
        }
        if twins.is_empty() {
            return query_err!("expected pairs of labels, as in left_turn<->right_turn");
        }
        Ok(Self { twins })
    }

    /// The label of the mirrored movement: that of the twin, or the same.
    pub fn mirrored<'a>(&'a self, label: &'a str) -> &'a str {
        self.twins.get(label).map_or(label, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_change_places_and_others_stay() {
        let labels = MirrorLabels::parse("Tree_left<->Tree_right, a <-> b,").unwrap();
        let mirrored = ["Tree_left", "Tree_right", "b", "walk"].map(|label| labels.mirrored(label));
        assert_eq!(mirrored, ["Tree_right", "Tree_left", "a", "walk"]);
    }

    #[test]
    fn numbers_are_one_label_however_they_are_written() {
        let labels = MirrorLabels::of_numbers("1.0<->2, -0 <-> 3.50").unwrap();
        assert_eq!(["1", "2", "0", "3.5", "4"].map(|label| labels.mirrored(label)), ["2", "1", "3.5", "0", "4"]);
        for (text, expected) in [
            ("1<->left", "'left' is no number"),
            ("1<->1.0", "one label twice"),
            ("1<->2, 1.0<->3", "'1' is in two pairs"),
        ] {
            let message = MirrorLabels::of_numbers(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
        // Among texts nobody knows that 1.0 is a number.
        assert_eq!(MirrorLabels::parse("1.0<->2.0").unwrap().mirrored("1"), "1");
    }

    #[test]
    fn what_is_no_pair_is_named() {
        for (text, expected) in [
            ("", "expected pairs of labels"),
            ("left", "'left': expected two labels"),
            ("a<->a", "expected two labels"),
            ("a<->", "expected two labels"),
            ("a<->b, b<->c", "label 'b' is in two pairs"),
        ] {
            let message = MirrorLabels::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
