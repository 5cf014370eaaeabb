//! Samples per second of the seed's model, called like the peers' scripts:
//!
//! ```sh
//! cargo bench --bench train -- train|predict THREADS BATCH SECONDS [bf16|avx2]
//! cargo bench --bench train -- peak THREADS SECONDS          # what the processor could do
//! cargo bench --bench train -- publish UNITS,UNITS           # a net from memory to a version on disk
//! cargo bench --bench train -- count train|predict BATCH     # a few steps for callgrind, see count.sh
//! ```
//!
//! One step is (batch, 30, 7) -> LSTM 128 -> dropout .3 -> LSTM 64 -> .3 -> Dense 32 -> .2 -> Dense 7, cross-entropy, Adam;
//! the line that is printed has the median of the steps. README.md tells how to measure.

mod count;
mod data;
mod peak;
mod publish;

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use posequel::options::training::Precision;
use pulp::Arch;
use serde_json::{Value, json};

use data::{Data, engine};

/// As many windows as the peers' scripts make.
const ROWS: usize = 4096;

const USAGE: &str = "usage: cargo bench --bench train -- train|predict THREADS BATCH SECONDS [bf16|avx2]
                                   peak THREADS SECONDS
                                   publish UNITS,UNITS
                                   count train|predict BATCH";

fn main() -> ExitCode {
    // cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let Some(line) = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        writeln!(std::io::stdout(), "{line}").expect("a line");
        return ExitCode::SUCCESS;
    }
    writeln!(std::io::stderr(), "{USAGE}").expect("somebody to tell");
    // A bare `cargo bench` runs every bench without arguments, which is no mistake.
    if arguments.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

/// The line to print; none if the arguments are not understood.
fn run(arguments: &[&str]) -> Option<Value> {
    match *arguments {
        [what, threads, batch, seconds] => rate(what, threads, batch, seconds, "posequel"),
        [what, threads, batch, seconds, "bf16"] => rate(what, threads, batch, seconds, "posequel bf16"),
        [what, threads, batch, seconds, "avx2"] => rate(what, threads, batch, seconds, "posequel avx2"),
        ["peak", threads, seconds] => Some(peak::peak(number(threads)?, duration(seconds)?)),
        ["publish", units] => publish::publications(&units.split(',').map(number).collect::<Option<Vec<_>>>()?),
        ["count", what, batch] => count::count(what, number(batch)?),
        _ => None,
    }
}

fn rate(what: &str, threads: &str, batch: &str, seconds: &str, who: &str) -> Option<Value> {
    let (threads, batch, length) = (number(threads)?, number(batch)?, duration(seconds)?);
    let mut engine = match who {
        "posequel bf16" => engine(threads, Precision::Bf16),
        "posequel avx2" => Box::new(count::on_avx2(threads)),
        _ => engine(threads, Precision::F32),
    };
    let data = Data::new(batch, ROWS);
    let (steps, median) = match what {
        // As the training loop does it: on a thread of the engine's own.
        "train" => match engine.pool() {
            Some(pool) => pool.install(|| median(length, |step| data.train(&mut *engine, step))),
            None => median(length, |step| data.train(&mut *engine, step)),
        },
        "predict" => median(length, |step| data.predict(&*engine, step)),
        _ => return None,
    };
    let per_s = (batch as f64 / median.as_secs_f64()).round();
    Some(json!({"who": who, "what": what, "threads": threads, "batch": batch, "steps": steps, "per_s": per_s}))
}

fn number(argument: &str) -> Option<usize> {
    argument.parse().ok().filter(|&number| number > 0)
}

fn duration(argument: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(argument.parse().ok()?).ok()
}

/// V4 (AVX-512), V3 (AVX2), Neon or Scalar; Debug would list their parts, too.
fn name(arch: Arch) -> String {
    format!("{arch:?}").split('(').next().unwrap_or_default().into()
}

/// Runs steps for so long, after a few that do not count: their number and the median of their times.
fn median(length: Duration, mut step: impl FnMut(usize)) -> (usize, Duration) {
    (0..5).for_each(&mut step);
    let (started, mut times) = (Instant::now(), vec![]);
    while started.elapsed() < length || times.len() < 5 {
        let at = Instant::now();
        step(times.len());
        times.push(at.elapsed());
    }
    times.sort();
    (times.len(), times[times.len() / 2])
}
