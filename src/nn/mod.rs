//! The net: stacked LSTM layers, dense layers and a softmax over the classes, on plain slices.
//!
//! Knows no Arrow and no DataFusion. [`engine::Engine`] is the seam: named `f32` tensors and flat slices go in and
//! out, and what multiplies matrices behind it can be exchanged. Layout and names are those of PyTorch's `nn.LSTM`
//! and `nn.Linear`; semantics and initial values are those of Keras.

pub mod adam;
pub mod candle;
pub mod config;
pub mod dropout;
pub mod engine;
pub mod fused;
pub mod init;
pub mod loss;
pub mod softmax;
pub(crate) mod softmax_exact;
pub mod temperature;

use crate::error::{Result, query_err};
use crate::options::training::{EngineKind, Precision, TrainingOptions};

/// A new net with the initial values of `options.seed`, on the engine that `options.engine` names.
pub fn new_engine(config: &config::ModelConfig, options: &TrainingOptions) -> Result<Box<dyn engine::Engine>> {
    if options.engine == EngineKind::Candle && config.precision != Precision::F32 {
        return query_err!("option precision 'bf16' needs option engine to be 'fused' (was 'candle')");
    }
    Ok(match options.engine {
        EngineKind::Fused => Box::new(fused::FusedEngine::new(config, options)?),
        EngineKind::Candle => Box::new(candle::CandleEngine::new(config, options, candle_core::Device::Cpu)?),
    })
}

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod tests;
