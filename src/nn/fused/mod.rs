//! The [`Engine`] on the CPU: forward and backward of the whole stack written out over slices, in register tiles.
//!
//! The same bits everywhere. A value of a product is one chain of fused multiply-adds in a fixed order (`tile`), tanh is
//! arithmetic (`activation`), masks belong to rows: so AVX-512, AVX2 and plain code agree to the last bit, and NEON, whose code is the same, should. A
//! minibatch is cut into parts of `PART_ROWS` rows, whatever the number of threads, the parts of a group add up their
//! gradients one after the other, and groups are added in their order: so any number of threads agrees, too.
//!
//! [`pulp`] finds out at run time what the processor can do; the only unsafe code is one instruction, in `native`.

mod activation;
mod attention;
mod cell;
mod dense;
mod direction;
mod gru;
mod layout;
mod lstm;
#[cfg(target_arch = "x86_64")]
mod native;
mod network;
mod packed;
mod pairs;
mod product;
mod recurrent;
mod shape;
mod tile;
mod update;
mod workers;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use pulp::Arch;
use rayon::ThreadPool;

use super::adam::Rates;
use super::config::ModelConfig;
use super::dropout::Dropouts;
use super::engine::{Engine, Minibatch, NamedTensor, OptimizerState, StepLoss, check_tensors};
use super::init;
use super::loss::Loss;
use super::softmax::softmax;
use crate::error::{Error, Result};
use crate::options::training::TrainingOptions;
use layout::{Layout, pieces};
use network::{Network, Rows, Workspace};
use packed::Packed;
use pairs::Pair;
use product::Products;
use workers::Workers;

/// Rows that go through the net together in training: enough for a tile, few enough for the cache.
const PART_ROWS: usize = 8;
/// Likewise in prediction, which leaves nothing behind.
const PREDICT_ROWS: usize = 24;
/// Fewer rows are not worth a second thread in prediction.
const LEAST_ROWS: usize = 4;
/// Groups of parts, each with gradients of its own: as many threads can help.
const GROUPS: usize = 4;
/// Values that a thread updates at a time.
const BLOCK: usize = 16 * 1024;

/// A net with its optimizer.
pub struct FusedEngine {
    config: ModelConfig,
    layout: Layout,
    arch: Arch,
    products: Products,
    dropouts: Dropouts,
    loss: Loss,
    rates: Rates,
    /// Steps of the optimizer.
    steps: u64,
    parameters: Vec<f32>,
    transposed: Vec<f32>,
    /// Weights and transposes as they are multiplied, if not as f32.
    pairs: Vec<u32>,
    first: Vec<f32>,
    second: Vec<f32>,
    workers: Workers,
    /// The values that are learned, in the pieces that a thread updates at a time.
    trainable: Vec<Range<usize>>,
    groups: Vec<Group>,
    /// Those that no thread uses just now.
    workspaces: Mutex<Vec<Workspace>>,
}

/// What a group of parts adds to the step.
#[derive(Default)]
struct Group {
    step: StepLoss,
    gradients: Vec<f32>,
}

impl FusedEngine {
    /// A new net with the initial values of `options.seed`.
    pub fn new(config: &ModelConfig, options: &TrainingOptions) -> Result<Self> {
        Self::on(Arch::new(), config, options)
    }

    /// The same, computed by the instructions of `arch`.
    pub fn on(arch: Arch, config: &ModelConfig, options: &TrainingOptions) -> Result<Self> {
        config.check()?;
        let layout = Layout::new(config);
        let products = Products::new(arch, config.precision);
        let mut engine = Self {
            arch,
            products,
            dropouts: Dropouts::new(config, options.seed),
            loss: Loss::new(options),
            rates: Rates::new(options),
            steps: 0,
            parameters: layout.pack(&init::initial(config, options.seed)),
            transposed: vec![0.0; layout.transposed],
            pairs: vec![0; if let Products::Single = products { 0 } else { layout.pairs }],
            first: vec![0.0; layout.parameters],
            second: vec![0.0; layout.parameters],
            workers: Workers::new(options.threads)?,
            trainable: layout.trainable(&config.frozen(&options.freeze)?, BLOCK),
            groups: vec![],
            workspaces: Mutex::default(),
            config: config.clone(),
            layout,
        };
        engine.transpose();
        Ok(engine)
    }

