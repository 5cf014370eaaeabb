//! Refuses a training table that would make its own test result a lie.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::quote::{counted, quote};
use super::side::Side;
use crate::error::{Result, data_err};

/// What one row of a training table says about where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The side it was put on.
    pub split: Side,
    /// Its class.
    pub label: &'a str,
    /// The recording it was cut from, by whatever names one (source and video).
    pub recording: Option<&'a str>,
    /// Its own id.
    pub window: Option<&'a str>,
    /// The window it was made from; its own id, or nothing, for an original.
    pub source_window: Option<&'a str>,
    /// Whether it is an augmented copy. A source other than itself says so too.
    pub copy: bool,
}

impl Row<'_> {
    fn is_copy(&self) -> bool {
        self.copy || (self.window.is_some() && self.source_window.is_some() && self.window != self.source_window)
    }
}

/// Looks at the rows of a table one by one, and refuses it at the end.
///
/// Holds each distinct recording, and a digest of 16 bytes of each window id.
#[derive(Default)]
pub struct LeakCheck {
    rows: [u64; 3],
    copies: [BTreeSet<String>; 3],
    copies_count: [u64; 3],
    recordings: BTreeMap<String, Sides>,
    windows: HashMap<[u8; 16], Sides>,
    /// Windows that were seen on more than one side.
    crossing: BTreeMap<String, Sides>,
    /// Rows and recordings of each class on each side.
    classes: BTreeMap<String, [(u64, BTreeSet<String>); 3]>,
}

/// Sides as bits, `1 << side`.
type Sides = u8;

impl LeakCheck {
    /// Looks at a row.
    pub fn add(&mut self, row: &Row<'_>) {
        let side = row.split as usize;
        self.rows[side] += 1;
        if row.split != Side::Train && row.is_copy() {
            self.copies_count[side] += 1;
            self.copies[side].extend(row.window.map(str::to_owned));
        }
        if let Some(recording) = row.recording {
            match self.recordings.get_mut(recording) {
                Some(sides) => *sides |= 1 << side,
                None => drop(self.recordings.insert(recording.to_owned(), 1 << side)),
            }
        }
        let source = row.source_window.filter(|source| Some(*source) != row.window);
        for window in [row.window, source].into_iter().flatten() {
            let [digest, _] = *blake3::hash(window.as_bytes()).as_bytes().as_chunks::<16>().0 else { continue };
            let sides = self.windows.entry(digest).or_default();
            *sides |= 1 << side;
            if sides.count_ones() > 1 {
                *self.crossing.entry(window.to_owned()).or_default() |= *sides;
            }
        }
        if !self.classes.contains_key(row.label) {
            self.classes.insert(row.label.to_owned(), Default::default());
        }
        if let Some(sides) = self.classes.get_mut(row.label) {
            let (rows, recordings) = &mut sides[side];
            *rows += 1;
            if let Some(recording) = row.recording.filter(|recording| !recordings.contains(*recording)) {
                recordings.insert(recording.to_owned());
            }
        }
    }

    /// Refuses, by name and in this order: a table without train rows, augmented copies outside train, a recording on two
    /// sides, a window on two sides, fewer than two classes in train, a class outside train that train never has.
    ///
    /// Every refusal is an [`crate::error::Error::Data`] that names the first five offenders, counts them, and says what
    /// to do.
    pub fn refuse(&self) -> Result<()> {
        self.refuse_no_train()?;
        self.refuse_copies()?;
        self.refuse_two_sides()?;
        self.refuse_classes()
    }

    fn refuse_no_train(&self) -> Result<()> {
        if self.rows[Side::Train as usize] > 0 {
            return Ok(());
        }
        data_err!(
            "no row has split 'train' ({} validation, {} test): there is nothing to learn from. Add sides with pose_split, or loosen the query's filters",
            self.rows[1],
            self.rows[2]
        )
    }

