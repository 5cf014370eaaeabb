//! Recordings by name: what intervals are over, and what must stand on one side.

use std::collections::HashMap;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::Schema;

use super::columns::{named, present, texts, value};
use super::key::joined;
use crate::args::Arguments;
use crate::error::{Result, data_err};
use crate::options::SEQUENCE_KEYS;
use crate::schema::{RECORDING, SOURCE};

/// What a row's recording or person is called within its source: `source/name`, [`joined`] as windows are named.
///
/// The name alone, as it is, where the table has no column `source`; escaped where that is NULL, so that source NULL with
/// `a/b` is not source `a` with `b`.
pub fn of_source(sources: &Option<StringArray>, row: usize, name: &str) -> String {
    match sources {
        None => name.to_owned(),
        Some(_) => joined(value(sources, row).map(Some).into_iter().chain([Some(name)])),
    }
}

/// The columns that name what rows are grouped by.
#[derive(Debug, Clone)]
pub struct Groups {
    /// Those that the caller named; by default `recording`, and `source` and `video` where it is NULL.
    pub columns: Vec<String>,
    /// Whether the caller named them.
    pub given: bool,
}

impl Groups {
    /// What argument `groups` says, or the columns that name recordings.
    ///
    /// # Errors
    /// A column that the input has not.
    pub fn of(schema: &Schema, arguments: &Arguments) -> Result<Self> {
        if let Some(columns) = named(schema, arguments, "groups")? {
            return Ok(Self { columns, given: true });
        }
        let columns = [RECORDING].into_iter().chain(SEQUENCE_KEYS).collect::<Vec<_>>();
        Ok(Self { columns: present(schema, &columns), given: false })
    }

    /// What names rows by these columns; `function` is the SQL name, for messages.
    pub fn namer(&self, function: &'static str) -> Namer {
        Namer { function, groups: self.clone(), of: HashMap::new(), bytes: 0 }
    }
}

/// Names rows, batch by batch.
pub struct Namer {
    function: &'static str,
    groups: Groups,
    /// The source and video of each `recording`.
    of: HashMap<String, String>,
    bytes: usize,
}

/// The columns of a batch.
pub struct Columns {
    /// One name for all.
    recording: Option<StringArray>,
    /// Columns that name it together; whether one may be NULL.
    keys: Vec<(bool, Option<StringArray>)>,
}

impl Namer {
    /// The columns of a batch that names are made of.
    ///
    /// # Errors
    /// A column of a type that is no text and no number.
    pub fn columns(&self, batch: &RecordBatch) -> Result<Columns> {
        let mut columns = Columns { recording: None, keys: vec![] };
        for column in &self.groups.columns {
            let values = texts(self.function, batch, column)?;
            match column.as_str() {
                RECORDING if !self.groups.given => columns.recording = values,
                column => columns.keys.push((column == SOURCE, values)),
            }
        }
        Ok(columns)
    }

    /// The name of a row; none where a column is NULL, but for `source`, which is left out then.
    ///
    /// # Errors
    /// A `recording` of several videos, which the caller may mean otherwise than we do.
    pub fn name(&mut self, columns: &Columns, row: usize) -> Result<Option<String>> {
        let keys = columns.keys(row);
        let Some(recording) = value(&columns.recording, row) else { return Ok(keys) };
        if let Some(keys) = keys {
            match self.of.get(recording) {
                None => {
                    self.bytes += 100 + recording.len() + keys.len();
                    self.of.insert(recording.to_owned(), keys);
                }
                Some(known) if *known == keys => {}
                Some(known) => {
                    // In the same words whichever came first.
                    let (one, other) = if *known < keys { (known, &keys) } else { (&keys, known) };
                    return data_err!(
                        "{}: recording '{recording}' is of several videos ({one}, {other}); say which of the columns tells \
                         recordings apart: groups => 'video', or groups => 'recording'",
                        self.function
                    );
                }
            }
        }
        Ok(Some(recording.to_owned()))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Columns {
    fn keys(&self, row: usize) -> Option<String> {
        // One column needs no separator, so its values are names as they are.
        if let [(_, values)] = self.keys.as_slice() {
            return value(values, row).map(str::to_owned);
        }
        let mut keys = vec![];
        for (optional, values) in &self.keys {
            match value(values, row) {
                None if *optional => {}
                None => return None,
                key => keys.push(key),
            }
        }
        (!keys.is_empty()).then(|| joined(keys))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::ArrayRef;

    use super::*;

    fn names(groups: &Groups) -> Vec<Option<String>> {
        let column = |values: [Option<&str>; 4]| Arc::new(StringArray::from_iter(values)) as ArrayRef;
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("recording", column([Some("r"), None, None, None]), true),
            ("source", column([Some("a"), Some("a"), None, Some("a")]), true),
            ("video", column([Some("v"), Some("v"), Some("v"), None]), true),
        ]);
        let mut namer = groups.namer("f");
        let columns = namer.columns(&batch.unwrap()).unwrap();
        (0..4).map(|row| namer.name(&columns, row).unwrap()).collect()
    }

    #[test]
    fn a_row_is_named_by_its_recording_else_by_source_and_video() {
        let columns = ["recording", "source", "video"].map(str::to_owned).to_vec();
        let some = |name: &str| Some(name.to_owned());
        // A recording without a source has a name; a source alone is none.
        let expected = [some("r"), some("a/v"), some("v"), None];
        assert_eq!(names(&Groups { columns: columns.clone(), given: false }), expected);
        assert_eq!(names(&Groups { columns: columns[..1].to_vec(), given: true }), [some("r"), None, None, None]);
    }

    #[test]
    fn keys_with_the_separator_are_told_apart() {
        let rows = [
            (Some("a"), "b/c"),
            (Some("a/b"), "c"),
            (None, "a/b/c"),
            (Some(""), "a/b/c"),
            (Some("NULL"), "a/b/c"),
            (Some("a"), "b%2Fc"),
            (Some("a:b"), "c"),
        ];
        let sources = Arc::new(rows.iter().map(|(source, _)| *source).collect::<StringArray>());
        let videos = Arc::new(rows.iter().map(|(_, video)| Some(*video)).collect::<StringArray>()) as ArrayRef;
        // Dictionaries are read as what they hold.
        let dictionary = arrow::datatypes::DataType::Dictionary(
            Box::new(arrow::datatypes::DataType::Int8),
            Box::new(arrow::datatypes::DataType::Utf8),
        );
        let plain = Arc::clone(&sources) as ArrayRef;
        let columns = ["source", "video"].map(str::to_owned).to_vec();
        for source in [Arc::clone(&plain), arrow::compute::cast(&plain, &dictionary).unwrap()] {
            let columns_of = [("source", source, true), ("video", Arc::clone(&videos), true)];
            let batch = RecordBatch::try_from_iter_with_nullable(columns_of).unwrap();
            let mut namer = Groups { columns: columns.clone(), given: true }.namer("f");
            let columns = namer.columns(&batch).unwrap();
            let names: std::collections::BTreeSet<_> =
                (0..rows.len()).map(|row| namer.name(&columns, row).unwrap()).collect();
            assert_eq!(names.len(), rows.len(), "{names:?}");
        }
        let sources = Some(StringArray::clone(&sources));
        let names: std::collections::BTreeSet<_> =
            (0..rows.len()).map(|row| of_source(&sources, row, rows[row].1)).collect();
        assert_eq!(names.len(), rows.len(), "{names:?}");
        assert_eq!(of_source(&None, 0, "day1/walk.mp4"), "day1/walk.mp4");
    }
}