    fn transpose(&mut self) {
        let Self { layout, parameters, transposed, workers, .. } = self;
        let mut rest = transposed.as_mut_slice();
        let mut items = vec![];
        for (from, to) in layout.transposes() {
            let (own, others) = rest.split_at_mut(to.len());
            items.push((from, Packed { offset: 0, ..to }, own));
            rest = others;
        }
        workers.each(items, |(from, to, own)| from.transpose(parameters, to, own));
        self.pair();
    }

    fn pair(&mut self) {
        let Self { arch, layout, parameters, transposed, pairs, workers, .. } = self;
        if pairs.is_empty() {
            return;
        }
        let mut rest = pairs.as_mut_slice();
        let mut items = vec![];
        for pairing in &layout.pairings {
            let (pairs, others) = rest.split_at_mut(pairing.to.len());
            let values: &[f32] = if pairing.is_transposed { transposed } else { parameters };
            items.push(Pair { pairing, values, pairs });
            rest = others;
        }
        workers.each(items, |pair| arch.dispatch(pair));
    }

    /// Runs `f` with buffers that no other thread has.
    fn with_workspace<T>(&self, f: impl FnOnce(&mut Workspace) -> T) -> T {
        let free = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut work = free().pop().unwrap_or_default();
        let result = f(&mut work);
        free().push(work);
        result
    }

    /// Loss over the rows of `batch`; the gradients lie in the groups, of which there are as many as this says.
    fn run_groups(&mut self, batch: &Minibatch<'_>) -> Result<(StepLoss, usize)> {
        let rows = batch.labels.len();
        if rows == 0 {
            return Err(Error::Internal("a minibatch without rows".into()));
        }
        let parts = rows.div_ceil(PART_ROWS);
        let count = parts.min(GROUPS);
        let mut groups = std::mem::take(&mut self.groups);
        groups.resize_with(count.max(groups.len()), Group::default);
        let network = self.network();
        self.workers.each(groups[..count].iter_mut().enumerate().collect(), |(index, group)| {
            group.step = StepLoss::default();
            group.gradients.clear();
            group.gradients.resize(self.layout.parameters, 0.0);
            self.with_workspace(|work| {
                for part in index * parts / count..(index + 1) * parts / count {
                    self.run_part(&network, batch, part * PART_ROWS, group, work);
                }
            });
        });
        let mut step = StepLoss { divisor: self.loss.divisor(batch.weights), ..StepLoss::default() };
        for group in &groups[..count] {
            step.loss += group.step.loss;
            step.correct += group.step.correct;
        }
        self.groups = groups;
        Ok((step, count))
    }

    fn run_part(
        &self,
        network: &Network<'_>,
        batch: &Minibatch<'_>,
        start: usize,
        group: &mut Group,
        work: &mut Workspace,
    ) {
        let (all, size) = (batch.labels.len(), self.config.width * self.config.features);
        let of = start..(start + PART_ROWS).min(all);
        let rows = Rows {
            features: &batch.features[of.start * size..of.end * size],
            valid_len: &batch.valid_len[of.clone()],
            dropout: Some((&self.dropouts, batch.epoch, &batch.keys[of.clone()])),
        };
        let mut logits = vec![0.0; rows.valid_len.len() * self.config.classes];
        network.logits(&rows, true, work, &mut logits);
        let weights = &batch.weights[of.clone()];
        let result = self.loss.rows(&logits, &batch.labels[of], weights, self.loss.divisor(batch.weights));
        network.backward(rows.valid_len, &result.gradient, work, &mut group.gradients);
        group.step.loss += result.loss;
        group.step.correct += result.correct;
    }

    /// The sum of the gradients of the first `count` groups, of what is learned, into the first of them; gives its square.
    fn sum_groups(&mut self, count: usize) -> f64 {
        let Self { arch, groups, workers, trainable, .. } = self;
        let Some((first, others)) = groups[..count].split_first_mut() else { return 0.0 };
        let items = pieces(&mut first.gradients, trainable).into_iter().zip(&*trainable).collect();
        let squares = workers.each(items, |(sum, of)| {
            let others: Vec<&[f32]> = others.iter().map(|group| &group.gradients[of.clone()]).collect();
            arch.dispatch(update::Sum { sum, others: &others })
        });
        squares.iter().sum()
    }

    fn update(&mut self, norm: f64, learning_rate: f64) {
        self.steps += 1;
        let step = self.rates.step(self.steps, norm, learning_rate);
        let Self { arch, parameters, first, second, groups, workers, trainable, .. } = self;
        let [parameters, first, second] = [parameters, first, second].map(|buffer| pieces(buffer, trainable));
        let gradients = trainable.iter().map(|of| &groups[0].gradients[of.clone()]);
        let items = parameters.into_iter().zip(gradients).zip(first.into_iter().zip(second)).collect();
        workers.each(items, |((parameters, gradients), (first, second))| {
            arch.dispatch(update::Adam { step, parameters, gradients, first, second });
        });
        self.transpose();
    }