    fn refuse_copies(&self) -> Result<()> {
        for side in [Side::Validation, Side::Test] {
            let (n, names) = (self.copies_count[side as usize], &self.copies[side as usize]);
            if n > 0 {
                let named = if names.is_empty() { String::new() } else { format!(": {}", quote(names, "window")) };
                let copies =
                    if n == 1 { "1 augmented copy is".to_owned() } else { format!("{n} augmented copies are") };
                return data_err!(
                    "{copies} in {side}{named}: only train rows may be copied, or the result is measured on data that was made up. Split first, then pose_augment, which copies train rows only"
                );
            }
        }
        Ok(())
    }

    fn refuse_two_sides(&self) -> Result<()> {
        if let Some((names, sides)) = on_two_sides(&self.recordings, "recording") {
            return data_err!(
                "{names} on more than one side ({sides}): windows of one recording resemble each other, so the result would measure memory. Split by whole recordings: pose_split(..., by => 'video'), or by => 'subject'"
            );
        }
        if let Some((names, sides)) = on_two_sides(&self.crossing, "window") {
            return data_err!(
                "{names} on more than one side ({sides}), as itself or as a copy: the net would be tested on what it was trained on. Split before pose_augment, and give every window one side"
            );
        }
        Ok(())
    }

    fn refuse_classes(&self) -> Result<()> {
        let mut train =
            self.classes.iter().filter(|(_, sides)| sides[Side::Train as usize].0 > 0).map(|(class, _)| class);
        if let (Some(class), None) = (train.next(), train.next()) {
            return data_err!(
                "train has class '{class}' only, where at least 2 classes are needed: there is nothing to tell apart. Label more classes, or split so that train gets them"
            );
        }
        let unseen: Vec<_> = self.classes.iter().filter(|(_, sides)| sides[Side::Train as usize].0 == 0).collect();
        let Some((class, sides)) = unseen.first() else { return Ok(()) };
        let places = [Side::Validation, Side::Test].into_iter().filter(|side| sides[*side as usize].0 > 0);
        let place = |side: Side| {
            let (n, recordings) = &sides[side as usize];
            let of =
                if recordings.is_empty() { String::new() } else { format!(" of {}", quote(recordings, "recording")) };
            format!("{side} ({}{of})", counted(*n, "row"))
        };
        let others = match unseen.len() {
            1 => String::new(),
            _ => format!("; so it is with {}", quote(unseen[1..].iter().map(|(class, _)| class), "more class")),
        };
        data_err!(
            "class '{class}' is in {} but not in train{others}: a class that train never has is never predicted. Split again with pose_split, which puts every class in train, or leave it out: WHERE label <> '{}'",
            places.map(place).collect::<Vec<_>>().join(" and "),
            class.replace('\'', "''")
        )
    }
}

