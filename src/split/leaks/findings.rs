//! Everything that is looked for, with what was found: the rows of `pose_leaks`.

use std::collections::BTreeMap;

use super::super::quote::counted;
use super::super::side::Side;
use super::refuse::{Allowed, first_five, side_names};
use super::{Class, LeakCheck, Sides, Twins, UNKNOWN, frames, sides_of};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing was found.
    Ok,
    /// Something that may be meant.
    Warning,
    /// Something that training refuses.
    Error,
    /// The table has no column that would tell.
    NotChecked,
}

impl Status {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::NotChecked => "not checked",
        }
    }
}

/// One check of a table, and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// What is looked for: `shared recording`.
    pub check: &'static str,
    /// What it came to.
    pub status: Status,
    /// Recordings, people, windows or classes that are wrong.
    pub count: u64,
    /// The first five of them by name.
    pub examples: Vec<String>,
    /// The sides that they lie on: `train, test`.
    pub sides: String,
    /// Rows of validation and test that are touched.
    pub rows: u64,
    /// These, of all rows of validation and test, in [0, 1]; NULL where there are none.
    pub share: Option<f64>,
    /// What to do; empty where nothing is to be done.
    pub advice: &'static str,
}

/// All that was found out about a table that is trained on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// Every check.
    pub leaks: Vec<Leak>,
    /// Whether it was split in time: validation and test are of recordings that train knows.
    pub in_time: bool,
    /// What there is of each class, by label.
    pub classes: BTreeMap<String, Class>,
    /// Windows of each source on each side, without copies; none where sources are unknown.
    pub sources: BTreeMap<String, [u64; 3]>,
}

impl Verdict {
    /// Whether the test result is a lie; an unseen class makes it bad instead.
    pub fn is_leaky(&self) -> bool {
        self.leaks.iter().any(|leak| leak.status == Status::Error && leak.check != UNSEEN)
    }

    /// One line about each thing that is wrong and was not refused.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let wrong = self.leaks.iter().filter(|leak| matches!(leak.status, Status::Warning | Status::Error));
        wrong.map(|leak| format!("{}; {}", leak.sentence(), leak.advice))
    }

    /// What lies on several sides and may be meant to: a sentence about each thing, and what to do.
    pub fn doubts(&self) -> impl Iterator<Item = (String, &'static str)> {
        let doubtful = self.leaks.iter().filter(|leak| leak.status == Status::Warning && leak.check != UNSEEN);
        doubtful.map(|leak| (leak.sentence(), leak.advice))
    }
}

impl Leak {
    /// `shared subject ('p1') on train, validation: 20 rows of validation and test`
    fn sentence(&self) -> String {
        let (rows, names) = (counted(self.rows, "row"), first_five(&self.examples));
        format!("{} ({names}) on {}: {rows} of validation and test", self.check, self.sides)
    }
}

/// The check for classes that train never has.
const UNSEEN: &str = "unseen class";

/// The check for values that two rows have.
const TWINS: &str = "duplicate content";

/// Things that lie where they should not.
#[derive(Default)]
struct Found {
    names: Vec<String>,
    count: u64,
    sides: Sides,
    rows: u64,
}

impl LeakCheck {
    /// One row for each check, in the order of their gravity. `shared_subjects` says whether people may lie on several sides.
    pub fn findings(&self, shared_subjects: Option<bool>) -> Vec<Leak> {
        let subjects = match shared_subjects {
            None => Status::Warning,
            Some(true) => Status::Ok,
            Some(false) => Status::Error,
        };
        let recordings = if self.in_time { Status::Ok } else { Status::Error };
        let known = |is_known: bool, wrong: Status| if is_known { wrong } else { Status::NotChecked };
        let (has_recordings, has_subjects) = (!self.recordings.is_empty(), !self.subjects.is_empty());
        vec![
            self.leak("shared frames", known(self.has_frames, Status::Error), self.frames(), FRAMES),
            self.leak("shared recording", known(has_recordings, recordings), self.recordings(), RECORDINGS),
            self.leak("shared window", known(!self.windows.is_empty(), Status::Error), self.windows(), WINDOWS),
            self.leak("copy outside train", Status::Error, self.outside(), COPIES),
            self.twins(known(self.has_values, Status::Error)),
            self.leak("shared subject", known(has_subjects, subjects), self.subjects(), SUBJECTS),
            self.leak(UNSEEN, known(!self.classes.is_empty(), Status::Error), self.unseen(), CLASSES),
        ]
    }

    /// Everything that was found out.
    pub fn verdict(&self, allowed: Allowed) -> Verdict {
        let (leaks, classes) = (self.findings(allowed.shared_subjects), self.classes.clone());
        Verdict { leaks, in_time: self.in_time, classes, sources: self.sources.clone() }
    }

    fn leak(&self, check: &'static str, wrong: Status, found: Found, advice: &'static str) -> Leak {
        let status = if found.count == 0 && wrong != Status::NotChecked { Status::Ok } else { wrong };
        let advice = if matches!(status, Status::Warning | Status::Error) { advice } else { "" };
        let outside = self.rows[Side::Validation as usize] + self.rows[Side::Test as usize];
        let Found { mut names, count, sides, rows } = found;
        names.truncate(5);
        let share = (outside > 0 && status != Status::NotChecked).then(|| rows as f64 / outside as f64);
        Leak { check, status, count, examples: names, sides: side_names(sides), rows, share, advice }
    }

    fn recordings(&self) -> Found {
        crossing(self.recordings.iter().map(|(name, recording)| (name, &recording.rows)))
    }

