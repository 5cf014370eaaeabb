//! All that a training has to know to go on as if it had never been away.
//!
//! A state is one safetensors file: the tensors of the net, of its best epoch and of the optimizer's two moments under
//! the prefixes `parameters.`, `best.`, `first.` and `second.`, and the rest as JSON in the metadata. There is a digest of
//! the whole file as well: a training that goes on from a changed bit would end in other bytes, and nobody would know.

use std::collections::HashMap;
use std::ops::Range;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use super::callbacks::Callbacks;
use super::fit::{Epoch, StoppedBecause};
use crate::error::{Error, Result};
use crate::nn::config::ModelConfig;
use crate::nn::engine::{NamedTensor, OptimizerState, StepLoss};

/// A training between two minibatches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The epoch that is next or under way, from 1.
    pub epoch: usize,
    /// What of it is done.
    pub sums: Sums,
    /// Early stopping and the learning rate.
    pub callbacks: Callbacks,
    /// The epochs that are done.
    pub history: Vec<Epoch>,
    /// Why there is no further epoch, if there is none.
    pub ended: Option<StoppedBecause>,
    /// Steps of the optimizer.
    pub optimizer_steps: u64,
    /// The net as it is.
    #[serde(skip)]
    pub parameters: Vec<NamedTensor>,
    /// The net after the best epoch, if there was one.
    #[serde(skip)]
    pub best: Option<Vec<NamedTensor>>,
    /// The optimizer's moments.
    #[serde(skip)]
    pub moments: [Vec<NamedTensor>; 2],
}

/// What the minibatches of an epoch add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Minibatches.
    pub steps: usize,
    /// Rows.
    pub rows: usize,
    /// Loss, sum over the rows.
    #[serde(with = "bits")]
    pub loss: f64,
    /// What the sum is divided by.
    pub divisor: f64,
    /// Rows predicted right.
    pub correct: usize,
    /// Wall time.
    pub seconds: f64,
}

impl Sums {
    /// The mean loss so far.
    pub fn mean(&self) -> f64 {
        StepLoss { loss: self.loss, divisor: self.divisor, ..StepLoss::default() }.mean()
    }
}

/// Numbers that JSON does not know: NaN and infinity are written as their bits.
pub(super) mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// As [`f64::to_bits`].
    pub fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        number.to_bits().serialize(to)
    }

    /// As [`f64::from_bits`].
    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<f64, D::Error> {
        u64::deserialize(from).map(f64::from_bits)
    }

    /// The same of a number that may be missing.
    pub mod option {
        use super::{Deserialize, Deserializer, Serialize, Serializer};

        /// As [`f64::to_bits`].
        pub fn serialize<S: Serializer>(number: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
            number.map(f64::to_bits).serialize(to)
        }

        /// As [`f64::from_bits`].
        pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<f64>, D::Error> {
            Ok(Option::<u64>::deserialize(from)?.map(f64::from_bits))
        }
    }
}

/// Names in the metadata.
const STATE: &str = "state";
const ABOUT: &str = "about";
const DIGEST: &str = "blake3";

/// What stands in place of the digest when it is taken: as many letters as a digest has.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where the digest of a file stands. Within the JSON of another value the same letters would have backslashes before them.
fn place_of_digest(file: &[u8]) -> Option<Range<usize>> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let header = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let before = format!("\"{DIGEST}\":\"");
    let begin = 8 + header.windows(before.len()).position(|text| text == before.as_bytes())? + before.len();
    let place = begin..begin + NO_DIGEST.len();
    file.get(place.clone()).is_some().then_some(place)
}

/// BLAKE3 of a file as it was before the digest was put in its place.
fn digest(file: &[u8], place: &Range<usize>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&file[..place.start]).update(NO_DIGEST.as_bytes()).update(&file[place.end..]);
    hasher.finalize().to_hex().to_string()
}