/// `2 recordings ('v1', 'v2') are` with the sides they lie on, if any does on more than one.
fn on_two_sides(sides_of: &BTreeMap<String, Sides>, noun: &str) -> Option<(String, String)> {
    let leaks: BTreeMap<&str, Sides> = sides_of
        .iter()
        .filter(|(_, sides)| sides.count_ones() > 1)
        .map(|(name, sides)| (name.as_str(), *sides))
        .collect();
    if leaks.is_empty() {
        return None;
    }
    let union = leaks.values().fold(0, |all, sides| all | sides);
    let sides: Vec<&str> = Side::ALL.iter().filter(|side| union & (1 << **side as u8) != 0).map(|s| s.name()).collect();
    let verb = if leaks.len() == 1 { "is" } else { "are" };
    Some((format!("{} {verb}", quote(leaks.keys(), noun)), sides.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(split: Side, label: &'a str, recording: &'a str, window: &'a str) -> Row<'a> {
        Row { split, label, recording: Some(recording), window: Some(window), source_window: None, copy: false }
    }

    fn sound() -> Vec<Row<'static>> {
        vec![
            row(Side::Train, "walk", "v1", "v1:0"),
            row(Side::Train, "run", "v2", "v2:0"),
            row(Side::Validation, "run", "v3", "v3:0"),
            row(Side::Test, "walk", "v4", "v4:0"),
        ]
    }

    fn refuse_leaks(rows: impl IntoIterator<Item = Row<'static>>) -> Result<()> {
        let mut check = LeakCheck::default();
        rows.into_iter().for_each(|row| check.add(&row));
        check.refuse()
    }

    fn message(more: &[Row<'static>]) -> String {
        refuse_leaks(sound().into_iter().chain(more.iter().copied())).unwrap_err().to_string()
    }

    #[test]
    fn a_sound_table_with_copies_in_train_passes() {
        let copy = Row { source_window: Some("v1:0"), copy: true, ..row(Side::Train, "walk", "v1", "v1:0#1") };
        assert_eq!(refuse_leaks(sound().into_iter().chain([copy])), Ok(()));
    }

    #[test]
    fn a_class_that_train_never_has_is_named_with_its_recordings_and_sides() {
        let error = message(&[row(Side::Test, "squat", "v5", "v5:0"), row(Side::Validation, "squat", "v6", "v6:0")]);
        assert!(error.starts_with("class 'squat' is in validation (1 row of 1 recording ('v6')) and test (1 row of 1 recording ('v5')) but not in train"), "{error}");
        assert!(error.ends_with("WHERE label <> 'squat'"), "{error}");
    }

    #[test]
    fn more_unseen_classes_are_counted_and_the_filter_is_valid_sql() {
        let error = message(&[
            row(Side::Test, "a's", "v5", "v5:0"),
            row(Side::Test, "b", "v5", "v5:1"),
            row(Side::Test, "c", "v5", "v5:2"),
        ]);
        assert!(error.contains("; so it is with 2 more classes ('b', 'c')"), "{error}");
        assert!(error.ends_with("WHERE label <> 'a''s'"), "{error}");
    }

    #[test]
    fn a_recording_on_two_sides_is_named() {
        let error = message(&[row(Side::Test, "walk", "v1", "v1:9")]);
        assert!(error.starts_with("1 recording ('v1') is on more than one side (train, test)"), "{error}");
    }

    #[test]
    fn a_window_or_its_copies_on_two_sides_is_named() {
        let bare =
            |split, window, source_window| Row { recording: None, source_window, ..row(split, "walk", "", window) };
        let twice = message(&[bare(Side::Test, "w", None), bare(Side::Train, "w", None)]);
        assert!(
            twice.starts_with("1 window ('w') is on more than one side (train, test), as itself or as a copy"),
            "{twice}"
        );
        let copied = message(&[bare(Side::Train, "w#1", Some("w")), bare(Side::Test, "w", None)]);
        assert!(copied.contains("('w')") && copied.contains("(train, test)"), "{copied}");
    }

    #[test]
    fn copies_outside_train_are_counted() {
        let flagged = Row { copy: true, ..row(Side::Validation, "run", "v3", "v3:0#1") };
        assert!(message(&[flagged]).starts_with("1 augmented copy is in validation: 1 window ('v3:0#1')"));
        let by_source = Row { source_window: Some("v4:0"), ..row(Side::Test, "walk", "v4", "v4:0#1") };
        assert!(message(&[by_source]).starts_with("1 augmented copy is in test"));
    }

    #[test]
    fn too_little_to_learn_from_is_refused() {
        let error = |rows: &[Row<'static>]| refuse_leaks(rows.iter().copied()).unwrap_err().to_string();
        assert!(error(&sound()[..1]).starts_with("train has class 'walk' only, where at least 2 classes are needed"));
        assert!(error(&sound()[2..]).starts_with("no row has split 'train' (1 validation, 1 test)"));
        assert!(error(&[]).starts_with("no row has split 'train' (0 validation, 0 test)"));
    }
}
