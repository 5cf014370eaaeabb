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
use posequel::nn::engine::Minibatch;
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
        "train" => report(what, threads, batch, seconds, train(threads, batch)),
        "predict" => report(what, threads, batch, seconds, predict(threads, batch)),
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

fn options(threads: usize) -> TrainingOptions {
    // PyTorch's script does not clip either.
    TrainingOptions { threads, clip_norm: 0.0, ..TrainingOptions::default() }
}

fn train(threads: usize, batch: usize) -> impl FnMut(usize) {
    let options = options(threads);
    let config = ModelConfig::new(WIDTH, DIM, CLASSES as usize, &options).expect("the seed's model");
    let mut engine = new_engine(&config, &options).expect("an engine");
    let rows = batch.max(4096);
    let features = windows(rows);
    let mut stream = Stream::new(1, &["bench"]);
    let labels: Vec<u32> = (0..rows).map(|_| stream.below(CLASSES) as u32).collect();
    let keys: Vec<String> = (0..rows).map(|row| format!("video{}:{row}", row % 11)).collect();
    let keys: Vec<&'static str> = keys.into_iter().map(|key| &*key.leak()).collect();
    let (valid_len, weights) = (vec![WIDTH as u32; rows], vec![1.0; rows]);
    move |step| {
        let first = step % (rows / batch) * batch;
        let of = first..first + batch;
        let minibatch = Minibatch {
            features: &features[first * WIDTH * DIM..][..batch * WIDTH * DIM],
            valid_len: &valid_len[of.clone()],
            labels: &labels[of.clone()],
            weights: &weights[of.clone()],
            keys: &keys[of],
            epoch: 1 + step as u64,
        };
        engine.train_step(&minibatch, 1e-3).expect("a step");
    }
}

fn predict(threads: usize, batch: usize) -> impl FnMut(usize) {
    let options = options(threads);
    let config = ModelConfig::new(WIDTH, DIM, CLASSES as usize, &options).expect("the seed's model");
    let engine = new_engine(&config, &options).expect("an engine");
    let rows = batch.max(4096);
    let (features, valid_len) = (windows(rows), vec![WIDTH as u32; batch]);
    move |step| {
        let first = step % (rows / batch) * batch * WIDTH * DIM;
        let windows = &features[first..][..batch * WIDTH * DIM];
        std::hint::black_box(engine.predict(windows, &valid_len).expect("probabilities"));
    }
}