/// Refuses a file of which a bit was changed. One of an older posequel has no digest, and nothing but the two older names in its metadata.
fn verify(file: &[u8]) -> Result<()> {
    if let Some(place) = place_of_digest(file) {
        return match file[place.clone()] == *digest(file, &place).as_bytes() {
            true => Ok(()),
            false => {
                Err(Error::Model("the state of a training is damaged: it does not match its own blake3".to_owned()))
            }
        };
    }
    let (_, metadata) = SafeTensors::read_metadata(file).map_err(damaged)?;
    let is_old = metadata
        .metadata()
        .as_ref()
        .is_some_and(|map| map.len() == 2 && map.contains_key(STATE) && map.contains_key(ABOUT));
    if is_old { Ok(()) } else { Err(Error::Model("the state of a training is damaged: it has no blake3".to_owned())) }
}

/// Prefixes of the tensors' names.
const KINDS: [&str; 4] = ["parameters", "best", "first", "second"];

impl State {
    /// The optimizer's part.
    pub fn optimizer(&self) -> OptimizerState {
        let [first_moment, second_moment] = self.moments.clone();
        OptimizerState { step: self.optimizer_steps, first_moment, second_moment }
    }

    /// The bytes of a file. `about` tells whoever finds it what it is a state of.
    pub fn encode(&self, about: &str) -> Result<Vec<u8>> {
        let json = serde_json::to_string(self).map_err(|e| Error::Internal(format!("a training's state: {e}")))?;
        let metadata = HashMap::from([
            (STATE.to_owned(), json),
            (ABOUT.to_owned(), about.to_owned()),
            (DIGEST.to_owned(), NO_DIGEST.to_owned()),
        ]);
        let [first, second] = &self.moments;
        let sets = [Some(&self.parameters), self.best.as_ref(), Some(first), Some(second)];
        let mut blobs = vec![];
        for (kind, tensors) in KINDS.into_iter().zip(sets) {
            for tensor in tensors.into_iter().flatten() {
                let mut bytes = Vec::with_capacity(4 * tensor.data.len());
                tensor.data.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
                blobs.push((format!("{kind}.{}", tensor.name), tensor.shape.clone(), bytes));
            }
        }
        let views = blobs.iter().map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view)).map_err(damaged)
        });
        let mut file = safetensors::serialize(views.collect::<Result<Vec<_>>>()?, Some(metadata)).map_err(damaged)?;
        let Some(place) = place_of_digest(&file) else {
            return Err(Error::Internal("a training's state has no place for its digest".into()));
        };
        let digest = digest(&file, &place);
        file[place].copy_from_slice(digest.as_bytes());
        Ok(file)
    }

    /// A state of a net of `config` from the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Model`] for bytes that are no state, were changed since they were written, or are that of another net.
    pub fn decode(bytes: &[u8], config: &ModelConfig) -> Result<Self> {
        verify(bytes)?;
        let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let mut state: Self = serde_json::from_str(&metadata(bytes, STATE)?)
            .map_err(|e| Error::Model(format!("the state of a training cannot be read: {e}")))?;
        let read = |kind: &str| {
            let tensor = |(name, shape): (String, Vec<usize>)| {
                let view = file.tensor(&format!("{kind}.{name}")).map_err(damaged)?;
                if view.shape() != shape || view.dtype() != Dtype::F32 {
                    return Err(Error::Model(format!(
                        "the state of a training: tensor {kind}.{name} is {:?} {:?} where F32 {shape:?} is expected",
                        view.dtype(),
                        view.shape()
                    )));
                }
                let (numbers, _) = view.data().as_chunks::<4>();
                Ok(NamedTensor { name, shape, data: numbers.iter().map(|&b| f32::from_le_bytes(b)).collect() })
            };
            config.parameters().into_iter().map(tensor).collect::<Result<Vec<_>>>()
        };
        state.parameters = read("parameters")?;
        let has_best = file.names().iter().any(|name| name.starts_with("best."));
        state.best = has_best.then(|| read("best")).transpose()?;
        state.moments = [read("first")?, read("second")?];
        Ok(state)
    }

    /// What [`Self::encode`] was told that the bytes are a state of.
    pub fn about(bytes: &[u8]) -> Result<String> {
        metadata(bytes, ABOUT)
    }
}

