//! A fitted net that answers for raw windows.

use super::normalize::Normalization;
use crate::error::{Result, data_err};
use crate::nn::config::ModelConfig;
use crate::nn::engine::{Engine, NamedTensor};
use crate::nn::fused::FusedEngine;
use crate::options::training::TrainingOptions;

/// Architecture, scale and weights: what prediction needs.
pub struct Predictor {
    config: ModelConfig,
    normalization: Normalization,
    engine: FusedEngine,
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
        Ok(Self { config: config.clone(), normalization: normalization.clone(), engine })
    }

    /// The architecture.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Probabilities [rows, classes] of raw windows `features` [rows, width, features] whose first `valid_len` frames
    /// were recorded.
    ///
    /// A window that contains NaN gets NaN for every class.
    pub fn probabilities(&self, features: &[f32], valid_len: &[u32]) -> Result<Vec<f32>> {
        self.check(features, valid_len)?;
        self.engine.predict(&self.normalization.apply(features), valid_len)
    }

    /// What the model's attention weighs each frame with, [rows, width], for the same windows; of a row the weights add up
    /// to 1, and are 0 behind its recorded frames. `None` of a model without attention.
    ///
    /// A window that contains NaN in a recorded frame gets NaN for each of them.
    pub fn attention(&self, features: &[f32], valid_len: &[u32]) -> Result<Option<Vec<f32>>> {
        self.check(features, valid_len)?;
        self.engine.attention(&self.normalization.apply(features), valid_len)
    }

    fn check(&self, features: &[f32], valid_len: &[u32]) -> Result<()> {
        let ModelConfig { width, features: dim, .. } = self.config;
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
