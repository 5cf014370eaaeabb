//! What would make the test result of a training table a lie: found row by row, named at the end, refused by the sink.

mod findings;
mod frames;
mod refuse;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::side::Side;

pub use findings::{Leak, Status, Verdict};
pub use refuse::Allowed;

/// What one row of a training table says about where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The side it was put on.
    pub split: Side,
    /// Its class, if the table has one.
    pub label: Option<&'a str>,
    /// Where its frames come from.
    pub source: Option<&'a str>,
    /// The recording it was cut from, by whatever names one (source and video).
    pub recording: Option<&'a str>,
    /// The person in it.
    pub subject: Option<&'a str>,
    /// Its own id.
    pub window: Option<&'a str>,
    /// The window it was made from; its own id, or nothing, for an original.
    pub source_window: Option<&'a str>,
    /// Whether it is an augmented copy. A source other than itself says so too.
    pub copy: bool,
    /// Its first and last frame.
    pub frames: Option<(i64, i64)>,
    /// The digest of its values, see [`content`].
    pub content: Option<[u8; 16]>,
}

impl Row<'_> {
    fn is_copy(&self) -> bool {
        self.copy || (self.window.is_some() && self.source_window.is_some() && self.window != self.source_window)
    }
}

/// The digest of a window's values, [frames, dim] in row-major order; none of a window in which nothing moves, since
/// sensors that are off resemble each other by right.
pub fn content(values: &[f32], dim: usize) -> Option<[u8; 16]> {
    let first = values.get(..dim)?;
    if values.chunks(dim.max(1)).all(|frame| frame == first) {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    let mut bytes = Vec::with_capacity(4 * values.len().min(1024));
    for piece in values.chunks(1024) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(|x| x.to_le_bytes()));
        hasher.update(&bytes);
    }
    short(hasher.finalize())
}

fn short(hash: blake3::Hash) -> Option<[u8; 16]> {
    hash.as_bytes().first_chunk::<16>().copied()
}

/// Rows on each side.
type Rows = [u64; 3];

/// Looks at the rows of a table one by one, and tells at the end what is wrong.
///
/// Holds each distinct recording and person, and of each window two digests of 16 bytes and its frames.
#[derive(Default)]
pub struct LeakCheck {
    rows: Rows,
    copies: [BTreeSet<String>; 3],
    copies_count: Rows,
    recordings: BTreeMap<String, Recording>,
    /// Recordings in the order in which they came.
    recording_names: Vec<String>,
    subjects: BTreeMap<String, Rows>,
    windows: HashMap<[u8; 16], Family>,
    /// Windows that were seen on more than one side.
    crossing: BTreeMap<String, [u8; 16]>,
    contents: HashMap<[u8; 16], Content>,
    /// Values that more than one row has.
    twins: BTreeMap<[u8; 16], Twins>,
    /// Classes by number.
    labels: BTreeMap<String, u32>,
    classes: BTreeMap<String, Class>,
    sources: BTreeMap<String, Rows>,
    has_frames: bool,
    has_values: bool,
    /// Recordings may lie on several sides, cut in time.
    in_time: bool,
}

/// What there is of a class on one side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClassRows {
    /// Rows.
    pub rows: u64,
    /// Those of them that are copies.
    pub copies: u64,
    /// Recordings that they are of.
    pub recordings: BTreeSet<String>,
    /// People who are in them.
    pub subjects: BTreeSet<String>,
}

/// What there is of a class on each side.
pub type Class = [ClassRows; 3];

#[derive(Default)]
struct Recording {
    /// Its place in `recording_names`.
    index: u32,
    rows: Rows,
    frames: Vec<frames::Span>,
}

/// A window and its copies.
#[derive(Default, Clone, Copy)]
struct Family {
    sides: Sides,
    rows: [u32; 3],
}

/// The first row of some values: most values have no other.
#[derive(Clone, Copy)]
struct Content {
    label: u32,
    recording: u32,
    side: Side,
}

/// All rows of the same values: how many, and the recording on each side that sorts first.
#[derive(Default)]
struct Twins {
    rows: Rows,
    recordings: [Option<u32>; 3],
    /// The sides that these values have under each class.
    sides: BTreeMap<u32, Sides>,
}

/// Sides as bits, `1 << side`.
type Sides = u8;

/// Which sides have rows.
fn sides_of(rows: &Rows) -> Sides {
    Side::ALL.iter().filter(|side| rows[**side as usize] > 0).fold(0, |sides, side| sides | 1 << *side as u8)
}

/// No recording is known.
const UNKNOWN: u32 = u32::MAX;

impl LeakCheck {
    /// The table was split in time: recordings may lie on several sides, frames may not.
    pub fn set_in_time(&mut self) {
        self.in_time = true;
    }

