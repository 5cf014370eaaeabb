//! What a version consists of: the only thing that readers trust.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The schema of manifests that this version writes. Only optional fields are ever added to it.
pub const SCHEMA_VERSION: u32 = 1;

/// Length and checksum of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Bytes.
    pub length: u64,
    /// BLAKE3 in hexadecimal.
    pub blake3: String,
}

impl Blob {
    /// The entry for these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len() as u64, blake3: blake3::hash(bytes).to_hex().to_string() }
    }
}

/// The numbers of a training that a list of versions shows, so that listing reads manifests only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// When the training ended, in milliseconds since 1970-01-01 UTC.
    pub created_ms: i64,
    /// The layer: `LSTM`.
    pub kind: String,
    /// Rows of each side of the split.
    pub train_rows: u64,
    /// See `train_rows`.
    pub validation_rows: u64,
    /// See `train_rows`.
    pub test_rows: u64,
    /// Epochs that were trained.
    pub epochs: u64,
    /// The epoch (from 1) whose weights were kept.
    pub best_epoch: Option<u64>,
    /// Validation loss of the kept weights.
    pub val_loss: Option<f64>,
    /// Share of test windows with the right label, in [0, 1].
    pub test_accuracy: Option<f64>,
    /// Lower end of the 95 % interval of `test_accuracy`.
    pub test_accuracy_low: Option<f64>,
    /// Upper end of the 95 % interval of `test_accuracy`.
    pub test_accuracy_high: Option<f64>,
    /// Digest of the names of the test recordings; none where they have no names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_set: Option<String>,
    /// The cell of a pipeline's matrix that trained it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
    /// The COPY that trained it and what made the tables and views that it read, where a script ran these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

/// The SQL of a training, or nothing: put into a session by `SessionConfig::with_extension`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sql(pub String);

/// Where in a pipeline's matrix a training stands: put into a session by `SessionConfig::with_extension`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The values of the axes, as text: `width` is `30`.
    pub values: BTreeMap<String, String>,
    /// The digest of everything that the cell runs: a cell whose version is there need not be run again.
    pub job: String,
}

/// The contents of a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The folder in `runs/`, a version 7 UUID. It also says who wrote the manifest: each publication has its own.
    pub run: String,
    /// The program that wrote it.
    pub writer: String,
    /// What a list of versions shows.
    pub summary: Summary,
    /// Every file of the run, by name.
    pub blobs: BTreeMap<String, Blob>,
}

impl Manifest {
    /// The JSON text that is stored.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|e| Error::Internal(format!("manifest of run {}: {e}", self.run)))
    }

    /// Reads a manifest; `file` names it in errors.
    ///
    /// # Errors
    /// [`Error::Model`] for text that is no manifest, or one of a newer posequel.
    pub fn from_json(json: &[u8], file: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
        }
        let damaged = |e| {
            Error::Model(format!(
                "{file}: expected the manifest of a model ({e}); restore the file, or delete it to give up this version"
            ))
        };
        // A newer manifest may differ in everything else, so its number is looked at first.
        let head: Head = serde_json::from_slice(json).map_err(damaged)?;
        if head.schema_version > SCHEMA_VERSION {
            return Err(Error::Model(format!(
                "{file}: has schema_version {}, this posequel reads up to {SCHEMA_VERSION}; update posequel",
                head.schema_version
            )));
        }
        serde_json::from_slice(json).map_err(damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let summary = Summary { epochs: 3, val_loss: Some(0.1), ..Summary::default() };
        let blobs = [("config.json".to_owned(), Blob::of(b"{}"))].into();
        Manifest { schema_version: 1, run: "r".into(), writer: "posequel 0.1.0".into(), summary, blobs }
    }

    #[test]
    fn a_manifest_is_read_back() {
        let json = manifest().to_json().unwrap();
        assert_eq!(Manifest::from_json(&json, "1.json").unwrap(), manifest());
    }

    #[test]
    fn a_newer_manifest_asks_for_an_update() {
        let error = Manifest::from_json(br#"{"schema_version": 2, "pieces": []}"#, "1.json").unwrap_err().to_string();
        assert_eq!(error, "1.json: has schema_version 2, this posequel reads up to 1; update posequel");
    }

    #[test]
    fn half_a_manifest_is_refused_by_name() {
        let json = manifest().to_json().unwrap();
        let error = Manifest::from_json(&json[..json.len() / 2], "1.json").unwrap_err().to_string();
        assert!(error.starts_with("1.json: expected the manifest of a model"), "{error}");
    }

    /// `printf abc | b3sum | cut -c1-16`
    #[test]
    fn blobs_are_named_by_blake3() {
        let blob = Blob::of(b"abc");
        assert_eq!((blob.length, &blob.blake3[..16]), (3, "6437b3ac38465133"));
    }
}
