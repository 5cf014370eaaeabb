//! Every argument of every relation function with numbers that nobody means: it is refused by name, or answered. Never a panic, an overflow, or gigabytes.

use std::time::Duration;

use datafusion::prelude::SessionContext;
use posequel::frames::skeletons::Skeletons;
use posequel::plugin::register;
use posequel::store::models::Models;

use crate::support::{rows, session};

const NUMBERS: [&str; 15] = [
    "0",
    "-1",
    "1",
    "2147483647",
    "2147483648",
    "4294967296",
    "9007199254740992",
    "9223372036854775807",
    "-9223372036854775808",
    "0.5",
    "1e308",
    "-1e308",
    "1e-320",
    "'NaN'",
    "'inf'",
];

const FRAMES: &str = "
  CREATE TABLE frames AS
  SELECT 'v' || (value / 40) AS video, 's' || (value / 80) AS subject, value % 40 AS frame, (value % 40) * 0.1 AS t,
         ['walk', 'run'][1 + value / 40 % 2] AS label, (value % 7)::FLOAT AS x, sin(value)::FLOAT AS y,
         CASE WHEN value % 3 = 0 THEN 'run' ELSE 'walk' END AS predicted, 0.5::DOUBLE AS probability
  FROM range(0, 480)";

const WINDOWS: &str = "
  CREATE TABLE windows AS
  SELECT *, CASE WHEN video IN ('v0', 'v1', 'v2', 'v3') THEN 'train' ELSE 'test' END AS split
  FROM pose_windows((SELECT video, subject, frame, label, x, y FROM frames), width => 5, stride => 5)";

async fn tables() -> SessionContext {
    let session = session(2, 1024);
    rows(&session, FRAMES).await;
    rows(&session, WINDOWS).await;
    rows(&session, "SET datafusion.runtime.memory_limit = '256M'").await;
    session
}

/// What a function reads, and what it needs beside the argument that is tried.
fn call(function: &str, argument: &str) -> (&'static str, &'static str) {
    let frames = "SELECT video, subject, frame, t, label, x, y FROM frames";
    match (function, argument) {
        ("pose_resample", "max_gap") => (frames, ", hz => 20"),
        ("pose_resample" | "pose_segments" | "pose_windows" | "pose_window_stats", "rate") => {
            ("SELECT video, frame, label, x, y FROM frames", ", hz => 20")
        }
        ("pose_windows" | "pose_window_stats", "max_fill") => (frames, ", nulls => 'interpolate'"),
        ("pose_windows" | "pose_window_stats", "min_purity") => (frames, ", label_rule => 'majority'"),
        ("pose_inventory" | "pose_resample" | "pose_segments" | "pose_windows" | "pose_window_stats", _) => {
            (frames, "")
        }
        ("pose_split", "gap") => ("SELECT * EXCEPT(split) FROM windows", ", mode => 'time'"),
        ("pose_split" | "pose_folds", _) => ("SELECT * EXCEPT(split) FROM windows", ", \"by\" => 'video'"),
        ("pose_augment", "max_copies") => ("SELECT * FROM windows", ", policy => 'noise(0.1)', balance => 'max'"),
        ("pose_augment", "copies" | "balance" | "seed") => ("SELECT * FROM windows", ", policy => 'noise(0.1)'"),
        ("pose_weigh", "power") => ("SELECT * FROM windows", ""),
        ("pose_weigh", "beta") => ("SELECT * FROM windows", ", method => 'effective_number'"),
        ("pose_balance" | "pose_leaks" | "pose_weigh" | "pose_augment", _) => ("SELECT * FROM windows", ""),
        ("pose_timeline", _) => (frames, ", model => 'none'"),
        _ => ("SELECT video, subject, frame, label, predicted, probability FROM frames", ""),
    }
}

/// What comes of a query: its number of rows, or its error.
async fn tried(session: &SessionContext, sql: String) -> Result<usize, String> {
    let (session, text) = (session.clone(), sql.clone());
    let query = tokio::spawn(async move { session.sql(&text).await?.count().await });
    let done = tokio::time::timeout(Duration::from_secs(60), query).await;
    let done = done.unwrap_or_else(|_| panic!("{sql}: no answer in a minute"));
    done.unwrap_or_else(|panic| panic!("{sql}: {panic}")).map_err(|error| posequel::pipeline::message(&error))
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_nobody_means_are_refused_by_name_or_answered() {
    let session = tables().await;
    let models = Models::new(Default::default(), session.runtime_env());
    let mut wrong = vec![];
    for function in register::relations(&Skeletons::default(), &models.into()) {
        for argument in function.parameters() {
            let (input, beside) = call(function.name(), argument);
            for number in NUMBERS {
                let sql = format!("SELECT * FROM {}(({input}), \"{argument}\" => {number}{beside})", function.name());
                if let Err(error) = tried(&session, sql.clone()).await {
                    let is_named = error.contains(argument) || error.contains(function.name());
                    let is_ours = error.contains("report") || error.contains("bug") || error.contains("panicked");
                    if !is_named || is_ours {
                        wrong.push(format!("{sql}: {error}"));
                    }
                }
            }
        }
    }
    for argument in ["subjects", "videos", "seconds", "hz", "seed", "noise", "missing"] {
        for number in NUMBERS {
            let sql = format!("SELECT * FROM pose_walkers({argument} => {number}) LIMIT 3");
            match tried(&session, sql.clone()).await {
                Err(error) if !error.contains("pose_walkers") => wrong.push(format!("{sql}: {error}")),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn bounds_are_told() {
    let session = tables().await;
    let refused = |sql: &'static str| {
        let session = session.clone();
        async move { tried(&session, sql.to_owned()).await.expect_err(sql) }
    };
    let copies =
        "SELECT * FROM pose_augment((SELECT * FROM windows), policy => 'noise(0.1)', copies => 9223372036854775807)";
    assert_eq!(refused(copies).await, "pose_augment: copies must be at most 1000 (was 9223372036854775807)");
    let width = "SELECT * FROM pose_windows((SELECT video, frame, label, x, y FROM frames), width => 1000000000)";
    let expected = "pose_windows: width must be at most 33554432, which are 67108864 values a window of 2 features (was 1000000000)";
    assert_eq!(refused(width).await, expected);
    let walkers = "SELECT * FROM pose_walkers(subjects => 1000000000, videos => 1000000000)";
    assert!(refused(walkers).await.contains("make 1750000000000000000000 frames, and at most 1000000000000"));
}
