//! From Parquet frames to windows, all in memory, called like the peers' script:
//!
//! ```sh
//! cargo bench --bench windows -- FRAMES.parquet WIDTH STRIDE [PARTITIONS [REPEATS]]
//! cargo bench --bench windows -- scan FRAMES.parquet [PARTITIONS [REPEATS]]          # the same columns merely read
//! cargo bench --bench windows -- memory FRAMES.parquet WIDTH STRIDE [PARTITIONS [REPEATS]]   # frames are in memory already
//! cargo bench --bench windows -- walkers FRAMES WIDTH STRIDE                         # one generated recording, streamed
//! cargo bench --bench windows -- count windows|noise|normal                          # some work for callgrind, see count.sh
//! ```
//!
//! `memory` has a roofline: bytes of windows written a second, over bytes that as many threads copy (memcpy). `walkers`
//! has the memory that the process took at the most above that at the start.
//!
//! The first time pays for fresh memory, as the peers do; with REPEATS the line has the median of the times after it.
//!
//! README.md tells how to make such a file, and how to measure.

mod count;

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
                                     scan FRAMES.parquet [PARTITIONS [REPEATS]]
                                     memory FRAMES.parquet WIDTH STRIDE [PARTITIONS [REPEATS]]
                                     walkers FRAMES WIDTH STRIDE
                                     count windows|noise|normal";

#[tokio::main]
async fn main() -> ExitCode {
    // cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let line = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["scan", path, how @ ..] => scan(path, how).await,
        ["memory", path, width, stride, how @ ..] => memory(path, width, stride, how).await,
        ["walkers", frames, width, stride] => walkers(frames, width, stride).await,
        ["count", what] => counted(what),
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
/// Those that are features.
const FEATURES: usize = 7;

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
        frames = drain(streams).await?;
        times.push(started.elapsed().as_secs_f64());
    }
    Ok(report("scan", frames, 0, times))
}

/// Rows of all streams, read at the same time, each batch dropped as it comes.
async fn drain(streams: Vec<SendableRecordBatchStream>) -> Result<usize> {
    let readers: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(count(stream))).collect();
    let mut rows = 0;
    for reader in readers {
        rows += reader.await??;
    }
    Ok(rows)
}

async fn count(mut stream: SendableRecordBatchStream) -> datafusion::error::Result<usize> {
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        rows += batch?.num_rows();
    }
    Ok(rows)
}

/// Windows of frames that lie in memory, each batch dropped as it comes, beside copying as many bytes.
async fn memory(path: &str, width: &str, stride: &str, how: &[&str]) -> Result<Value> {
    let (session, repeats) = session(path, how).await?;
    session.sql(&format!("CREATE TABLE held AS SELECT {COLUMNS} FROM frames")).await?.collect().await?;
    let query =
        format!("SELECT label, features FROM pose_windows((SELECT * FROM held), width => {width}, stride => {stride})");
    let partitions = session.copied_config().target_partitions();
    let (mut times, mut copies, mut windows, mut bytes) = (vec![], vec![], 0, 0);
    for _ in 0..repeats {
        let started = Instant::now();
        windows = drain(session.sql(&query).await?.execute_stream_partitioned().await?).await?;
        times.push(started.elapsed().as_secs_f64());
        bytes = windows * width.parse::<usize>()? * FEATURES * 4;
        copies.push(memcpy(bytes, partitions));
    }
    let mut line = report("memory", session.table("held").await?.count().await?, windows, times);
    copies.sort_by(f64::total_cmp);
    let (written, copied) =
        (bytes as f64 / line["seconds"].as_f64().unwrap_or(1.0), bytes as f64 / copies[copies.len() / 2]);
    line["bytes_per_s"] = json!(written.round());
    line["memcpy_bytes_per_s"] = json!(copied.round());
    line["of_memcpy"] = json!((written / copied * 1000.0).round() / 1000.0);
    Ok(line)
}

/// Seconds in which so many threads copy so many bytes, in pieces of 8 MiB between two places that were touched before.
fn memcpy(bytes: usize, threads: usize) -> f64 {
    const PIECE: usize = 8 << 20;
    let pieces = bytes.div_ceil(PIECE * threads);
    let mut places = vec![(vec![1u8; 16 * PIECE], vec![0u8; 16 * PIECE]); threads];
    let started = Instant::now();
    std::thread::scope(|scope| {
        for (from, to) in &mut places {
            scope.spawn(move || {
                for piece in 0..pieces {
                    let at = piece % 16 * PIECE;
                    to[at..at + PIECE].copy_from_slice(&from[at..at + PIECE]);
                }
                std::hint::black_box(to);
            });
        }
    });
    started.elapsed().as_secs_f64()
}

/// Windows of one long recording of a synthetic walker, each batch dropped as it comes.
async fn walkers(frames: &str, width: &str, stride: &str) -> Result<Value> {
    let session = posequel::session()?;
    let seconds = frames.parse::<f64>()? / 25.0;
    let walker = format!("pose_walkers(subjects => 1, activities => ['walk'], seconds => {seconds})");
    let query = format!(
        "SELECT window_id, label, features FROM pose_windows((SELECT * FROM {walker}), width => {width}, stride => {stride}, \
         nulls => 'interpolate', max_fill => 1000)"
    );
    let before = resident("VmRSS")?;
    let started = Instant::now();
    let windows = drain(session.sql(&query).await?.execute_stream_partitioned().await?).await?;
    let mut line = report("walkers", frames.parse()?, windows, vec![started.elapsed().as_secs_f64()]);
    line["mib_above_start"] = json!((resident("VmHWM")? - before) / 1024);
    Ok(line)
}

/// On a thread of its own, since it brings its own runtime.
fn counted(what: &str) -> Result<Value> {
    let counted = std::thread::scope(|scope| scope.spawn(|| count::count(what).map_err(|e| e.to_string())).join());
    Ok(counted.map_err(|_| "counting panicked")??)
}

/// A line of /proc/self/status, in KiB: memory of this process now, or at the most.
fn resident(what: &str) -> Result<i64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(what)).ok_or("no such line in /proc/self/status")?;
    Ok(line.split_whitespace().nth(1).unwrap_or_default().parse()?)
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
