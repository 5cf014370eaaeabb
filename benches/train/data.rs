//! The seed's model and minibatches for it.

use std::hint::black_box;
use std::ops::Range;

use posequel::nn::config::ModelConfig;
use posequel::nn::engine::{Engine, Minibatch};
use posequel::nn::new_engine;
use posequel::options::training::{Precision, TrainingOptions};
use posequel::random::Stream;

const WIDTH: usize = 30;
const DIM: usize = 7;
const CLASSES: u64 = 7;

/// The seed's model; PyTorch's script does not clip either.
pub fn model(threads: usize) -> (ModelConfig, TrainingOptions) {
    let options = TrainingOptions { threads, clip_norm: 0.0, ..TrainingOptions::default() };
    (ModelConfig::new(WIDTH, DIM, CLASSES as usize, &options).expect("the seed's model"), options)
}

/// The same on the engine that users get.
pub fn engine(threads: usize, precision: Precision) -> Box<dyn Engine> {
    let (config, options) = model(threads);
    new_engine(&ModelConfig { precision, ..config }, &options).expect("an engine")
}

/// Minibatches, one after the other and again from the start.
pub struct Data {
    batch: usize,
    features: Vec<f32>,
    labels: Vec<u32>,
    keys: Vec<String>,
    valid_len: Vec<u32>,
    weights: Vec<f32>,
}

impl Data {
    /// At least one minibatch.
    pub fn new(batch: usize, rows: usize) -> Self {
        let rows = rows.max(batch);
        let mut stream = Stream::new(1, &["bench"]);
        Self {
            batch,
            features: windows(rows),
            labels: (0..rows).map(|_| stream.below(CLASSES) as u32).collect(),
            keys: (0..rows).map(|row| format!("video{}:{row}", row % 11)).collect(),
            valid_len: vec![WIDTH as u32; rows],
            weights: vec![1.0; rows],
        }
    }

    /// The rows of minibatch `step`.
    fn rows(&self, step: usize) -> Range<usize> {
        let first = step % (self.labels.len() / self.batch) * self.batch;
        first..first + self.batch
    }

    fn windows(&self, of: &Range<usize>) -> &[f32] {
        &self.features[of.start * WIDTH * DIM..of.end * WIDTH * DIM]
    }

    pub fn train(&self, engine: &mut dyn Engine, step: usize) {
        let of = self.rows(step);
        let keys: Vec<&str> = self.keys[of.clone()].iter().map(String::as_str).collect();
        let minibatch = Minibatch {
            features: self.windows(&of),
            valid_len: &self.valid_len[of.clone()],
            labels: &self.labels[of.clone()],
            weights: &self.weights[of],
            keys: &keys,
            epoch: 1 + step as u64,
        };
        engine.train_step(&minibatch, 1e-3).expect("a step");
    }

    pub fn predict(&self, engine: &dyn Engine, step: usize) {
        let of = self.rows(step);
        let probabilities = engine.predict(self.windows(&of), &self.valid_len[of]);
        black_box(probabilities.expect("probabilities"));
    }
}

/// Windows [rows, 30, 7] of normal numbers.
fn windows(rows: usize) -> Vec<f32> {
    let mut stream = Stream::new(0, &["bench"]);
    (0..rows * WIDTH * DIM).map(|_| stream.normal_pair().0 as f32).collect()
}