fn metadata(bytes: &[u8], key: &str) -> Result<String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let value = metadata.metadata().as_ref().and_then(|map| map.get(key));
    value.cloned().ok_or_else(|| Error::Model(format!("the state of a training has no '{key}' in its metadata")))
}

fn damaged(error: safetensors::SafeTensorError) -> Error {
    Error::Model(format!("the state of a training is not a readable safetensors file: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::init::initial;
    use crate::options::training::TrainingOptions;

    #[test]
    fn a_state_survives_the_file_with_numbers_that_json_lacks() {
        let options = TrainingOptions::preset("tiny").unwrap();
        let config = ModelConfig::new(5, 3, 2, &options).unwrap();
        let parameters = initial(&config, 1);
        let epoch = Epoch {
            epoch: 1,
            loss: 0.1 + 0.2,
            accuracy: 1.0 / 3.0,
            val_loss: Some(f64::INFINITY),
            val_accuracy: None,
            val_loss_weighted: Some(f64::NEG_INFINITY),
            learning_rate: 1e-3,
            seconds: 0.5,
            best: true,
        };
        let state = State {
            epoch: 2,
            sums: Sums { steps: 3, rows: 48, loss: f64::INFINITY, divisor: 48.0, correct: 7, seconds: 0.25 },
            callbacks: Callbacks::new(&options),
            history: vec![epoch],
            ended: Some(StoppedBecause::Watcher),
            optimizer_steps: 9,
            best: None,
            moments: [parameters.clone(), initial(&config, 2)],
            parameters,
        };
        let bytes = state.encode("about it").unwrap();
        assert_eq!(State::decode(&bytes, &config).unwrap(), state);
        assert_eq!(State::about(&bytes).unwrap(), "about it");
        let with_best = State { best: Some(initial(&config, 3)), ..state };
        assert_eq!(State::decode(&with_best.encode("").unwrap(), &config).unwrap(), with_best);
    }

    /// A state of a very small net.
    fn small() -> (ModelConfig, State) {
        let options = TrainingOptions {
            units: vec![1],
            dropout: vec![0.0],
            dense: vec![1],
            ..TrainingOptions::preset("tiny").unwrap()
        };
        let config = ModelConfig::new(2, 1, 2, &options).unwrap();
        let parameters = initial(&config, 1);
        let state = State {
            epoch: 1,
            sums: Sums::default(),
            callbacks: Callbacks::new(&options),
            history: vec![],
            ended: None,
            optimizer_steps: 9,
            best: Some(parameters.clone()),
            moments: [parameters.clone(), parameters.clone()],
            parameters,
        };
        (config, state)
    }

    #[test]
    fn a_bit_that_was_changed_anywhere_is_found() {
        let (config, state) = small();
        let bytes = state.encode(r#"{"blake3":"of something else"}"#).unwrap();
        assert_eq!(State::decode(&bytes, &config).unwrap(), state);
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                assert!(matches!(State::decode(&changed, &config), Err(Error::Model(_))), "byte {place}, bit {bit}");
            }
        }
        for length in 0..bytes.len() {
            assert!(State::decode(&bytes[..length], &config).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_state_of_before_there_were_digests_is_read() {
        let (config, state) = small();
        let bytes = state.encode("about it").unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let mut old = metadata.metadata().clone().unwrap();
        old.remove(DIGEST).unwrap();
        let bytes = safetensors::serialize(file.tensors(), Some(old)).unwrap();
        assert_eq!(State::decode(&bytes, &config).unwrap(), state);
    }
}
