//! Samples per second of the seed's model, called like the peers' scripts:
//!
//! ```sh
//! cargo bench --bench train -- train|predict THREADS BATCH SECONDS
//! ```
//!
//! One step is (batch, 30, 7) -> LSTM 128 -> dropout .3 -> LSTM 64 -> .3 -> Dense 32 -> .2 -> Dense 7, cross-entropy, Adam;
//! the line that is printed has the median of the steps.

use std::io::Write;
use std::time::{Duration, Instant};

use posequel::nn::config::ModelConfig;
use posequel::nn::engine::{Engine, Minibatch};
use posequel::nn::new_engine;
use posequel::options::training::TrainingOptions;
use posequel::random::Stream;

const WIDTH: usize = 30;
const DIM: usize = 7;
const CLASSES: u64 = 7;

fn main() {
    // cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let [what, threads, batch, seconds] = &arguments[..] else { return usage() };
    let (Ok(threads), Ok(batch), Ok(seconds)) = (threads.parse(), batch.parse(), seconds.parse()) else {
        return usage();
    };
    match what.as_str() {
        "train" => {
            let (engine, data) = (engine(threads), Data::new(batch));
            // As the training loop does it: on a thread of the engine's own.
            let run =
                |mut engine: Box<dyn Engine>| report(what, threads, batch, seconds, |n| data.train(&mut *engine, n));
            match engine.pool() {
                Some(pool) => pool.install(|| run(engine)),
                None => run(engine),
            }
        }
        "predict" => {
            let (engine, data) = (engine(threads), Data::new(batch));
            report(what, threads, batch, seconds, |n| data.predict(&*engine, n));
        }
        _ => usage(),
    }
}

fn usage() {
    let usage = "usage: cargo bench --bench train -- train|predict THREADS BATCH SECONDS";
    writeln!(std::io::stderr(), "{usage}").expect("somebody to tell");
}

fn report(what: &str, threads: usize, batch: usize, seconds: f64, mut step: impl FnMut(usize)) {
    (0..5).for_each(&mut step);
    let (started, mut times) = (Instant::now(), vec![]);
    while started.elapsed().as_secs_f64() < seconds || times.len() < 5 {
        let at = Instant::now();
        step(times.len());
        times.push(at.elapsed());
    }
    times.sort();
    let median: Duration = times[times.len() / 2];
    let per_s = (batch as f64 / median.as_secs_f64()).round();
    let line = serde_json::json!({
        "who": "posequel", "what": what, "threads": threads, "batch": batch, "steps": times.len(), "per_s": per_s,
    });
    writeln!(std::io::stdout(), "{line}").expect("a line");
}

/// Windows [rows, 30, 7] of normal numbers.
fn windows(rows: usize) -> Vec<f32> {
    let mut stream = Stream::new(0, &["bench"]);
    (0..rows * WIDTH * DIM).map(|_| stream.normal_pair().0 as f32).collect()
}

/// The seed's model; PyTorch's script does not clip either.
fn engine(threads: usize) -> Box<dyn Engine> {
    let options = TrainingOptions { threads, clip_norm: 0.0, ..TrainingOptions::default() };
    let config = ModelConfig::new(WIDTH, DIM, CLASSES as usize, &options).expect("the seed's model");
    new_engine(&config, &options).expect("an engine")
}

/// Minibatches, one after the other and again from the start.
struct Data {
    batch: usize,
    features: Vec<f32>,
    labels: Vec<u32>,
    keys: Vec<String>,
    valid_len: Vec<u32>,
    weights: Vec<f32>,
}

impl Data {
    fn new(batch: usize) -> Self {
        let rows = batch.max(4096);
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
    fn rows(&self, step: usize) -> std::ops::Range<usize> {
        let first = step % (self.labels.len() / self.batch) * self.batch;
        first..first + self.batch
    }

    fn windows(&self, of: &std::ops::Range<usize>) -> &[f32] {
        &self.features[of.start * WIDTH * DIM..of.end * WIDTH * DIM]
    }

    fn train(&self, engine: &mut dyn Engine, step: usize) {
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

    fn predict(&self, engine: &dyn Engine, step: usize) {
        let of = self.rows(step);
        let probabilities = engine.predict(self.windows(&of), &self.valid_len[of]);
        std::hint::black_box(probabilities.expect("probabilities"));
    }
}
