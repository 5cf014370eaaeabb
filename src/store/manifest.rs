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

/// What stands before and behind the digest of a manifest, which is its last field.
const DIGEST: [&str; 2] = [",\n  \"blake3\": \"", "\"\n}"];

/// Letters of a digest.
const HEX: usize = 64;

/// The text that a manifest's own digest is of, and the digest; None for a manifest of an older posequel, which has none.
fn parted(json: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let [before, behind] = DIGEST.map(str::as_bytes);
    let rest = json.strip_suffix(behind)?;
    let (rest, digest) = rest.split_at_checked(rest.len().checked_sub(HEX)?)?;
    let text = [rest.strip_suffix(before)?, b"\n}"].concat();
    Some((text, digest))
}

impl Manifest {
    /// The JSON text that is stored. Its last field, `blake3`, is the digest of the text without that field.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::Internal(format!("manifest of run {}: {e}", self.run)))?;
        let digest = blake3::hash(text.as_bytes()).to_hex();
        let fields = text.strip_suffix("\n}").unwrap_or(&text);
        let [before, behind] = DIGEST;
        Ok(format!("{fields}{before}{digest}{behind}").into_bytes())
    }

    /// Reads a manifest; `file` names it in errors. One that has a digest of its own is held against it.
    ///
    /// # Errors
    /// [`Error::Model`] for text that is no manifest, was changed since it was written, or is one of a newer posequel.
    pub fn from_json(json: &[u8], file: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
            blake3: Option<String>,
        }
        let damaged = |e: String| {
            Error::Model(format!(
                "{file}: expected the manifest of a model ({e}); restore the file, or give up this version: posequel models rm"
            ))
        };
        let of_json = |e: serde_json::Error| damaged(e.to_string());
        let parted = parted(json);
        if parted.as_ref().is_some_and(|(text, digest)| blake3::hash(text).to_hex().as_bytes() != *digest) {
            return Err(damaged("its text is not that of its own blake3".to_owned()));
        }
        // A newer manifest may differ in everything else, so its number is looked at first.
        let head: Head = serde_json::from_slice(json).map_err(of_json)?;
        if head.schema_version > SCHEMA_VERSION {
            return Err(Error::Model(format!(
                "{file}: has schema_version {}, this posequel reads up to {SCHEMA_VERSION}; update posequel",
                head.schema_version
            )));
        }
        if head.blake3.is_some() && parted.is_none() {
            return Err(damaged("its own blake3 is not its last field".to_owned()));
        }
        serde_json::from_slice(json).map_err(of_json)
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

    #[test]
    fn a_bit_that_was_changed_is_found() {
        let json = manifest().to_json().unwrap();
        let (mut refused, mut same) = (0, 0);
        for place in 0..json.len() {
            for bit in 0..8 {
                let mut changed = json.clone();
                changed[place] ^= 1 << bit;
                match Manifest::from_json(&changed, "1.json") {
                    Err(error) => {
                        assert!(error.to_string().starts_with("1.json: "), "{error}");
                        refused += 1;
                    }
                    // The name of the digest alone: what it is of was not changed.
                    Ok(read) => {
                        assert_eq!(read, manifest(), "byte {place}, bit {bit}");
                        same += 1;
                    }
                }
            }
        }
        assert!(same <= 8 * DIGEST.concat().len() && refused > 8 * (json.len() - DIGEST.concat().len() - 1), "{same}");
    }

    #[test]
    fn a_manifest_of_before_there_were_digests_is_read() {
        let old = serde_json::to_vec_pretty(&manifest()).unwrap();
        assert_eq!(Manifest::from_json(&old, "1.json").unwrap(), manifest());
        // And the other way: a field that is not known is passed over.
        let read: Manifest = serde_json::from_slice(&manifest().to_json().unwrap()).unwrap();
        assert_eq!(read, manifest());
    }

    #[test]
    fn the_digest_is_that_of_the_text_without_it() {
        let json = String::from_utf8(manifest().to_json().unwrap()).unwrap();
        let plain = serde_json::to_string_pretty(&manifest()).unwrap();
        let digest = blake3::hash(plain.as_bytes()).to_hex();
        assert!(json.ends_with(&format!(",\n  \"blake3\": \"{digest}\"\n}}")), "{json}");
    }

    /// `printf abc | b3sum | cut -c1-16`
    #[test]
    fn blobs_are_named_by_blake3() {
        let blob = Blob::of(b"abc");
        assert_eq!((blob.length, &blob.blake3[..16]), (3, "6437b3ac38465133"));
    }
}
