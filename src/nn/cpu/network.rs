//! The whole stack over a few rows: forward, and the gradient by every parameter.

use super::layer::{Lstm, Trace};
use super::matrix::{Matrix, add_product, add_rows};
use crate::nn::config::ModelConfig;
use crate::nn::dropout::Dropouts;
use crate::nn::engine::NamedTensor;

/// The net with its parameters.
pub struct Network<'a> {
    config: &'a ModelConfig,
    parameters: &'a [NamedTensor],
    /// Recurrent weights of each LSTM layer, transposed.
    weight_hh_t: Vec<Vec<f32>>,
}

/// What goes through the net together.
pub struct Rows<'a> {
    /// Windows [rows, width, features].
    pub features: &'a [f32],
    /// Recorded frames of each row.
    pub valid_len: &'a [u32],
    /// With the epoch and the name of each row; `None` outside training.
    pub dropout: Option<(&'a Dropouts, u64, &'a [&'a str])>,
}

/// Buffers that are used again from step to step, one set for each thread.
#[derive(Default)]
pub struct Workspace {
    lstm: Vec<Trace>,
    /// What each layer reads: [0] the windows, time-major, then the outputs of the layers before.
    inputs: Vec<Vec<f32>>,
    /// What each layer's output was multiplied by: dropout, and 0 or 1 by relu. Empty if by nothing.
    factors: Vec<Vec<f32>>,
}

impl<'a> Network<'a> {
    /// The net of `config` with these parameters.
    pub fn new(config: &'a ModelConfig, parameters: &'a [NamedTensor]) -> Self {
        let transposed = |(layer, units): (usize, &usize)| {
            Matrix::new(&parameters[3 * layer + 1].data, *units).transposed().to_vec()
        };
        Self { config, parameters, weight_hh_t: config.units.iter().enumerate().map(transposed).collect() }
    }

    fn lstm(&self, layer: usize) -> Lstm<'_> {
        let [weight_ih, weight_hh, bias] = [0, 1, 2].map(|k| self.parameters[3 * layer + k].data.as_slice());
        Lstm { weight_ih, weight_hh, weight_hh_t: &self.weight_hh_t[layer], bias }
    }

    /// Weight [out, in] and bias [out] of dense layer `layer`, the last of which gives the logits.
    fn dense(&self, layer: usize) -> (&[f32], &[f32]) {
        let first = 3 * self.config.units.len() + 2 * layer;
        (&self.parameters[first].data, &self.parameters[first + 1].data)
    }

    /// Logits [rows, classes].
    pub fn logits(&self, rows: &Rows<'_>, work: &mut Workspace) -> Vec<f32> {
        let (lstm, dense) = (self.config.units.len(), self.config.dense.len());
        work.lstm.resize_with(lstm, Trace::default);
        work.inputs.resize_with(lstm + dense + 1, Vec::new);
        work.factors.resize_with(lstm + dense, Vec::new);
        let (count, width) = (rows.valid_len.len(), self.config.width);
        time_major(rows.features, width, count, &mut work.inputs[0]);
        for layer in 0..lstm {
            let trace = &mut work.lstm[layer];
            self.lstm(layer).forward(&work.inputs[layer], rows.valid_len, trace);
            let steps = if layer + 1 < lstm { width } else { 1 };
            let units = self.config.units[layer];
            let output = &mut work.inputs[layer + 1];
            output.clear();
            output.extend_from_slice(&trace.h[(width - steps) * count * units..]);
            let factors = &mut work.factors[layer];
            factors.clear();
            if let Some((dropouts, epoch, keys)) = rows.dropout {
                dropouts.lstm[layer].mask(epoch, keys, &format!("lstm{}", layer + 1), units, steps, factors);
            }
            multiply(output, factors);
        }
        for layer in 0..dense {
            let mut output = self.dense_output(layer, &work.inputs[lstm + layer]);
            let factors = &mut work.factors[lstm + layer];
            factors.clear();
            if let Some((dropouts, epoch, keys)) = rows.dropout {
                let units = self.config.dense[layer];
                dropouts.dense.mask(epoch, keys, &format!("dense{}", layer + 1), units, 1, factors);
            }
            factors.resize(output.len(), 1.0);
            factors.iter_mut().zip(&output).filter(|(_, z)| **z <= 0.0).for_each(|(factor, _)| *factor = 0.0);
            multiply(&mut output, factors);
            work.inputs[lstm + layer + 1] = output;
        }
        self.dense_output(dense, &work.inputs[lstm + dense])
    }

    fn dense_output(&self, layer: usize, x: &[f32]) -> Vec<f32> {
        let (weight, bias) = self.dense(layer);
        let inputs = weight.len() / bias.len();
        let mut output = bias.repeat(x.len() / inputs);
        add_product(&mut output, Matrix::new(x, inputs), Matrix::new(weight, inputs).transposed());
        output
    }

    /// Adds to the `gradients`, one for each parameter, after [`Self::logits`] of the same rows and workspace.
    pub fn backward(&self, valid_len: &[u32], d_logits: Vec<f32>, work: &mut Workspace, gradients: &mut [Vec<f32>]) {
        let lstm = self.config.units.len();
        let (lstm_gradients, dense_gradients) = gradients.split_at_mut(3 * lstm);
        let mut d = d_logits;
        for (layer, gradients) in dense_gradients.chunks_exact_mut(2).enumerate().rev() {
            let (weight, bias) = self.dense(layer);
            let (inputs, x) = (weight.len() / bias.len(), &work.inputs[lstm + layer]);
            let outputs = Matrix::new(&d, bias.len());
            add_product(&mut gradients[0], outputs.transposed(), Matrix::new(x, inputs));
            add_rows(&mut gradients[1], &d);
            let mut dx = vec![0.0; x.len()];
            add_product(&mut dx, outputs, Matrix::new(weight, inputs));
            multiply(&mut dx, &work.factors[lstm + layer - 1]);
            d = dx;
        }
        for (layer, gradients) in lstm_gradients.chunks_exact_mut(3).enumerate().rev() {
            let (trace, x) = (&mut work.lstm[layer], &work.inputs[layer]);
            // The last layer's loss is in its last step alone.
            let mut dh = vec![0.0; trace.h.len() - d.len()];
            dh.append(&mut d);
            let mut dx = vec![0.0; if layer > 0 { x.len() } else { 0 }];
            let wanted = (layer > 0).then_some(dx.as_mut_slice());
            self.lstm(layer).backward(x, valid_len, trace, &mut dh, gradients, wanted);
            if layer > 0 {
                multiply(&mut dx, &work.factors[layer - 1]);
            }
            d = dx;
        }
    }
}

/// [rows, width, features] as [width * rows, features].
fn time_major(features: &[f32], width: usize, rows: usize, steps: &mut Vec<f32>) {
    let dim = features.len() / (width * rows);
    steps.clear();
    for t in 0..width {
        for row in 0..rows {
            steps.extend_from_slice(&features[(row * width + t) * dim..][..dim]);
        }
    }
}

/// `values` times `factors`; no factors are ones.
fn multiply(values: &mut [f32], factors: &[f32]) {
    values.iter_mut().zip(factors).for_each(|(v, f)| *v *= f);
}