    fn subjects(&self) -> Found {
        crossing(self.subjects.iter())
    }

    pub(super) fn recording_sides(&self) -> impl Iterator<Item = (&str, Sides)> {
        self.recordings.iter().map(|(name, recording)| (name.as_str(), sides_of(&recording.rows)))
    }

    pub(super) fn subject_sides(&self) -> impl Iterator<Item = (&str, Sides)> {
        self.subjects.iter().map(|(name, rows)| (name.as_str(), sides_of(rows)))
    }

    pub(super) fn crossing_sides(&self) -> impl Iterator<Item = (&str, Sides)> {
        let sides = |digest| self.windows.get(digest).map_or(0, |family| family.sides);
        self.crossing.iter().map(move |(window, digest)| (window.as_str(), sides(digest)))
    }

    fn windows(&self) -> Found {
        let mut found = Found::default();
        for (window, digest) in &self.crossing {
            let Some(family) = self.windows.get(digest) else { continue };
            found.add(window.clone(), family.sides, &family.rows.map(u64::from));
        }
        found
    }

    fn outside(&self) -> Found {
        let mut found = Found::default();
        for side in [Side::Validation, Side::Test] {
            let rows = self.copies_count[side as usize];
            if rows > 0 {
                found.sides |= 1 << side as u8;
                found.count += rows;
                found.rows += rows;
                found.names.extend(self.copies[side as usize].iter().take(5).cloned());
            }
        }
        found
    }

    /// Recordings with frames on two sides, and how many rows outside train share them.
    pub(super) fn shared_frames(&self) -> (Vec<String>, u64) {
        let found = self.frames();
        (found.names, found.rows)
    }

    fn frames(&self) -> Found {
        let mut found = Found::default();
        for (name, recording) in &self.recordings {
            if sides_of(&recording.rows).count_ones() < 2 {
                continue;
            }
            let mut spans = recording.frames.clone();
            let shared = frames::shared(&mut spans);
            let mut rows = [0; 3];
            spans.iter().zip(shared).filter(|(_, shared)| *shared).for_each(|(span, _)| rows[span.side as usize] += 1);
            if rows.iter().sum::<u64>() > 0 {
                found.add(name.clone(), sides_of(&rows), &rows);
            }
        }
        found
    }

    /// `a (train) = b (test)`, and how many rows outside train have the values of a row on another side.
    pub(super) fn shared_values(&self) -> (Vec<String>, u64) {
        let found = self.values(true);
        (found.names, found.rows)
    }

    /// Values that are there twice: of one class they are a leak; of two, one of the labels is wrong.
    fn twins(&self, wrong: Status) -> Leak {
        let told = self.values(true);
        match told.count {
            0 if wrong == Status::Error => self.leak(TWINS, Status::Warning, self.values(false), CONTRADICTION),
            _ => self.leak(TWINS, wrong, told, VALUES),
        }
    }

    fn values(&self, is_told: bool) -> Found {
        let mut found = Found::default();
        let mut names = std::collections::BTreeSet::new();
        let crossing = |twins: &&Twins| sides_of(&twins.rows).count_ones() > 1 && twins.is_told() == is_told;
        for twins in self.twins.values().filter(crossing) {
            found.count += 1;
            found.sides |= sides_of(&twins.rows);
            found.rows += outside_train(&twins.rows);
            let name = |side: Side| {
                let index = twins.recordings[side as usize].filter(|index| *index != UNKNOWN)?;
                Some(format!("{} ({side})", self.recording_names.get(index as usize)?))
            };
            let named: Vec<String> = Side::ALL.into_iter().filter_map(name).collect();
            names.extend((!named.is_empty()).then(|| named.join(" = ")));
        }
        found.names.extend(names);
        found
    }

    fn unseen(&self) -> Found {
        let mut found = Found::default();
        for (class, sides) in &self.classes {
            let rows = sides.each_ref().map(|side| side.rows);
            if rows[Side::Train as usize] == 0 {
                found.add(class.clone(), sides_of(&rows), &rows);
            }
        }
        found
    }
}

impl Found {
    fn add(&mut self, name: String, sides: Sides, rows: &[u64; 3]) {
        self.names.push(name);
        self.count += 1;
        self.sides |= sides;
        self.rows += outside_train(rows);
    }
}

/// Those that lie on more than one side.
fn crossing<'a>(rows_of: impl Iterator<Item = (&'a String, &'a [u64; 3])>) -> Found {
    let mut found = Found::default();
    for (name, rows) in rows_of {
        if sides_of(rows).count_ones() > 1 {
            found.add(name.clone(), sides_of(rows), rows);
        }
    }
    found
}

fn outside_train(rows: &[u64; 3]) -> u64 {
    rows[Side::Validation as usize] + rows[Side::Test as usize]
}

const FRAMES: &str = "split whole recordings, or leave a gap of at least a window between the sides";
const RECORDINGS: &str = "split by whole recordings: pose_split(..., by => 'video'), or by => 'subject'";
const WINDOWS: &str = "split before pose_augment, and give every window one side";
const COPIES: &str = "split first, then pose_augment, which copies train rows only";
const VALUES: &str = "leave one of the twins out, or give both the same group";
const CONTRADICTION: &str =
    "they have different classes: one of the labels is wrong, or the values do not tell these classes apart";
const SUBJECTS: &str =
    "split by whole people: pose_split(..., by => 'subject'); or say that people may be known: by => 'video'";
const CLASSES: &str = "split with pose_split, which puts every class in train, or leave the class out";
