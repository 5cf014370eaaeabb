//! The [`Engine`] on candle tensors with candle's autograd: slow, plain, and the way to candle's other devices.
//!
//! It is the reference that the engines written by hand are tested against. What candle cannot repeat or resume is
//! ours here too: initial values, dropout masks, optimizer.

use candle_core::{D, Device, Tensor, Var};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::adam::Adam;
use super::config::ModelConfig;
use super::dropout::{Dropouts, input_name};
use super::engine::{Engine, Minibatch, NamedTensor, OptimizerState, StepLoss, check_tensors};
use super::loss::{Loss, argmax};
use super::{init, softmax};
use crate::error::{Error, Result};
use crate::options::training::{CellKind, Pooling, TrainingOptions};

/// Rows that go through the net together in prediction.
const PREDICT_ROWS: usize = 64;

/// A net with its optimizer.
pub struct CandleEngine {
    config: ModelConfig,
    dropouts: Dropouts,
    loss: Loss,
    parameters: Vec<NamedTensor>,
    variables: Vec<Var>,
    adam: Adam,
    /// Whether each parameter stays as it is.
    frozen: Vec<bool>,
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
            loss: Loss::new(options),
            adam: Adam::new(options, &parameters),
            variables: variables(&parameters, &device)?,
            alone: alone.map_err(|e| Error::Limit(format!("cannot start a thread: {e}")))?,
            frozen: config.frozen(&options.freeze)?,
            config: config.clone(),
            parameters,
            device,
        })
    }

    /// Logits [rows, classes].
    fn logits(&self, features: &[f32], valid_len: &[u32], draw: Draw<'_>) -> Result<Tensor> {
        Ok(self.forward(features, valid_len, draw)?.0)
    }

    /// Logits [rows, classes], and what attention weighs each frame with [rows, width], if there is attention.
    fn forward(&self, features: &[f32], valid_len: &[u32], draw: Draw<'_>) -> Result<(Tensor, Option<Tensor>)> {
        let (rows, width) = (valid_len.len(), self.config.width);
        let x = Tensor::from_slice(features, (rows, width, self.config.features), &self.device)?;
        // Steps are tensors of their own: the gradient of a narrow would be as long as the window, at each step.
        let mut steps =
            (0..width).map(|t| Ok(x.narrow(1, t, 1)?.squeeze(1)?.contiguous()?)).collect::<Result<Vec<_>>>()?;
        let mut parameters = self.variables.iter();
        for (layer, &units) in self.config.units.iter().enumerate() {
            let read = |steps: &[Tensor], direction| self.dropped(steps, layer, direction, draw);
            let forward = self.recurrent(&read(&steps, 0)?, &mut parameters, units, valid_len)?;
            steps = match self.config.bidirectional {
                false => forward,
                true => {
                    let reversed = read(&turned(&steps, valid_len)?, 1)?;
                    let backward = self.recurrent(&reversed, &mut parameters, units, valid_len)?;
                    let last = forward.len() - 1;
                    let in_order = turned(&backward, valid_len)?;
                    let is_last = layer + 1 == self.config.units.len() && self.config.pooling == Pooling::Last;
                    let backward = |t: usize| if is_last { &backward[last] } else { &in_order[t] };
                    let join = |(t, h): (usize, &Tensor)| Ok(Tensor::cat(&[h, backward(t)], 1)?);
                    forward.iter().enumerate().map(join).collect::<Result<_>>()?
                }
            };
            if layer + 1 == self.config.units.len() && self.config.pooling == Pooling::Last {
                steps.drain(..width - 1);
            }
            let (mut mask, outputs) = (Vec::new(), units * self.config.directions());
            if let Some((epoch, keys)) = draw {
                let name = format!("{}{}", self.config.cell.name(), layer + 1);
                self.dropouts.recurrent[layer].mask(epoch, keys, &name, outputs, steps.len(), &mut mask);
            }
            for (step, factors) in steps.iter_mut().zip(mask.chunks(rows * outputs)) {
                *step = step.mul(&Tensor::from_slice(factors, (rows, outputs), &self.device)?)?;
            }
        }
        let mut weights = None;
        if self.config.pooling == Pooling::Attention {
            let attention = attention(&steps, &mut parameters, valid_len)?;
            steps = vec![weighted_sum(&steps, &attention)?];
            weights = Some(attention);
        }
        let dense: Vec<&Var> = parameters.collect();
        let mut x = steps.swap_remove(0);
        for (layer, parameters) in dense.chunks_exact(2).enumerate() {
            x = x.matmul(&parameters[0].t()?)?.broadcast_add(parameters[1])?;
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
        Ok((x, weights))
    }

    /// What a direction of a layer reads of `steps`: each times the same mask.
    fn dropped(&self, steps: &[Tensor], layer: usize, direction: usize, draw: Draw<'_>) -> Result<Vec<Tensor>> {
        let mut mask = Vec::new();
        let Some((epoch, keys)) = draw else { return Ok(steps.to_vec()) };
        let (rows, values) = steps[0].dims2()?;
        let name = input_name(&self.config, layer, direction);
        self.dropouts.input.mask(epoch, keys, &name, values, 1, &mut mask);
        if mask.is_empty() {
            return Ok(steps.to_vec());
        }
        let mask = Tensor::from_vec(mask, (rows, values), &self.device)?;
        steps.iter().map(|step| Ok(step.mul(&mask)?)).collect()
    }

    /// Hidden states of each step.
    fn recurrent<'a>(
        &self,
        steps: &[Tensor],
        parameters: &mut impl Iterator<Item = &'a Var>,
        units: usize,
        valid_len: &[u32],
    ) -> Result<Vec<Tensor>> {
        let mut parameter = || parameters.next().ok_or_else(|| Error::Internal("too few parameters".into()));
        let (weight_ih, weight_hh, bias_ih) = (parameter()?.t()?, parameter()?.t()?, parameter()?);
        let bias_hh = if self.config.cell == CellKind::Gru { Some(parameter()?) } else { None };
        let rows = valid_len.len();
        let mut h = Tensor::zeros((rows, units), candle_core::DType::F32, &self.device)?;
        let mut c = h.clone();
        let mut states = Vec::with_capacity(steps.len());
        for (t, x) in steps.iter().enumerate() {
            let (x, mut u) = (x.matmul(&weight_ih)?.broadcast_add(bias_ih)?, h.matmul(&weight_hh)?);
            if let Some(bias) = bias_hh {
                u = u.broadcast_add(bias)?;
            }
            let (new_c, new_h) = match self.config.cell {
                CellKind::Lstm => lstm(&x.add(&u)?, &c, units)?,
                CellKind::Gru => (c.clone(), gru(&x, &u, &h, units)?),
            };
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
        let log_p = shifted.broadcast_sub(&log_sum)?;
        let classes = self.config.classes;
        let (on, off) = self.loss.targets(classes);
        let targets = |label: &u32| (0..classes).map(|k| if k == *label as usize { on } else { off } as f32).collect();
        let targets: Vec<f32> = batch.labels.iter().flat_map::<Vec<f32>, _>(targets).collect();
        let mut terms = log_p.neg()?.mul(&Tensor::from_vec(targets, (rows, classes), &self.device)?)?;
        if self.loss.gamma > 0.0 {
            // Bounded as in Keras: the power has no slope at 0 that floats could tell.
            let q = log_p.exp()?.affine(-1.0, 1.0)?.clamp(1e-7f32, 1.0f32)?;
            terms = terms.mul(&q.powf(self.loss.gamma)?)?;
        }
        let losses = terms.sum_keepdim(D::Minus1)?;
        let weighted = losses.mul(&Tensor::from_slice(batch.weights, (rows, 1), &self.device)?)?.sum_all()?;
        let divisor = self.loss.divisor(batch.weights);
        let scale = if divisor > 0.0 { 1.0 / divisor } else { 0.0 };
        let gradients = weighted.affine(scale, 0.0)?.backward()?;
        let each = self.variables.iter().map(|variable| match gradients.get(variable) {
            Some(gradient) => Ok(gradient.flatten_all()?.to_vec1()?),
            None => Ok(vec![0.0; variable.elem_count()]),
        });
        let values = logits.flatten_all()?.to_vec1::<f32>()?;
        let right = |(row, &label): (&[f32], &u32)| argmax(row) == label as usize;
        let correct = values.chunks_exact(classes).zip(batch.labels).filter(|pair| right(*pair)).count();
        let loss = f64::from(weighted.to_scalar::<f32>()?);
        Ok((StepLoss { loss, divisor, correct, gradient_norm: 0.0 }, each.collect::<Result<_>>()?))
    }
}

