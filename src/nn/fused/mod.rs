//! The [`Engine`] on the CPU: forward and backward of the whole stack written out over slices, in register tiles.
//!
//! The same bits everywhere. A value of a product is one chain of fused multiply-adds in a fixed order ([`tile`]), tanh is
//! arithmetic ([`activation`]), masks belong to rows: so AVX-512, AVX2 and plain code agree to the last bit, and NEON, whose code is the same, should. A
//! minibatch is cut into parts of [`PART_ROWS`] rows, whatever the number of threads, the parts of a group add up their
//! gradients one after the other, and groups are added in their order: so any number of threads agrees, too.
//!
//! [`pulp`] finds out at run time what the processor can do; there is no unsafe code here.

mod activation;
mod attention;
mod cell;
mod dense;
mod direction;
mod gru;
mod layout;
mod lstm;
mod network;
mod packed;
mod recurrent;
mod tile;
mod update;

use pulp::Arch;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::adam::Rates;
use super::config::ModelConfig;
use super::dropout::Dropouts;
use super::engine::{Engine, Minibatch, NamedTensor, OptimizerState, StepLoss, check_tensors};
use super::init;
use super::loss::Loss;
use super::softmax::softmax;
use crate::error::{Error, Result};
use crate::options::training::TrainingOptions;
use layout::Layout;
use network::{Network, Rows, Workspace};

/// Rows that go through the net together in training: enough for a tile, few enough for the cache.
const PART_ROWS: usize = 8;
/// Likewise in prediction, which leaves nothing behind.
const PREDICT_ROWS: usize = 24;
/// Groups of parts, each with gradients of its own: as many threads can help.
const GROUPS: usize = 4;
/// Values that a thread updates at a time.
const BLOCK: usize = 16 * 1024;

