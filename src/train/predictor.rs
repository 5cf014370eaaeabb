//! A fitted net that answers for raw windows.

use super::normalize::Normalization;
use crate::error::{Error, Result, data_err};
use crate::nn::config::ModelConfig;
use crate::nn::engine::{Engine, NamedTensor};
use crate::nn::fused::FusedEngine;
use crate::nn::temperature;
use crate::options::training::TrainingOptions;

/// What prediction needs: one net, or the nets of an ensemble, of which probabilities are the mean.
pub struct Predictor {
    nets: Vec<Net>,
    /// What the mean is divided by in log space, see [`crate::options::training::TrainingOptions::calibrate`].
    temperature: Option<f64>,
}

/// Architecture, scale and weights.
struct Net {
    config: ModelConfig,
    normalization: Normalization,
    engine: FusedEngine,
    /// What its own probabilities are divided by in log space.
    temperature: Option<f64>,
}

impl Predictor {
    /// A net with these weights; `threads` 0 takes one for each core.
    pub fn new(
        config: &ModelConfig,
        normalization: &Normalization,
        weights: &[NamedTensor],
        threads: usize,
    ) -> Result<Self> {
        normalization.check(config.features)?;
        let mut engine = FusedEngine::new(config, &TrainingOptions { threads, ..TrainingOptions::default() })?;
        engine.load_parameters(weights)?;
        Ok(Self {
            nets: vec![Net { config: config.clone(), normalization: normalization.clone(), engine, temperature: None }],
            temperature: None,
        })
    }

    /// The same nets, as sure as this temperature makes them; what is most probable stays so.
    pub fn with_temperature(self, temperature: Option<f64>) -> Self {
        Self { temperature, ..self }
    }

    /// The mean of nets that read the same windows and know the same classes, each as sure as its own temperature makes it.
    ///
    /// # Errors
    /// Nets of different shapes, or none at all.
    pub fn ensemble(members: Vec<Self>) -> Result<Self> {
        let nets = |Self { nets, temperature }| nets.into_iter().map(move |net| Net { temperature, ..net });
        let nets: Vec<Net> = members.into_iter().flat_map(nets).collect();
        let shape = |net: &Net| (net.config.width, net.config.features, net.config.classes);
        match nets.first() {
            Some(first) if nets.iter().all(|net| shape(net) == shape(first)) => Ok(Self { nets, temperature: None }),
            _ => Err(Error::Internal(format!("{} nets of different shapes make no ensemble", nets.len()))),
        }
    }

    /// Probabilities [rows, classes] of raw windows `features` [rows, width, features] whose first `valid_len` frames
    /// were recorded.
    ///
    /// A window that contains NaN gets NaN for every class.
    pub fn probabilities(&self, features: &[f32], valid_len: &[u32]) -> Result<Vec<f32>> {
        self.check(features, valid_len)?;
        let classes = self.nets[0].config.classes;
        let tempered = |mut probabilities: Vec<f32>, temperature: Option<f64>| {
            if let Some(temperature) = temperature {
                temperature::apply(&mut probabilities, classes, temperature);
            }
            probabilities
        };
        let of = |net: &Net| {
            let probabilities = net.engine.predict(&net.normalization.apply(features), valid_len)?;
            Ok(tempered(probabilities, net.temperature))
        };
        let probabilities = mean(self.nets.iter().map(of).collect::<Result<_>>()?);
        Ok(tempered(probabilities, self.temperature))
    }

    /// What the model's attention weighs each frame with, [rows, width], for the same windows (the mean of an ensemble's); of a row the weights add up
    /// to 1, and are 0 behind its recorded frames. `None` of a model without attention.
    ///
    /// A window that contains NaN in a recorded frame gets NaN for each of them.
    pub fn attention(&self, features: &[f32], valid_len: &[u32]) -> Result<Option<Vec<f32>>> {
        self.check(features, valid_len)?;
        let of = |net: &Net| net.engine.attention(&net.normalization.apply(features), valid_len);
        let weights = self.nets.iter().map(of).collect::<Result<Option<Vec<_>>>>()?;
        Ok(weights.map(mean))
    }

    fn check(&self, features: &[f32], valid_len: &[u32]) -> Result<()> {
        let ModelConfig { width, features: dim, .. } = self.nets[0].config;
        if features.len() != valid_len.len() * width * dim {
            return data_err!(
                "the model reads windows of {width} frames with {dim} features: {} rows need {} values (got {})",
                valid_len.len(),
                valid_len.len() * width * dim,
                features.len()
            );
        }
        if let Some(valid) = valid_len.iter().find(|&&v| v == 0 || v as usize > width) {
            return data_err!("valid_len must be in 1..={width} (was {valid})");
        }
        Ok(())
    }
}

/// The mean of vectors, each value in the order of the nets; one vector stays as it is.
fn mean(mut vectors: Vec<Vec<f32>>) -> Vec<f32> {
    let count = vectors.len() as f64;
    let Some(mut first) = (!vectors.is_empty()).then(|| vectors.remove(0)) else { return vec![] };
    if !vectors.is_empty() {
        for (place, value) in first.iter_mut().enumerate() {
            let sum = vectors.iter().fold(f64::from(*value), |sum, other| sum + f64::from(other[place]));
            *value = (sum / count) as f32;
        }
    }
    first
}
