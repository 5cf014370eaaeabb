//! The [`Engine`] on the CPU, over slices: forward and backward written out, no autograd.
//!
//! A minibatch is split into parts of [`PART_ROWS`] rows, whatever the number of threads; each thread takes some of them
//! through forward and backward, and the gradients are added in the order of the parts. So bytes do not depend on
//! threads.

mod layer;
mod matrix;
mod network;

use super::adam::Adam;
use super::config::ModelConfig;
use super::dropout::Dropouts;
use super::engine::{Engine, Minibatch, NamedTensor, OptimizerState, StepLoss, check_tensors};
use super::{activation, init, loss};
use crate::error::{Error, Result};
use crate::options::training::TrainingOptions;
use network::{Network, Rows, Workspace};

/// Rows that go through the net together: enough for the matrix product, few enough for the cache.
const PART_ROWS: usize = 8;

/// A net with its optimizer.
pub struct CpuEngine {
    config: ModelConfig,
    dropouts: Dropouts,
    parameters: Vec<NamedTensor>,
    adam: Adam,
    threads: usize,
    /// One for each thread.
    workspaces: Vec<Workspace>,
    /// One for each part of the minibatch.
    parts: Vec<Part>,
}

/// What a part of a minibatch adds to the step.
#[derive(Default)]
struct Part {
    step: StepLoss,
    gradients: Vec<Vec<f32>>,
}

impl CpuEngine {
    /// A new net with the initial values of `options.seed`.
    pub fn new(config: &ModelConfig, options: &TrainingOptions) -> Result<Self> {
        config.check()?;
        let parameters = init::initial(config, options.seed);
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            dropouts: Dropouts::new(config, options.seed),
            adam: Adam::new(options, &parameters),
            threads: if options.threads == 0 { cores() } else { options.threads },
            workspaces: Vec::new(),
            parts: Vec::new(),
            config: config.clone(),
            parameters,
        })
    }

    /// Loss, and the gradient by each parameter, into the first of `self.parts`.
    fn sum_parts(&mut self, batch: &Minibatch<'_>) -> Result<StepLoss> {
        let count = batch.labels.len().div_ceil(PART_ROWS);
        let mut parts = std::mem::take(&mut self.parts);
        let mut workspaces = std::mem::take(&mut self.workspaces);
        parts.resize_with(count.max(parts.len()), Part::default);
        workspaces.resize_with(self.threads, Workspace::default);
        let share = count.div_ceil(self.threads).max(1);
        let network = Network::new(&self.config, &self.parameters);
        let shares = parts[..count].chunks_mut(share).zip(&mut workspaces).enumerate();
        let run = |(worker, (parts, work)): (usize, (&mut [Part], &mut Workspace))| {
            for (k, part) in parts.iter_mut().enumerate() {
                self.run_part(&network, batch, (worker * share + k) * PART_ROWS, part, work);
            }
        };
        on_threads(shares, run)?;
        (self.parts, self.workspaces) = (parts, workspaces);
        let Some((first, others)) = self.parts[..count].split_first_mut() else {
            return Err(Error::Internal("a minibatch without rows".into()));
        };
        for part in others {
            first.step.loss += part.step.loss;
            first.step.correct += part.step.correct;
            for (sum, gradient) in first.gradients.iter_mut().zip(&part.gradients) {
                sum.iter_mut().zip(gradient).for_each(|(s, g)| *s += g);
            }
        }
        Ok(first.step)
    }

    fn run_part(
        &self,
        network: &Network<'_>,
        batch: &Minibatch<'_>,
        start: usize,
        part: &mut Part,
        work: &mut Workspace,
    ) {
        let (all, size) = (batch.labels.len(), self.config.width * self.config.features);
        let of = start..(start + PART_ROWS).min(all);
        let rows = Rows {
            features: &batch.features[of.start * size..of.end * size],
            valid_len: &batch.valid_len[of.clone()],
            dropout: Some((&self.dropouts, batch.epoch, &batch.keys[of.clone()])),
        };
        let logits = network.logits(&rows, work);
        let weights = &batch.weights[of.clone()];
        let result = loss::cross_entropy(&logits, &batch.labels[of], weights, all);
        part.gradients.resize_with(self.parameters.len(), Vec::new);
        for (gradient, parameter) in part.gradients.iter_mut().zip(&self.parameters) {
            gradient.clear();
            gradient.resize(parameter.data.len(), 0.0);
        }
        network.backward(rows.valid_len, result.gradient, work, &mut part.gradients);
        let loss = result.rows.iter().zip(weights).map(|(ce, w)| ce * f64::from(*w)).sum();
        part.step = StepLoss { loss, correct: result.correct, gradient_norm: 0.0 };
    }
}

/// Each share of the work on a thread of its own, the first on this one.
fn on_threads<T: Send>(mut shares: impl Iterator<Item = T>, run: impl Fn(T) + Sync) -> Result<()> {
    let Some(own) = shares.next() else { return Ok(()) };
    std::thread::scope(|scope| {
        let run = &run;
        let others: Vec<_> = shares.map(|share| scope.spawn(move || run(share))).collect();
        run(own);
        let ended = others.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.collect::<Result<(), _>>().map_err(|_| Error::Internal("a training thread ended early".into()))
    })
}

impl Engine for CpuEngine {
    fn parameters(&self) -> Vec<NamedTensor> {
        self.parameters.clone()
    }

    fn load_parameters(&mut self, parameters: &[NamedTensor]) -> Result<()> {
        check_tensors(parameters, &self.config.parameters())?;
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
        Ok((self.sum_parts(batch)?, self.parts[0].gradients.clone()))
    }

    fn train_step(&mut self, batch: &Minibatch<'_>, learning_rate: f64) -> Result<StepLoss> {
        let mut step = self.sum_parts(batch)?;
        step.gradient_norm = self.adam.step(&mut self.parameters, &self.parts[0].gradients, learning_rate);
        Ok(step)
    }

    fn predict(&self, features: &[f32], valid_len: &[u32]) -> Result<Vec<f32>> {
        let (size, classes) = (self.config.width * self.config.features, self.config.classes);
        let network = Network::new(&self.config, &self.parameters);
        let mut probabilities = vec![0.0; valid_len.len() * classes];
        let share = valid_len.len().div_ceil(PART_ROWS).div_ceil(self.threads).max(1) * PART_ROWS;
        let shares = probabilities.chunks_mut(share * classes).zip(features.chunks(share * size));
        on_threads(shares.zip(valid_len.chunks(share)), |((output, features), valid_len)| {
            let mut work = Workspace::default();
            let parts = features.chunks(PART_ROWS * size).zip(valid_len.chunks(PART_ROWS));
            for ((features, valid_len), output) in parts.zip(output.chunks_mut(PART_ROWS * classes)) {
                let rows = Rows { features, valid_len, dropout: None };
                output.copy_from_slice(&network.logits(&rows, &mut work));
            }
        })?;
        activation::softmax(&mut probabilities, classes);
        Ok(probabilities)
    }
}
