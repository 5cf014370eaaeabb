//! From Parquet frames to windows, all in memory, called like the peers' script:
//!
//! ```sh
//! cargo bench --bench windows -- FRAMES.parquet WIDTH STRIDE [PARTITIONS]
//! cargo bench --bench windows -- scan FRAMES.parquet [PARTITIONS]          # the same columns merely read
//! ```
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

const USAGE: &str = "usage: cargo bench --bench windows -- FRAMES.parquet WIDTH STRIDE [PARTITIONS]
                                     scan FRAMES.parquet [PARTITIONS]";

#[tokio::main]
async fn main() -> ExitCode {
    // cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let line = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["scan", path, partitions @ ..] => scan(path, partitions).await,
        [path, width, stride, partitions @ ..] => windows(path, width, stride, partitions).await,
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

async fn windows(path: &str, width: &str, stride: &str, partitions: &[&str]) -> Result<Value> {
    let session = session(path, partitions).await?;
    let frames = format!("SELECT {COLUMNS} FROM frames");
    let query = format!("SELECT label, features FROM pose_windows(({frames}), width => {width}, stride => {stride})");
    let started = Instant::now();
    let batches = session.sql(&query).await?.collect().await?;
    let seconds = started.elapsed().as_secs_f64();
    let windows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
    report("windows", rows(&session).await?, windows, seconds)
}

async fn scan(path: &str, partitions: &[&str]) -> Result<Value> {
    let session = session(path, partitions).await?;
    let started = Instant::now();
    let streams = session.sql(&format!("SELECT {COLUMNS} FROM frames")).await?.execute_stream_partitioned().await?;
    let readers: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(count(stream))).collect();
    let mut frames = 0;
    for reader in readers {
        frames += reader.await??;
    }
    report("scan", frames, 0, started.elapsed().as_secs_f64())
}

async fn count(mut stream: SendableRecordBatchStream) -> datafusion::error::Result<usize> {
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch?.num_rows();
    }
    Ok(rows)
}

async fn session(path: &str, partitions: &[&str]) -> Result<SessionContext> {
    let session = posequel::session()?;
    if let [partitions] = partitions {
        session.sql(&format!("SET datafusion.execution.target_partitions = {partitions}")).await?.collect().await?;
    }
    let table = format!("CREATE EXTERNAL TABLE frames STORED AS PARQUET LOCATION '{path}'");
    session.sql(&table).await?.collect().await?;
    Ok(session)
}

async fn rows(session: &SessionContext) -> Result<usize> {
    Ok(session.table("frames").await?.count().await?)
}

fn report(what: &str, frames: usize, windows: usize, seconds: f64) -> Result<Value> {
    let per_s = (frames as f64 / seconds).round();
    Ok(json!({"who": "posequel", "what": what, "frames": frames, "windows": windows,
              "seconds": (seconds * 1000.0).round() / 1000.0, "per_s": per_s}))
}
