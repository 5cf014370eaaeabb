//! The kinds of files that are read as tables.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::datasource::file_format::arrow::ArrowFormatFactory;
use datafusion::datasource::file_format::csv::{CsvFormat, CsvFormatFactory};
use datafusion::datasource::file_format::json::JsonFormatFactory;
use datafusion::datasource::file_format::parquet::ParquetFormatFactory;
use datafusion::datasource::file_format::{FileFormat, FileFormatFactory};

use crate::error::query_err;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// JSON objects, one a line.
    Json,
    /// Arrow IPC, file or stream.
    Arrow,
}

/// Endings of compressed files, which this build does not read.
const COMPRESSED: [&str; 5] = ["gz", "bz2", "xz", "zst", "zip"];

/// Endings that programs give to files of a kind, and that tell nobody who reads a folder.
const OTHER_ENDINGS: [(&str, Kind); 7] = [
    ("pq", Kind::Parquet),
    ("parq", Kind::Parquet),
    ("feather", Kind::Arrow),
    ("ipc", Kind::Arrow),
    ("arrows", Kind::Arrow),
    ("tsv", Kind::Csv),
    ("tab", Kind::Csv),
];

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Parquet, Self::Json, Self::Arrow];

    /// The names under which CREATE EXTERNAL TABLE knows it, `STORED AS CSV`.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Csv => &["CSV"],
            Self::Parquet => &["PARQUET"],
            Self::Json => &["JSON", "NDJSON"],
            Self::Arrow => &["ARROW"],
        }
    }

    /// The endings of its files, in lower case; those of files may be in capitals.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Csv => &["csv"],
            Self::Parquet => &["parquet"],
            Self::Json => &["json", "ndjson", "jsonl"],
            Self::Arrow => &["arrow"],
        }
    }

    /// The kind of a file by its name, `A.CSV`.
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        let ending = ending.to_lowercase();
        Self::ALL.into_iter().find(|kind| kind.endings().contains(&ending.as_str()))
    }

    /// The kind of a file under an ending that is read only where a statement names kind and file: `a.pq`.
    pub fn under_other_ending(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        let ending = ending.to_lowercase();
        OTHER_ENDINGS.into_iter().find(|(other, _)| *other == ending).map(|(_, kind)| kind)
    }

    /// Whether a file is one of a kind that somebody compressed: `a.csv.gz`.
    pub fn is_compressed(name: &str) -> bool {
        let parts = name.rsplit_once('.');
        parts.is_some_and(|(name, ending)| {
            COMPRESSED.contains(&ending.to_lowercase().as_str()) && Self::of_file(name).is_some()
        })
    }

    /// `.csv, .parquet, ...`, for messages.
    pub fn readable() -> String {
        let endings = Self::ALL.into_iter().flat_map(Self::endings);
        endings.map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(", ")
    }

    /// DataFusion's reader of it, with the options of a statement.
    ///
    /// # Errors
    /// An option that it does not know, or knows and does not follow.
    pub fn format(self, session: &dyn Session, options: &HashMap<String, String>) -> Result<Arc<dyn FileFormat>> {
        let default = match self {
            // All records, so that a type does not depend on the first ones; see schema/sample.rs for CSV.
            Self::Json => Some(("format.schema_infer_max_rec", usize::MAX.to_string())),
            // What our columns mean is in the metadata of fields; what else is there is dropped by schema/union.rs.
            Self::Parquet => Some(("format.skip_metadata", "false".to_owned())),
            Self::Csv | Self::Arrow => None,
        };
        let mut options = options.clone();
        if let Some((name, value)) = default {
            options.entry(name.to_owned()).or_insert(value);
        }
        match self {
            Self::Csv => followed(CsvFormatFactory::new().create(session, &options)?),
            Self::Parquet => ParquetFormatFactory::new().create(session, &options),
            Self::Json => JsonFormatFactory::new().create(session, &options),
            Self::Arrow => ArrowFormatFactory::new().create(session, &options),
        }
    }
}

/// DataFusion finds types with `null_regex` and reads without, so that `NA` is no text and no number.
fn followed(format: Arc<dyn FileFormat>) -> Result<Arc<dyn FileFormat>> {
    let null_regex = format.downcast_ref::<CsvFormat>().and_then(|csv| csv.options().null_regex.as_deref());
    match null_regex {
        None => Ok(format),
        Some(pattern) => Ok(query_err!(
            "'format.null_regex' '{pattern}': the reader of CSV does not follow it, only what is empty is NULL; leave the option out and make \
             other texts NULL in a query: TRY_CAST(nullif(x, 'NA') AS DOUBLE)"
        )?),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::session_state::SessionStateBuilder;

    use super::*;

    #[test]
    fn an_option_that_is_not_followed_is_refused() {
        let session = SessionStateBuilder::new().with_default_features().build();
        let format = |name: &str, value: &str| {
            Kind::Csv
                .format(&session, &[(name.to_owned(), value.to_owned())].into())
                .map(drop)
                .map_err(|e| e.to_string())
        };
        assert_eq!(format("format.delimiter", ";"), Ok(()));
        let error = format("format.null_regex", "NA").unwrap_err();
        assert!(error.contains("'format.null_regex' 'NA': the reader of CSV does not follow it"), "{error}");
    }

    #[test]
    fn a_kind_is_known_by_its_ending_in_any_case() {
        assert_eq!(Kind::of_file("A.CSV"), Some(Kind::Csv));
        assert_eq!(Kind::of_file("a.b.Parquet"), Some(Kind::Parquet));
        assert_eq!([Kind::of_file("csv"), Kind::of_file("a.txt"), Kind::of_file("a.csv.gz")], [None; 3]);
        assert_eq!([Kind::under_other_ending("a.PQ"), Kind::under_other_ending("a.csv")], [Some(Kind::Parquet), None]);
        assert!(Kind::is_compressed("a.CSV.GZ") && !Kind::is_compressed("a.gz"));
    }
}