/// A net with its optimizer.
pub struct FusedEngine {
    config: ModelConfig,
    layout: Layout,
    arch: Arch,
    dropouts: Dropouts,
    loss: Loss,
    rates: Rates,
    /// Steps of the optimizer.
    steps: u64,
    parameters: Vec<f32>,
    transposed: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    /// None where one thread does it all.
    pool: Option<ThreadPool>,
    threads: usize,
    groups: Vec<Group>,
    /// One for each thread.
    workspaces: Vec<Workspace>,
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
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if options.threads == 0 { cores() } else { options.threads };
        let pool = (threads > 1).then(|| ThreadPoolBuilder::new().num_threads(threads).build()).transpose();
        let mut engine = Self {
            arch,
            dropouts: Dropouts::new(config, options.seed),
            loss: Loss::new(options),
            rates: Rates::new(options),
            steps: 0,
            parameters: layout.pack(&init::initial(config, options.seed)),
            transposed: vec![0.0; layout.transposed],
            first: vec![0.0; layout.parameters],
            second: vec![0.0; layout.parameters],
            pool: pool.map_err(|e| Error::Limit(format!("cannot start {threads} threads: {e}")))?,
            threads,
            groups: vec![],
            workspaces: vec![],
            config: config.clone(),
            layout,
        };
        engine.transpose();
        Ok(engine)
    }

    fn transpose(&mut self) {
        let Self { layout, parameters, transposed, .. } = self;
        for shape in layout.recurrent.iter().flatten() {
            shape.weight_x.transpose(parameters, shape.transposed_x, transposed);
            shape.weight_h.transpose(parameters, shape.transposed_h, transposed);
        }
        for shape in layout.attention.iter().map(|attention| &attention.hidden).chain(&layout.dense) {
            shape.weight.transpose(parameters, shape.transposed, transposed);
        }
    }

    /// Runs `f` where parallel iterators use our threads.
    fn install<T: Send>(pool: Option<&ThreadPool>, f: impl FnOnce() -> T + Send) -> T {
        match pool {
            Some(pool) => pool.install(f),
            None => f(),
        }
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
        let mut workspaces = std::mem::take(&mut self.workspaces);
        groups.resize_with(count.max(groups.len()), Group::default);
        workspaces.resize_with(self.threads.max(1), Workspace::default);
        let network = self.network();
        let run = |index: usize, group: &mut Group, work: &mut Workspace| {
            group.step = StepLoss::default();
            group.gradients.clear();
            group.gradients.resize(self.layout.parameters, 0.0);
            for part in index * parts / count..(index + 1) * parts / count {
                self.run_part(&network, batch, part * PART_ROWS, group, work);
            }
        };
        let share = count.div_ceil(self.threads);
        if self.pool.is_none() || count == 1 {
            groups[..count].iter_mut().enumerate().for_each(|(index, group)| run(index, group, &mut workspaces[0]));
        } else {
            Self::install(self.pool.as_ref(), || {
                let shares = groups[..count].par_chunks_mut(share).zip(&mut workspaces[..]).enumerate();
                shares.for_each(|(worker, (groups, work))| {
                    groups.iter_mut().enumerate().for_each(|(k, group)| run(worker * share + k, group, work));
                });
            });
        }
        let mut step = StepLoss { divisor: self.loss.divisor(batch.weights), ..StepLoss::default() };
        for group in &groups[..count] {
            step.loss += group.step.loss;
            step.correct += group.step.correct;
        }
        (self.groups, self.workspaces) = (groups, workspaces);
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
        let logits = network.logits(&rows, true, work);
        let weights = &batch.weights[of.clone()];
        let result = self.loss.rows(&logits, &batch.labels[of], weights, self.loss.divisor(batch.weights));
        network.backward(rows.valid_len, &result.gradient, work, &mut group.gradients);
        group.step.loss += result.loss;
        group.step.correct += result.correct;
    }

    /// The sum of the gradients of the first `count` groups, into the first of them; gives its square.
    fn sum_groups(&mut self, count: usize) -> f64 {
        let Some((first, others)) = self.groups[..count].split_first_mut() else { return 0.0 };
        let arch = self.arch;
        let block = |(index, sum): (usize, &mut [f32])| {
            let of = index * BLOCK..index * BLOCK + sum.len();
            let others: Vec<&[f32]> = others.iter().map(|group| &group.gradients[of.clone()]).collect();
            arch.dispatch(update::Sum { sum, others: &others })
        };
        let squares: Vec<f64> = Self::install(self.pool.as_ref(), || match self.threads {
            1 => first.gradients.chunks_mut(BLOCK).enumerate().map(block).collect(),
            _ => first.gradients.par_chunks_mut(BLOCK).enumerate().map(block).collect(),
        });
        squares.iter().sum()
    }

    fn update(&mut self, norm: f64, learning_rate: f64) {
        self.steps += 1;
        let step = self.rates.step(self.steps, norm, learning_rate);
        let arch = self.arch;
        let Self { parameters, first, second, groups, pool, .. } = self;
        let gradients = &groups[0].gradients;
        let of = |buffer| <[f32]>::par_chunks_mut(buffer, BLOCK);
        let update = |(((parameters, gradients), first), second)| {
            arch.dispatch(update::Adam { step, parameters, gradients, first, second });
        };
        match pool {
            None => update((
                ((parameters.as_mut_slice(), gradients.as_slice()), first.as_mut_slice()),
                second.as_mut_slice(),
            )),
            Some(pool) => pool.install(|| {
                of(parameters).zip(gradients.par_chunks(BLOCK)).zip(of(first)).zip(of(second)).for_each(update);
            }),
        }
        self.transpose();
    }

    fn network(&self) -> Network<'_> {
        let Self { arch, config, layout, parameters, transposed, .. } = self;
        Network { arch: *arch, config, layout, parameters, transposed }
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
        Ok((step, self.layout.values(&self.groups[0].gradients)))
    }

    fn train_step(&mut self, batch: &Minibatch<'_>, learning_rate: f64) -> Result<StepLoss> {
        let (mut step, count) = self.run_groups(batch)?;
        step.gradient_norm = self.sum_groups(count).sqrt();
        self.update(step.gradient_norm, learning_rate);
        Ok(step)
    }

    fn predict(&self, features: &[f32], valid_len: &[u32]) -> Result<Vec<f32>> {
        let (size, classes) = (self.config.width * self.config.features, self.config.classes);
        let network = self.network();
        let mut probabilities = vec![0.0; valid_len.len() * classes];
        let run = |output: &mut [f32], features: &[f32], valid_len: &[u32]| {
            let mut work = Workspace::default();
            let parts = features.chunks(PREDICT_ROWS * size).zip(valid_len.chunks(PREDICT_ROWS));
            for ((features, valid_len), output) in parts.zip(output.chunks_mut(PREDICT_ROWS * classes)) {
                output.copy_from_slice(&network.logits(&Rows { features, valid_len, dropout: None }, false, &mut work));
                softmax(output, classes);
            }
        };
        // A thread takes whole parts, and at least one.
        let share = valid_len.len().div_ceil(PREDICT_ROWS).div_ceil(self.threads).max(1) * PREDICT_ROWS;
        if self.pool.is_none() || valid_len.len() <= share {
            run(&mut probabilities, features, valid_len);
        } else {
            Self::install(self.pool.as_ref(), || {
                let rows = probabilities.par_chunks_mut(share * classes).zip(features.par_chunks(share * size));
                rows.zip(valid_len.par_chunks(share))
                    .for_each(|((output, features), valid_len)| run(output, features, valid_len));
            });
        }
        Ok(probabilities)
    }
    fn attention(&self, features: &[f32], valid_len: &[u32]) -> Result<Option<Vec<f32>>> {
        if self.layout.attention.is_none() {
            return Ok(None);
        }
        let (width, size) = (self.config.width, self.config.width * self.config.features);
        let network = self.network();
        let mut weights = vec![0.0; valid_len.len() * width];
        let run = |work: &mut Workspace, ((weights, features), valid_len): ((&mut [f32], &[f32]), &[u32])| {
            network.attention(&Rows { features, valid_len, dropout: None }, work, weights);
        };
        match &self.pool {
            None => {
                let mut work = Workspace::default();
                let rows = weights.chunks_mut(PREDICT_ROWS * width).zip(features.chunks(PREDICT_ROWS * size));
                rows.zip(valid_len.chunks(PREDICT_ROWS)).for_each(|part| run(&mut work, part));
            }
            Some(pool) => pool.install(|| {
                let rows = weights.par_chunks_mut(PREDICT_ROWS * width).zip(features.par_chunks(PREDICT_ROWS * size));
                rows.zip(valid_len.par_chunks(PREDICT_ROWS)).for_each_init(Workspace::default, run);
            }),
        }
        Ok(Some(weights))
    }
}
