//! Classes that change places in a mirror.

use std::collections::BTreeMap;

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
        let mut twins = BTreeMap::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (a, b) = match pair.split_once("<->").map(|(a, b)| (a.trim(), b.trim())) {
                Some((a, b)) if !a.is_empty() && !b.is_empty() && a != b => (a, b),
                _ => return query_err!("'{pair}': expected two labels, as in left_turn<->right_turn"),
            };
            for (one, other) in [(a, b), (b, a)] {
                if twins.insert(one.to_owned(), other.to_owned()).is_some() {
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