    /// Rows tell their values; without it nobody knows whether some are there twice.
    pub fn set_has_values(&mut self) {
        self.has_values = true;
    }

    /// Whether it was split in time: such a result is optimistic.
    pub fn is_in_time(&self) -> bool {
        self.in_time
    }

    /// Bytes that are held for each row.
    pub const ROW_BYTES: usize = 120;

    /// Looks at a row.
    pub fn add(&mut self, row: &Row<'_>) {
        let side = row.split as usize;
        self.rows[side] += 1;
        if row.split != Side::Train && row.is_copy() {
            self.copies_count[side] += 1;
            self.copies[side].extend(row.window.map(str::to_owned));
        }
        let recording = row.recording.map_or(UNKNOWN, |name| self.add_to_recording(name, row));
        if let Some(subject) = row.subject {
            match self.subjects.get_mut(subject) {
                Some(rows) => rows[side] += 1,
                None => self.subjects.entry(subject.to_owned()).or_default()[side] += 1,
            }
        }
        if let Some(source) = row.source.filter(|_| !row.is_copy()) {
            match self.sources.get_mut(source) {
                Some(rows) => rows[side] += 1,
                None => self.sources.entry(source.to_owned()).or_default()[side] += 1,
            }
        }
        let made_from = row.source_window.filter(|source| Some(*source) != row.window);
        for (place, window) in [made_from, row.window].into_iter().flatten().enumerate() {
            self.add_window(window, row.split, place == 0);
        }
        if let Some(digest) = row.content {
            let label = self.number_of(row.label);
            self.add_content(digest, Content { label, recording, side: row.split });
        }
        self.add_to_class(row);
    }

    fn add_to_recording(&mut self, name: &str, row: &Row<'_>) -> u32 {
        if !self.recordings.contains_key(name) {
            let index = self.recording_names.len() as u32;
            self.recordings.insert(name.to_owned(), Recording { index, ..Recording::default() });
            self.recording_names.push(name.to_owned());
        }
        let Some(recording) = self.recordings.get_mut(name) else { return UNKNOWN };
        recording.rows[row.split as usize] += 1;
        if let Some((first, last)) = row.frames {
            recording.frames.push(frames::Span { first, last, side: row.split });
            self.has_frames = true;
        }
        recording.index
    }

    /// `is_family`: the row counts for this window, its source or itself.
    fn add_window(&mut self, window: &str, side: Side, is_family: bool) {
        let Some(digest) = short(blake3::hash(window.as_bytes())) else { return };
        let family = self.windows.entry(digest).or_default();
        family.sides |= 1 << side as u8;
        family.rows[side as usize] += u32::from(is_family);
        if family.sides.count_ones() > 1 && !self.crossing.contains_key(window) {
            self.crossing.insert(window.to_owned(), digest);
        }
    }

    /// The number of a class.
    fn number_of(&mut self, label: Option<&str>) -> u32 {
        let Some(label) = label else { return UNKNOWN };
        if let Some(number) = self.labels.get(label) {
            return *number;
        }
        let number = self.labels.len() as u32;
        self.labels.insert(label.to_owned(), number);
        number
    }

    fn add_content(&mut self, digest: [u8; 16], content: Content) {
        let Some(first) = self.contents.get(&digest).copied() else {
            self.contents.insert(digest, content);
            return;
        };
        let names = &self.recording_names;
        let twins = self.twins.entry(digest).or_insert_with(|| {
            let mut twins = Twins::default();
            twins.add(first, names);
            twins
        });
        twins.add(content, names);
    }

    fn add_to_class(&mut self, row: &Row<'_>) {
        let Some(label) = row.label else { return };
        if !self.classes.contains_key(label) {
            self.classes.insert(label.to_owned(), Default::default());
        }
        if let Some(sides) = self.classes.get_mut(label) {
            let of_side = &mut sides[row.split as usize];
            of_side.rows += 1;
            of_side.copies += u64::from(row.is_copy());
            let note = |name: Option<&str>, names: &mut BTreeSet<String>| {
                names.extend(name.filter(|name| !names.contains(*name)).map(str::to_owned));
            };
            note(row.recording, &mut of_side.recordings);
            note(row.subject, &mut of_side.subjects);
        }
    }
}

impl Twins {
    fn add(&mut self, Content { label, recording, side }: Content, names: &[String]) {
        self.rows[side as usize] += 1;
        *self.sides.entry(label).or_default() |= 1 << side as u8;
        let name = |index: u32| names.get(index as usize);
        let best = &mut self.recordings[side as usize];
        if best.is_none_or(|best| name(recording) < name(best)) {
            *best = Some(recording);
        }
    }

    /// Whether one class has these values on several sides: then what is asked outside train was told in train. Under another class train was told
    /// something else, which makes no result better.
    fn is_told(&self) -> bool {
        self.sides.values().any(|sides| sides.count_ones() > 1)
    }
}
