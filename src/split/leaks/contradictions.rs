//! Windows of the same values and of different classes: no leak, since what train knows of them is wrong, but one of the labels is.

use std::collections::{BTreeMap, HashMap};

use super::super::quote::counted;

/// A class and a recording, by number.
type Named = (u32, u32);

/// What was seen of values under several classes.
#[derive(Default)]
pub(super) struct Contradictions {
    /// The class and the recording of the first row of some values.
    first: HashMap<[u8; 16], Named>,
    labels: BTreeMap<String, u32>,
    /// Rows of another class than the first row of their values.
    rows: u64,
    /// The first two that contradict one another.
    example: Option<[Named; 2]>,
}

impl Contradictions {
    /// Bytes that are held for each row.
    pub const ROW_BYTES: usize = 40;

    /// Takes the values of a row, by their digest.
    pub fn add(&mut self, digest: [u8; 16], label: &str, recording: u32) {
        let next = self.labels.len() as u32;
        let label = match self.labels.get(label) {
            Some(label) => *label,
            None => *self.labels.entry(label.to_owned()).or_insert(next),
        };
        let first = *self.first.entry(digest).or_insert((label, recording));
        if first.0 != label {
            self.rows += 1;
            self.example.get_or_insert([first, (label, recording)]);
        }
    }

    /// A line on them, if there are any; `recordings` are the names of those.
    pub fn warning(&self, recordings: &[String]) -> Option<String> {
        let named = |(label, recording): Named| {
            let label = self.labels.iter().find(|(_, number)| **number == label).map_or("", |(label, _)| label);
            match recordings.get(recording as usize) {
                Some(recording) => format!("'{label}' in {recording}"),
                None => format!("'{label}'"),
            }
        };
        let [one, other] = self.example?.map(named);
        Some(format!(
            "contradicting labels: {} the very values of a window of another class ({one}, {other}); one of the two labels is wrong, \
             or the values do not tell the classes apart",
            match self.rows {
                1 => "1 row has".to_owned(),
                rows => format!("{} have", counted(rows, "row")),
            }
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_two_classes_contradict_one_another() {
        let (mut found, names) = (Contradictions::default(), ["v0".to_owned(), "v1".to_owned()]);
        for (values, label, recording) in [(1, "walk", 0), (1, "walk", 1), (2, "run", 1)] {
            found.add([values; 16], label, recording);
        }
        assert_eq!(found.warning(&names), None);
        found.add([1; 16], "run", 1);
        let warning = found.warning(&names).unwrap();
        assert!(warning.starts_with("contradicting labels: 1 row has the very values"), "{warning}");
        assert!(warning.contains("('walk' in v0, 'run' in v1)"), "{warning}");
    }
}
