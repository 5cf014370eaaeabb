//! The [`Engine`] on candle tensors with candle's autograd: slow, plain, and the way to candle's other devices.
//!
//! It is the reference that the engines written by hand are tested against. What candle cannot repeat or resume is
//! ours here too: initial values, dropout masks, optimizer.

use candle_core::{D, Device, Tensor, Var};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::adam::Adam;
use super::config::ModelConfig;
use super::dropout::Dropouts;
use super::engine::{Engine, Minibatch, NamedTensor, OptimizerState, StepLoss, check_tensors};
use super::{activation, init, loss};
use crate::error::{Error, Result};
use crate::options::training::TrainingOptions;

/// Rows that go through the net together in prediction.
const PREDICT_ROWS: usize = 64;

/// A net with its optimizer.
pub struct CandleEngine {
    config: ModelConfig,
    dropouts: Dropouts,
    parameters: Vec<NamedTensor>,
    variables: Vec<Var>,
    adam: Adam,
    device: Device,
    /// One worker: candle's matmul asks rayon for help, which at these sizes costs more than it gives.
    alone: ThreadPool,
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::Internal(format!("candle: {error}"))
    }
}

/// Epoch and row names, by which dropout is drawn; `None` outside training.
type Draw<'a> = Option<(u64, &'a [&'a str])>;

impl CandleEngine {
    /// A new net on `device` with the initial values of `options.seed`.
    pub fn new(config: &ModelConfig, options: &TrainingOptions, device: Device) -> Result<Self> {
        config.check()?;
        let parameters = init::initial(config, options.seed);
        let alone = ThreadPoolBuilder::new().num_threads(1).build();
        Ok(Self {
            dropouts: Dropouts::new(config, options.seed),
            adam: Adam::new(options, &parameters),
            variables: variables(&parameters, &device)?,
            alone: alone.map_err(|e| Error::Limit(format!("cannot start a thread: {e}")))?,
            config: config.clone(),
            parameters,
            device,
        })
    }

    /// Logits [rows, classes].
    fn logits(&self, features: &[f32], valid_len: &[u32], draw: Draw<'_>) -> Result<Tensor> {
        let (rows, width) = (valid_len.len(), self.config.width);
        let x = Tensor::from_slice(features, (rows, width, self.config.features), &self.device)?;
        // Steps are tensors of their own: the gradient of a narrow would be as long as the window, at each step.
        let mut steps =
            (0..width).map(|t| Ok(x.narrow(1, t, 1)?.squeeze(1)?.contiguous()?)).collect::<Result<Vec<_>>>()?;
        let (lstm, dense) = self.variables.split_at(3 * self.config.units.len());
        for (layer, (parameters, &units)) in lstm.chunks_exact(3).zip(&self.config.units).enumerate() {
            steps = self.lstm(&steps, parameters, units, valid_len)?;
            if layer + 1 == self.config.units.len() {
                steps.drain(..width - 1);
            }
            let mut mask = Vec::new();
            if let Some((epoch, keys)) = draw {
                let name = format!("lstm{}", layer + 1);
                self.dropouts.lstm[layer].mask(epoch, keys, &name, units, steps.len(), &mut mask);
            }
            for (step, factors) in steps.iter_mut().zip(mask.chunks(rows * units)) {
                *step = step.mul(&Tensor::from_slice(factors, (rows, units), &self.device)?)?;
            }
        }
        let mut x = steps.swap_remove(0);
        for (layer, parameters) in dense.chunks_exact(2).enumerate() {
            x = x.matmul(&parameters[0].t()?)?.broadcast_add(&parameters[1])?;
            let Some(&units) = self.config.dense.get(layer) else { break };
            x = x.relu()?;
            let mut mask = Vec::new();
            if let Some((epoch, keys)) = draw {
                self.dropouts.dense.mask(epoch, keys, &format!("dense{}", layer + 1), units, 1, &mut mask);
            }
            if !mask.is_empty() {
                x = x.mul(&Tensor::from_vec(mask, (rows, units), &self.device)?)?;
            }
        }
        Ok(x)
    }

    /// Hidden states of each step.
    fn lstm(&self, steps: &[Tensor], parameters: &[Var], units: usize, valid_len: &[u32]) -> Result<Vec<Tensor>> {
        let (weight_ih, weight_hh, bias) = (parameters[0].t()?, parameters[1].t()?, &parameters[2]);
        let rows = valid_len.len();
        let mut h = Tensor::zeros((rows, units), candle_core::DType::F32, &self.device)?;
        let mut c = h.clone();
        let mut states = Vec::with_capacity(steps.len());
        for (t, x) in steps.iter().enumerate() {
            let z = x.matmul(&weight_ih)?.add(&h.matmul(&weight_hh)?)?.broadcast_add(bias)?;
            let gate = |k: usize| z.narrow(1, k * units, units);
            let (i, f, g, o) = (sigmoid(&gate(0)?)?, sigmoid(&gate(1)?)?, gate(2)?.tanh()?, sigmoid(&gate(3)?)?);
            let new_c = f.mul(&c)?.add(&i.mul(&g)?)?;
            let new_h = o.mul(&new_c.tanh()?)?;
            if valid_len.iter().all(|&valid| t < valid as usize) {
                (h, c) = (new_h, new_c);
            } else {
                let recorded: Vec<u8> = valid_len.iter().map(|&valid| u8::from(t < valid as usize)).collect();
                let recorded = Tensor::from_vec(recorded, (rows, 1), &self.device)?.broadcast_as((rows, units))?;
                (h, c) = (recorded.where_cond(&new_h, &h)?, recorded.where_cond(&new_c, &c)?);
            }
            states.push(h.clone());
        }
        Ok(states)
    }

    fn loss_and_gradients(&self, batch: &Minibatch<'_>) -> Result<(StepLoss, Vec<Vec<f32>>)> {
        let rows = batch.labels.len();
        let logits = self.logits(batch.features, batch.valid_len, Some((batch.epoch, batch.keys)))?;
        let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
        let log_sum = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
        let labels = Tensor::from_slice(batch.labels, (rows, 1), &self.device)?;
        let ce = log_sum.sub(&shifted.gather(&labels, D::Minus1)?)?;
        let weighted = ce.mul(&Tensor::from_slice(batch.weights, (rows, 1), &self.device)?)?.sum_all()?;
        let gradients = (weighted.affine(1.0 / rows as f64, 0.0)?).backward()?;
        let each = self.variables.iter().map(|variable| match gradients.get(variable) {
            Some(gradient) => Ok(gradient.flatten_all()?.to_vec1()?),
            None => Ok(vec![0.0; variable.elem_count()]),
        });
        let values = logits.flatten_all()?.to_vec1::<f32>()?;
        let right = |(row, &label): (&[f32], &u32)| loss::argmax(row) == label as usize;
        let correct = values.chunks_exact(self.config.classes).zip(batch.labels).filter(|pair| right(*pair)).count();
        let loss = f64::from(weighted.to_scalar::<f32>()?);
        Ok((StepLoss { loss, correct, gradient_norm: 0.0 }, each.collect::<Result<_>>()?))
    }
}

fn variables(parameters: &[NamedTensor], device: &Device) -> Result<Vec<Var>> {
    parameters.iter().map(|p| Ok(Var::from_slice(&p.data, p.shape.as_slice(), device)?)).collect()
}

/// (1 + tanh(x / 2)) / 2, which cannot overflow.
fn sigmoid(x: &Tensor) -> Result<Tensor> {
    Ok(x.affine(0.5, 0.0)?.tanh()?.affine(0.5, 0.5)?)
}

impl Engine for CandleEngine {
    fn parameters(&self) -> Vec<NamedTensor> {
        self.parameters.clone()
    }

    fn load_parameters(&mut self, parameters: &[NamedTensor]) -> Result<()> {
        check_tensors(parameters, &self.config.parameters())?;
        self.variables = variables(parameters, &self.device)?;
        self.parameters = parameters.to_vec();
        Ok(())
    }

    fn optimizer(&self) -> OptimizerState {
        self.adam.state().clone()
    }

    fn load_optimizer(&mut self, state: &OptimizerState) -> Result<()> {
        self.adam.load(state)
    }

    fn gradients(&mut self, batch: &Minibatch<'_>) -> Result<(StepLoss, Vec<Vec<f32>>)> {
        self.alone.install(|| self.loss_and_gradients(batch))
    }

    fn train_step(&mut self, batch: &Minibatch<'_>, learning_rate: f64) -> Result<StepLoss> {
        let (mut step, gradients) = self.gradients(batch)?;
        step.gradient_norm = self.adam.step(&mut self.parameters, &gradients, learning_rate);
        self.variables = variables(&self.parameters, &self.device)?;
        Ok(step)
    }

    fn predict(&self, features: &[f32], valid_len: &[u32]) -> Result<Vec<f32>> {
        let size = self.config.width * self.config.features;
        let parts = features.chunks(PREDICT_ROWS * size).zip(valid_len.chunks(PREDICT_ROWS));
        let logits = self.alone.install(|| {
            parts
                .map(|(features, valid)| Ok(self.logits(features, valid, None)?.flatten_all()?.to_vec1()?))
                .collect::<Result<Vec<Vec<f32>>>>()
        })?;
        let mut probabilities = logits.concat();
        activation::softmax(&mut probabilities, self.config.classes);
        Ok(probabilities)
    }
}
