//! What the sink refuses, in the words of the first thing that is wrong.

use std::collections::BTreeMap;

use super::super::quote::{counted, quote};
use super::super::side::Side;
use super::{ClassRows, LeakCheck, Sides};
use crate::error::{Result, data_err};

/// What is trained on although it is wrong, because somebody asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowed {
    /// Copies outside train; recordings, windows, frames and values on several sides.
    pub leaks: bool,
    /// Classes that train never has.
    pub unseen_classes: bool,
    /// Whether people may lie on several sides; `Some(false)` refuses them.
    pub shared_subjects: Option<bool>,
}

impl LeakCheck {
    /// Refuses, by name and in this order: a table without train rows, augmented copies outside train, a recording on two
    /// sides (frames on two sides, where it was split in time), a window on two sides, a person on two sides if that is
    /// not allowed, the same values on two sides, fewer than two classes in train, a class outside train that train never has.
    ///
    /// Every refusal is an [`crate::error::Error::Data`] that names the first five offenders, counts them, and says what
    /// to do.
    pub fn refuse(&self, allowed: Allowed) -> Result<()> {
        self.refuse_no_train()?;
        if !allowed.leaks {
            self.refuse_copies()?;
            self.refuse_two_sides()?;
            if allowed.shared_subjects == Some(false) {
                self.refuse_subjects()?;
            }
            self.refuse_twins()?;
        }
        self.refuse_classes(allowed.unseen_classes)
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
        if self.in_time {
            self.refuse_frames()?;
        } else if let Some((names, sides)) = on_two_sides(self.recording_sides(), "recording") {
            return data_err!(
                "{names} on more than one side ({sides}): windows of one recording resemble each other, so the result would measure memory. Split by whole recordings: pose_split(..., by => 'video'), or by => 'subject'"
            );
        }
        if let Some((names, sides)) = on_two_sides(self.crossing_sides(), "window") {
            return data_err!(
                "{names} on more than one side ({sides}), as itself or as a copy: the net would be tested on what it was trained on. Split before pose_augment, and give every window one side"
            );
        }
        Ok(())
    }

    fn refuse_frames(&self) -> Result<()> {
        let (names, rows) = self.shared_frames();
        if names.is_empty() {
            return Ok(());
        }
        data_err!(
            "{} of {} share frames with a window of another side: leave room between the sides, pose_split(..., mode => 'time', gap => ...), of at least the width of a window",
            counted(rows, "row"),
            quote(&names, "recording")
        )
    }

    fn refuse_subjects(&self) -> Result<()> {
        match on_two_sides(self.subject_sides(), "subject") {
            None => Ok(()),
            Some((names, sides)) => data_err!(
                "{names} on more than one side ({sides}), and option by is 'subject': the result would be of people that the net knows. Split by whole people: pose_split(..., by => 'subject')"
            ),
        }
    }

    fn refuse_twins(&self) -> Result<()> {
        let (examples, rows) = self.shared_values();
        if rows == 0 {
            return Ok(());
        }
        let where_ = if examples.is_empty() { String::new() } else { format!(" ({})", first_five(&examples)) };
        let has = if rows == 1 { "has" } else { "have" };
        data_err!(
            "{} outside train {has} the very values of a window on another side{where_}: the same recording under two names? Leave one of them out, or give both the same group: pose_split(..., by => ...)",
            counted(rows, "row")
        )
    }

    fn refuse_classes(&self, unseen_allowed: bool) -> Result<()> {
        let mut train =
            self.classes.iter().filter(|(_, sides)| sides[Side::Train as usize].rows > 0).map(|(class, _)| class);
        if let (Some(class), None) = (train.next(), train.next()) {
            return data_err!(
                "train has class '{class}' only, where at least 2 classes are needed: there is nothing to tell apart. Label more classes, or split so that train gets them"
            );
        }
        let unseen: Vec<_> = self.classes.iter().filter(|(_, sides)| sides[Side::Train as usize].rows == 0).collect();
        let Some((class, sides)) = unseen.first().filter(|_| !unseen_allowed) else { return Ok(()) };
        let places = [Side::Validation, Side::Test].into_iter().filter(|side| sides[*side as usize].rows > 0);
        let place = |side: Side| {
            let ClassRows { rows, recordings, .. } = &sides[side as usize];
            let of =
                if recordings.is_empty() { String::new() } else { format!(" of {}", quote(recordings, "recording")) };
            format!("{side} ({}{of})", counted(*rows, "row"))
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

/// `'a', 'b', ...`
pub(super) fn first_five(names: &[String]) -> String {
    let more = if names.len() > 5 { ", ..." } else { "" };
    names.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ") + more
}

/// `2 recordings ('v1', 'v2') are` with the sides they lie on, if any does on more than one.
fn on_two_sides<'a>(sides_of: impl Iterator<Item = (&'a str, Sides)>, noun: &str) -> Option<(String, String)> {
    let leaks: BTreeMap<&str, Sides> = sides_of.filter(|(_, sides)| sides.count_ones() > 1).collect();
    if leaks.is_empty() {
        return None;
    }
    let union = leaks.values().fold(0, |all, sides| all | sides);
    let verb = if leaks.len() == 1 { "is" } else { "are" };
    Some((format!("{} {verb}", quote(leaks.keys(), noun)), side_names(union)))
}

/// `train, test`
pub(super) fn side_names(sides: Sides) -> String {
    let names: Vec<&str> = Side::ALL.iter().filter(|side| sides & (1 << **side as u8) != 0).map(|s| s.name()).collect();
    names.join(", ")
}
