//! Work whose instructions callgrind counts: the same number on any day, however busy the machine is.

use std::time::Instant;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::prelude::SessionContext;
use posequel::random::Stream;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::Result;

/// 4 recordings of 5,000 frames with 75 values, in memory.
const FRAMES: &str = "CREATE TABLE held AS SELECT * FROM pose_walkers(subjects => 4, activities => ['walk'], seconds => 200, missing => 0)";
const WINDOWS: &str = "SELECT window_id, features FROM pose_windows((SELECT * FROM held), width => 30, stride => 15)";
const NOISE: &str = "SELECT pose_noise(features, 0.02, 7, window_id) FROM cut";

/// `windows` cuts windows, `noise` adds noise to them, `normal` draws as many normal numbers and does nothing with them.
pub fn count(what: &str) -> Result<Value> {
    // One thread for everything, so that callgrind sees all of it.
    run(&tokio::runtime::Builder::new_current_thread().build()?, what)
}

fn run(runtime: &Runtime, what: &str) -> Result<Value> {
    let session = posequel::session()?;
    let run = |sql: &str| runtime.block_on(async { session.sql(sql).await?.collect().await });
    run("SET datafusion.execution.target_partitions = 1")?;
    run(FRAMES)?;
    run(&format!("CREATE TABLE cut AS {WINDOWS}"))?;
    let windows = run("SELECT window_id FROM cut")?;
    let frames: usize = run("SELECT frame FROM held")?.iter().map(RecordBatch::num_rows).sum();
    let per_window = 30 * 75;
    let values = per_window * windows.iter().map(RecordBatch::num_rows).sum::<usize>();
    let started = Instant::now();
    let units = match what {
        "windows" => {
            counted_query(runtime, &session, WINDOWS)?;
            frames
        }
        "noise" => {
            counted_query(runtime, &session, NOISE)?;
            values
        }
        "normal" => {
            counted_normals(&windows, per_window);
            values
        }
        what => return Err(format!("{what} is none of windows, noise, normal").into()),
    };
    let nanoseconds = started.elapsed().as_secs_f64() * 1e9 / units as f64;
    Ok(json!({"who": "count", "what": what, "steps": units, "ns_per_step": (nanoseconds * 10.0).round() / 10.0}))
}

// callgrind counts what happens below these two, by their names: no closure here, whose name would begin with theirs.

#[inline(never)]
fn counted_query(runtime: &Runtime, session: &SessionContext, sql: &str) -> Result<()> {
    let frame = runtime.block_on(session.sql(sql))?;
    std::hint::black_box(runtime.block_on(frame.collect())?);
    Ok(())
}

#[inline(never)]
fn counted_normals(windows: &[RecordBatch], per_window: usize) {
    for batch in windows {
        for id in batch.column(0).as_string::<i32>() {
            let mut stream = Stream::new(7, &["noise", id.unwrap_or_default()]);
            for _ in 0..per_window.div_ceil(2) {
                std::hint::black_box(stream.normal_pair());
            }
        }
    }
}