fn variables(parameters: &[NamedTensor], device: &Device) -> Result<Vec<Var>> {
    parameters.iter().map(|p| Ok(Var::from_slice(&p.data, p.shape.as_slice(), device)?)).collect()
}

/// Cell and hidden state of an LSTM from the sums of its gates i, f, g, o.
fn lstm(z: &Tensor, c: &Tensor, units: usize) -> Result<(Tensor, Tensor)> {
    let gate = |k: usize| z.narrow(1, k * units, units);
    let (i, f, g, o) = (sigmoid(&gate(0)?)?, sigmoid(&gate(1)?)?, gate(2)?.tanh()?, sigmoid(&gate(3)?)?);
    let c = f.mul(c)?.add(&i.mul(&g)?)?;
    let h = o.mul(&c.tanh()?)?;
    Ok((c, h))
}

/// Hidden state of a GRU from what inputs and hidden states add to its gates r, z, n.
fn gru(x: &Tensor, u: &Tensor, h: &Tensor, units: usize) -> Result<Tensor> {
    let gate = |z: &Tensor, k: usize| z.narrow(1, k * units, units);
    let r = sigmoid(&gate(x, 0)?.add(&gate(u, 0)?)?)?;
    let z = sigmoid(&gate(x, 1)?.add(&gate(u, 1)?)?)?;
    let n = gate(x, 2)?.add(&r.mul(&gate(u, 2)?)?)?.tanh()?;
    Ok(n.add(&z.mul(&h.sub(&n)?)?)?)
}

