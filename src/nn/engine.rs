//! The seam between training and whatever multiplies the matrices.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A tensor with its name, in row-major order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedTensor {
    /// PyTorch's name, such as `lstm1.weight_hh_l0`.
    pub name: String,
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// The values; as many as the product of `shape`.
    pub data: Vec<f32>,
}

/// The rows of one optimizer step.
#[derive(Debug, Clone, Copy)]
pub struct Minibatch<'a> {
    /// Normalised windows [rows, width, features].
    pub features: &'a [f32],
    /// Recorded frames of each row, 1..=width; the steps after them carry the state unchanged.
    pub valid_len: &'a [u32],
    /// Class of each row, 0..classes.
    pub labels: &'a [u32],
    /// Weight of each row in the loss.
    pub weights: &'a [f32],
    /// Name of each row, by which its dropout masks are drawn.
    pub keys: &'a [&'a str],
    /// The epoch, from 1: masks differ from one to the next.
    pub epoch: u64,
}

/// What one step saw, before its update, with dropout on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StepLoss {
    /// Sum of `weight * row loss` over the rows (nats); see [`super::loss::Loss`].
    pub loss: f64,
    /// What the sum is divided by: rows, or with `'reduction' 'weights'` the sum of their weights.
    ///
    /// Sums and divisors of steps may be added up: the quotient is the mean over all their rows, each row or each weight
    /// counting the same, however the rows fell into minibatches.
    pub divisor: f64,
    /// Rows whose most probable class is the label.
    pub correct: usize,
    /// Euclidean norm of the whole gradient before clipping.
    pub gradient_norm: f64,
}

impl StepLoss {
    /// The loss that was minimised; 0 where all weights are 0.
    pub fn mean(&self) -> f64 {
        if self.divisor > 0.0 { self.loss / self.divisor } else { self.loss }
    }
}

/// Adam's memory: everything that an exact resume needs beside the parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OptimizerState {
    /// Steps taken.
    pub step: u64,
    /// Decaying mean of the gradient, for each parameter.
    pub first_moment: Vec<NamedTensor>,
    /// Decaying mean of the squared gradient, for each parameter.
    pub second_moment: Vec<NamedTensor>,
}

/// A net that can be trained and asked.
///
/// Results may not depend on the number of threads: work is split by rows only, in parts fixed by the batch size, and
/// gradients are added in a fixed order.
pub trait Engine: Send {
    /// The parameters, in the order of [`super::config::ModelConfig::parameters`].
    fn parameters(&self) -> Vec<NamedTensor>;

    /// Replaces all parameters; names and shapes must be those of [`Self::parameters`].
    fn load_parameters(&mut self, parameters: &[NamedTensor]) -> Result<()>;

    /// The optimizer's memory.
    fn optimizer(&self) -> OptimizerState;

    /// Replaces the optimizer's memory.
    fn load_optimizer(&mut self, state: &OptimizerState) -> Result<()>;

    /// Loss over the rows of `batch`, and its gradient by each parameter before clipping, 0 in frozen layers; changes
    /// nothing.
    fn gradients(&mut self, batch: &Minibatch<'_>) -> Result<(StepLoss, Vec<Vec<f32>>)>;

    /// One step of the optimizer over the rows of `batch`.
    fn train_step(&mut self, batch: &Minibatch<'_>, learning_rate: f64) -> Result<StepLoss>;

    /// The threads that steps run on, if they are not those of the caller. Many steps inside one `install` of this pool
    /// save waking it for each of them.
    fn pool(&self) -> Option<Arc<rayon::ThreadPool>> {
        None
    }

    /// Probabilities [rows, classes] of normalised windows [rows, width, features], without dropout.
    fn predict(&self, features: &[f32], valid_len: &[u32]) -> Result<Vec<f32>>;

    /// What attention weighs each frame with, [rows, width], for the same windows: of a row the weights add up to 1, and
    /// are 0 behind its recorded frames. `None` of a net without attention.
    fn attention(&self, features: &[f32], valid_len: &[u32]) -> Result<Option<Vec<f32>>>;
}

/// Refuses tensors whose names, order or shapes are not the expected ones.
pub fn check_tensors(tensors: &[NamedTensor], expected: &[(String, Vec<usize>)]) -> Result<()> {
    let model = |message: String| Err(Error::Model(message));
    if tensors.len() != expected.len() {
        return model(format!("the model has {} tensors where {} are expected", tensors.len(), expected.len()));
    }
    for (tensor, (name, shape)) in tensors.iter().zip(expected) {
        if tensor.name != *name || tensor.shape != *shape {
            let (has, shape_had) = (&tensor.name, &tensor.shape);
            return model(format!("tensor {has} {shape_had:?} stands where {name} {shape:?} is expected"));
        }
        if tensor.data.len() != shape.iter().product::<usize>() {
            return model(format!("tensor {name} {shape:?} has {} values", tensor.data.len()));
        }
    }
    Ok(())
}
