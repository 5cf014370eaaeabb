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
        self.engine.predict(&self.normalization.apply(features), valid_len)
    }
}
