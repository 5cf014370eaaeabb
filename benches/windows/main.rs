//! From Parquet frames to windows, all in memory, called like the peers' script:
//!
//! ```sh
//! cargo bench --bench windows -- FRAMES.parquet WIDTH STRIDE [PARTITIONS [REPEATS]]
//! cargo bench --bench windows -- scan FRAMES.parquet [PARTITIONS [REPEATS]]          # the same columns merely read
//! ```
//!
//! The first time pays for fresh memory, as the peers do; with REPEATS the line has the median of the times after it.
//!
//! README.md tells how to make such a file, and how to measure.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use serde_json::{Value, json};

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: cargo bench --bench windows -- FRAMES.parquet WIDTH STRIDE [PARTITIONS [REPEATS]]
                                     scan FRAMES.parquet [PARTITIONS [REPEATS]]";

#[tokio::main]
async fn main() -> ExitCode {
    // cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let line = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["scan", path, how @ ..] => scan(path, how).await,
        [path, width, stride, how @ ..] => windows(path, width, stride, how).await,
        arguments => {
            writeln!(std::io::stderr(), "{USAGE}").expect("somebody to tell");
            // A bare `cargo bench` runs every bench without arguments, which is no mistake.
            return if arguments.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match line {
        Ok(line) => writeln!(std::io::stdout(), "{line}").map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Err(error) => {
            writeln!(std::io::stderr(), "error: {error}").expect("somebody to tell");
            ExitCode::FAILURE
        }
    }
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const COLUMNS: &str = "video, frame, label, ax, ay, az, wx, wy, wz, wm";

async fn windows(path: &str, width: &str, stride: &str, how: &[&str]) -> Result<Value> {
    let (session, repeats) = session(path, how).await?;
    let frames = format!("SELECT {COLUMNS} FROM frames");
    let query = format!("SELECT label, features FROM pose_windows(({frames}), width => {width}, stride => {stride})");
    let (mut times, mut windows) = (vec![], 0);
    for _ in 0..repeats {
        let started = Instant::now();
        let batches = session.sql(&query).await?.collect().await?;
        times.push(started.elapsed().as_secs_f64());
        windows = batches.iter().map(|batch| batch.num_rows()).sum();
    }
    Ok(report("windows", session.table("frames").await?.count().await?, windows, times))
}

async fn scan(path: &str, how: &[&str]) -> Result<Value> {
    let (session, repeats) = session(path, how).await?;
    let (mut times, mut frames) = (vec![], 0);
    for _ in 0..repeats {
        let started = Instant::now();
        let streams = session.sql(&format!("SELECT {COLUMNS} FROM frames")).await?.execute_stream_partitioned().await?;
        let readers: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(count(stream))).collect();
        frames = 0;
        for reader in readers {
            frames += reader.await??;
        }
        times.push(started.elapsed().as_secs_f64());
    }
    Ok(report("scan", frames, 0, times))
}

async fn count(mut stream: SendableRecordBatchStream) -> datafusion::error::Result<usize> {
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch?.num_rows();
    }
    Ok(rows)
}

/// A session with the table `frames`, and how often to run.
async fn session(path: &str, how: &[&str]) -> Result<(SessionContext, usize)> {
    let session = posequel::session()?;
    if let [partitions, ..] = how {
        session.sql(&format!("SET datafusion.execution.target_partitions = {partitions}")).await?.collect().await?;
    }
    let table = format!("CREATE EXTERNAL TABLE frames STORED AS PARQUET LOCATION '{path}'");
    session.sql(&table).await?.collect().await?;
    let repeats = how.get(1).map_or(Ok(1), |repeats| repeats.parse::<usize>())?;
    Ok((session, repeats.max(1)))
}

fn report(what: &str, frames: usize, windows: usize, mut times: Vec<f64>) -> Value {
    if times.len() > 1 {
        times.remove(0);
        times.sort_by(f64::total_cmp);
    }
    let seconds = times[times.len() / 2];
    json!({"who": "posequel", "what": what, "frames": frames, "windows": windows,
           "seconds": (seconds * 1000.0).round() / 1000.0, "per_s": (frames as f64 / seconds).round()})
}