    /// So many values of each row, which `f` writes for some rows at a time.
    fn by_rows(
        &self,
        features: &[f32],
        valid_len: &[u32],
        values: usize,
        f: impl Fn(&Rows<'_>, &mut Workspace, &mut [f32]) + Sync,
    ) -> Vec<f32> {
        let (size, rows) = (self.config.width * self.config.features, valid_len.len());
        let mut written = vec![0.0; rows * values];
        // Each thread takes as many rows as the next, and never so few that waking it costs more than it does.
        let share = rows.div_ceil(self.workers.count()).max(LEAST_ROWS);
        let shares = written.chunks_mut(share * values).zip(features.chunks(share * size));
        self.workers.each(shares.zip(valid_len.chunks(share)).collect(), |((output, features), valid_len)| {
            self.with_workspace(|work| {
                let parts = features.chunks(PREDICT_ROWS * size).zip(valid_len.chunks(PREDICT_ROWS));
                for ((features, valid_len), output) in parts.zip(output.chunks_mut(PREDICT_ROWS * values)) {
                    f(&Rows { features, valid_len, dropout: None }, work, output);
                }
            });
        });
        written
    }

    fn network(&self) -> Network<'_> {
        let Self { arch, products, config, layout, parameters, transposed, pairs, .. } = self;
        Network { arch: *arch, products: *products, config, layout, parameters, transposed, pairs }
    }
}

impl Engine for FusedEngine {
    fn parameters(&self) -> Vec<NamedTensor> {
        self.layout.unpack(&self.parameters)
    }

    fn load_parameters(&mut self, parameters: &[NamedTensor]) -> Result<()> {
        check_tensors(parameters, &self.config.parameters())?;
        self.parameters = self.layout.pack(parameters);
        self.transpose();
        Ok(())
    }

    fn optimizer(&self) -> OptimizerState {
        let [first_moment, second_moment] = [&self.first, &self.second].map(|moment| self.layout.unpack(moment));
        OptimizerState { step: self.steps, first_moment, second_moment }
    }

    fn load_optimizer(&mut self, state: &OptimizerState) -> Result<()> {
        for moment in [&state.first_moment, &state.second_moment] {
            check_tensors(moment, &self.config.parameters())?;
        }
        self.steps = state.step;
        self.first = self.layout.pack(&state.first_moment);
        self.second = self.layout.pack(&state.second_moment);
        Ok(())
    }

    fn gradients(&mut self, batch: &Minibatch<'_>) -> Result<(StepLoss, Vec<Vec<f32>>)> {
        let (step, count) = self.run_groups(batch)?;
        self.sum_groups(count);
        let mut learned = vec![0.0; self.layout.parameters];
        for of in &self.trainable {
            learned[of.clone()].copy_from_slice(&self.groups[0].gradients[of.clone()]);
        }
        Ok((step, self.layout.values(&learned)))
    }

    fn train_step(&mut self, batch: &Minibatch<'_>, learning_rate: f64) -> Result<StepLoss> {
        let workers = self.workers.clone();
        workers.install(|| {
            let (mut step, count) = self.run_groups(batch)?;
            step.gradient_norm = self.sum_groups(count).sqrt();
            self.update(step.gradient_norm, learning_rate);
            Ok(step)
        })
    }

    fn pool(&self) -> Option<Arc<ThreadPool>> {
        self.workers.pool()
    }

    fn predict(&self, features: &[f32], valid_len: &[u32]) -> Result<Vec<f32>> {
        let (network, classes) = (self.network(), self.config.classes);
        Ok(self.by_rows(features, valid_len, classes, |rows, work, probabilities| {
            network.logits(rows, false, work, probabilities);
            softmax(probabilities, classes);
        }))
    }

    fn attention(&self, features: &[f32], valid_len: &[u32]) -> Result<Option<Vec<f32>>> {
        if self.layout.attention.is_none() {
            return Ok(None);
        }
        let network = self.network();
        let look = |rows: &Rows<'_>, work: &mut Workspace, weights: &mut [f32]| network.attention(rows, work, weights);
        Ok(Some(self.by_rows(features, valid_len, self.config.width, look)))
    }
}