/// Steps of which each row is turned round within its recorded frames.
fn turned(steps: &[Tensor], valid_len: &[u32]) -> Result<Vec<Tensor>> {
    let stacked = Tensor::stack(steps, 0)?;
    let (width, rows, values) = stacked.dims3()?;
    let flat = stacked.reshape((width * rows, values))?;
    let order = (0..width).map(|t| {
        let of = |(row, &valid): (usize, &u32)| {
            let at = if t < valid as usize { valid as usize - 1 - t } else { t };
            (at * rows + row) as u32
        };
        let places: Vec<u32> = valid_len.iter().enumerate().map(of).collect();
        Ok(flat.index_select(&Tensor::from_vec(places, rows, flat.device())?, 0)?)
    });
    order.collect()
}

/// The softmax over recorded frames of score . tanh(W h + b), [rows, width].
fn attention<'a>(
    steps: &[Tensor],
    parameters: &mut impl Iterator<Item = &'a Var>,
    valid_len: &[u32],
) -> Result<Tensor> {
    let mut parameter = || parameters.next().ok_or_else(|| Error::Internal("too few parameters".into()));
    let (weight, bias, score) = (parameter()?.t()?, parameter()?, parameter()?.t()?);
    let scores = steps.iter().map(|h| Ok(h.matmul(&weight)?.broadcast_add(bias)?.tanh()?.matmul(&score)?));
    let scores = Tensor::cat(&scores.collect::<Result<Vec<_>>>()?, 1)?;
    let (rows, width) = scores.dims2()?;
    let behind =
        |valid: &u32| (0..width).map(|t| if t < *valid as usize { 0.0 } else { f32::NEG_INFINITY }).collect::<Vec<_>>();
    let behind: Vec<f32> = valid_len.iter().flat_map(behind).collect();
    let scores = scores.add(&Tensor::from_vec(behind, (rows, width), scores.device())?)?;
    let e = scores.broadcast_sub(&scores.max_keepdim(1)?.detach())?.exp()?;
    Ok(e.broadcast_div(&e.sum_keepdim(1)?)?)
}

/// The sum of the steps, each times its column of `weights`.
fn weighted_sum(steps: &[Tensor], weights: &Tensor) -> Result<Tensor> {
    let weighted = (0..).zip(steps).map(|(t, h)| Ok(h.broadcast_mul(&weights.narrow(1, t, 1)?)?));
    let mut sum = weighted.collect::<Result<Vec<Tensor>>>()?.into_iter();
    let first = sum.next().ok_or_else(|| Error::Internal("a window without steps".into()))?;
    sum.try_fold(first, |sum, next| Ok(sum.add(&next)?))
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
        let (step, mut gradients) = self.alone.install(|| self.loss_and_gradients(batch))?;
        let frozen = gradients.iter_mut().zip(&self.frozen).filter(|(_, frozen)| **frozen);
        frozen.for_each(|(gradient, _)| gradient.fill(0.0));
        Ok((step, gradients))
    }

    fn train_step(&mut self, batch: &Minibatch<'_>, learning_rate: f64) -> Result<StepLoss> {
        let (mut step, gradients) = self.gradients(batch)?;
        let before = self.parameters.clone();
        step.gradient_norm = self.adam.step(&mut self.parameters, &gradients, learning_rate);
        // Weight decay moves what has no gradient, too.
        for ((parameter, before), _) in self.parameters.iter_mut().zip(before).zip(&self.frozen).filter(|(_, f)| **f) {
            *parameter = before;
        }
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
        softmax::softmax(&mut probabilities, self.config.classes);
        Ok(probabilities)
    }

    fn attention(&self, features: &[f32], valid_len: &[u32]) -> Result<Option<Vec<f32>>> {
        if self.config.pooling != Pooling::Attention {
            return Ok(None);
        }
        let size = self.config.width * self.config.features;
        let parts = features.chunks(PREDICT_ROWS * size).zip(valid_len.chunks(PREDICT_ROWS));
        let weights = self.alone.install(|| {
            let of = |(features, valid)| match self.forward(features, valid, None)?.1 {
                Some(weights) => Ok(weights.flatten_all()?.to_vec1()?),
                None => Err(Error::Internal("no attention where there should be".into())),
            };
            parts.map(of).collect::<Result<Vec<Vec<f32>>>>()
        })?;
        Ok(Some(weights.concat()))
    }
}
