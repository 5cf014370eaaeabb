//! A training set that memory has no room for gives the same model.

use std::path::Path;

use crate::support::{rows, session};

/// 5,400 windows of 100 frames with 6 values: 13 MB.
const WINDOWS: &str = "
  SELECT *, CASE video::INT % 10 WHEN 0 THEN 'test' WHEN 1 THEN 'validation' ELSE 'train' END AS split
  FROM pose_windows((
    SELECT (value / 2000)::TEXT AS video, value % 2000 AS frame, ['a', 'b', 'c'][1 + (value / 2000) % 3] AS label,
           sin(value * 0.01)::FLOAT AS f1, cos(value * 0.02)::FLOAT AS f2, (value % 7)::FLOAT AS f3,
           (value % 11)::FLOAT AS f4, sin(value)::FLOAT AS f5, ((value / 200) % 3)::FLOAT AS f6
    FROM range(0, 60000)), width => 100, stride => 10)";

async fn weights(limit: Option<&str>, models: &Path) -> Vec<u8> {
    let session = session(1, 1024);
    if let Some(limit) = limit {
        rows(&session, &format!("SET datafusion.runtime.memory_limit = '{limit}'")).await;
        // Each of the two sorts sets 10 MB aside for its merge otherwise.
        rows(&session, "SET datafusion.execution.sort_spill_reservation_bytes = 1000000").await;
    }
    let model = models.join(limit.unwrap_or("all"));
    let options = "'units' '8', 'dense' 'none', 'epochs' '2', 'batch_size' '64', 'seed' '3'";
    rows(&session, &format!("COPY ({WINDOWS}) TO '{}' STORED AS LSTM OPTIONS ({options})", model.display())).await;
    let run = std::fs::read_dir(model.join("runs")).expect("a run").next().expect("a run").expect("a run");
    std::fs::read(run.path().join("model.safetensors")).expect("weights")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_larger_than_memory_gives_the_same_model() {
    let models = tempfile::tempdir().expect("a folder");
    let whole = weights(None, models.path()).await;
    // In memory the table and a chunk of it would need 26 MB: the second limit has room for the table alone.
    for limit in ["20M", "24M"] {
        assert!(whole == weights(Some(limit), models.path()).await, "{limit}");
    }
}
