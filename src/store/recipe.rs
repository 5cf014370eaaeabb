//! `config.json`: everything a training was told, so that it can be used, explained and done again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::replay::Replay;
use crate::error::{Error, Result};
use crate::nn::config::ModelConfig;
use crate::options::training::TrainingOptions;
use crate::train::normalize::Normalization;

/// The schema of recipes that this version writes. Only optional fields are ever added to it.
pub const SCHEMA_VERSION: u32 = 1;

/// How a model came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The layer: `LSTM`.
    pub kind: String,
    /// Shape of the net: windows [width, features] in, probabilities \[classes\] out.
    pub architecture: ModelConfig,
    /// Everything that can be set, with what it was.
    pub options: TrainingOptions,
    /// Names of the features in their order; null when the query did not tell.
    pub features: Option<Vec<String>>,
    /// The classes, sorted, in the order of the probabilities.
    pub labels: Vec<String>,
    /// What is subtracted from each feature, and what it is then divided by; empty for nothing.
    pub normalization: Normalization,
    /// Of an ensemble: the nets whose probabilities it averages. `architecture` is then that of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// What its probabilities are divided by in log space, fitted to validation; none of a net that was not calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// How its windows were cut from frames, for `pose_timeline`; none where they came ready-made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// Rows of each side of the split.
    pub rows: BTreeMap<String, u64>,
    /// What was trained on.
    pub digests: Digests,
    /// Versions of the code that trained.
    pub versions: Versions,
}

/// A net of an ensemble. Its weights are those of the ensemble's file under the prefix `member1.`, `member2.`, ...
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Where it came from, `gait@3`.
    pub model: String,
    /// Its net.
    pub architecture: ModelConfig,
    /// The scale that it expects.
    pub normalization: Normalization,
    /// What its probabilities are divided by in log space before the mean is taken, if it was calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
}

/// What the names of the weights of member `index`, from 0, begin with.
pub fn member_prefix(index: usize) -> String {
    format!("member{}.", index + 1)
}

/// BLAKE3 in hexadecimal: two models with the same digest were trained on the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// Of every row's window, label and features, in their order.
    pub rows: String,
    /// Of every row's window and side, in their order.
    pub splits: String,
}

/// Versions of the code that trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// This crate.
    pub posequel: String,
    /// The query engine.
    pub datafusion: String,
    /// The tensors.
    pub candle: String,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            posequel: env!("CARGO_PKG_VERSION").to_owned(),
            datafusion: datafusion::DATAFUSION_VERSION.to_owned(),
            candle: CANDLE.to_owned(),
        }
    }
}

/// candle tells its version to nobody; a test compares this one with Cargo.lock.
const CANDLE: &str = "0.11.1";

/// Sums up rows as they pass, for [`Digests`].
#[derive(Debug, Clone)]
pub struct Digest(blake3::Hasher);

impl Digest {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self(blake3::Hasher::new())
    }

    /// Adds a text, with its length, so that ("ab", "c") is not ("a", "bc").
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.0.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        self
    }

    /// Adds the bits of numbers, with their count.
    pub fn numbers(&mut self, numbers: &[f32]) -> &mut Self {
        self.0.update(&(numbers.len() as u64).to_le_bytes());
        // Little endian everywhere, in pieces of a size that the hash is fast at.
        for piece in numbers.chunks(1024) {
            let bytes: Vec<u8> = piece.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.0.update(&bytes);
        }
        self
    }

    /// The digest in hexadecimal.
    pub fn finish(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
impl Recipe {
    /// A net of two classes, run and walk, that was trained on nothing.
    pub fn plain(width: usize, features: usize, options: TrainingOptions) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "LSTM".into(),
            architecture: ModelConfig::new(width, features, 2, &options).unwrap(),
            options,
            features: None,
            labels: vec!["run".into(), "walk".into()],
            normalization: Normalization::default(),
            members: vec![],
            temperature: None,
            replay: None,
            rows: BTreeMap::new(),
            digests: Digests::default(),
            versions: Versions::default(),
        }
    }
}

impl Recipe {
    /// The JSON text that is stored.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|e| Error::Internal(format!("config.json: {e}")))
    }

    /// Reads a recipe; `file` names it in errors.
    ///
    /// # Errors
    /// [`Error::Model`] for text that is no recipe, one of a newer posequel, or one that contradicts itself.
    pub fn from_json(json: &[u8], file: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
        }
        let wrong = |why: String| Error::Model(format!("{file}: expected the recipe of a model: {why}"));
        let head: Head = serde_json::from_slice(json).map_err(|e| wrong(e.to_string()))?;
        if head.schema_version > SCHEMA_VERSION {
            return Err(Error::Model(format!(
                "{file}: has schema_version {}, this posequel reads up to {SCHEMA_VERSION}; update posequel",
                head.schema_version
            )));
        }
        let recipe: Self = serde_json::from_slice(json).map_err(|e| wrong(e.to_string()))?;
        recipe.architecture.check().map_err(|e| wrong(e.to_string()))?;
        let (dim, classes) = (recipe.architecture.features, recipe.architecture.classes);
        if recipe.labels.len() != classes {
            return Err(wrong(format!("{} labels for {classes} classes", recipe.labels.len())));
        }
        recipe.normalization.check(dim).map_err(|e| wrong(e.to_string()))?;
        for member in &recipe.members {
            let Member { model, architecture: of, normalization, .. } = member;
            of.check().and_then(|()| normalization.check(dim)).map_err(|e| wrong(format!("member {model}: {e}")))?;
            if (of.width, of.features, of.classes) != (recipe.architecture.width, dim, classes) {
                return Err(wrong(format!("member {model} has another shape")));
            }
        }
        if let Some(names) = recipe.features.as_ref().filter(|names| names.len() != dim) {
            return Err(wrong(format!("{} names for {dim} features", names.len())));
        }
        Ok(recipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        Recipe {
            normalization: Normalization { mean: vec![0.1, -1.5], std: vec![1.0, 0.3] },
            rows: [("train".to_owned(), 5)].into(),
            ..Recipe::plain(30, 2, TrainingOptions::default())
        }
    }

    #[test]
    fn a_recipe_is_read_back() {
        assert_eq!(Recipe::from_json(&recipe().to_json().unwrap(), "config.json").unwrap(), recipe());
    }

    #[test]
    fn a_recipe_that_contradicts_itself_is_refused() {
        let json = Recipe { labels: vec!["run".into()], ..recipe() }.to_json().unwrap();
        let error = Recipe::from_json(&json, "config.json").unwrap_err().to_string();
        assert_eq!(error, "config.json: expected the recipe of a model: 1 labels for 2 classes");
    }

    #[test]
    fn the_version_of_candle_is_the_one_that_is_linked() {
        let lock = include_str!("../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"candle-core\"\nversion = \"{CANDLE}\"")));
    }

    /// `printf '\x02\0\0\0\0\0\0\0ab\x01\0\0\0\0\0\0\0\0\0\x80\x3f' | b3sum`, which is `Digest` of "ab" and [1.0].
    #[test]
    fn a_digest_is_blake3_of_lengths_and_little_endian_bits() {
        let bytes = b"\x02\0\0\0\0\0\0\0ab\x01\0\0\0\0\0\0\0\0\0\x80\x3f";
        assert_eq!(Digest::new().text("ab").numbers(&[1.0]).finish(), blake3::hash(bytes).to_hex().to_string());
    }
}
