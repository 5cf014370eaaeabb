//! The same seed gives the same bytes, whatever the plan.

use std::path::Path;

use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::support::{data, rows, session};

const DATASET: &str = "SELECT * FROM pose_weigh((
  SELECT * FROM pose_augment((
    SELECT * FROM pose_split((
      SELECT * FROM pose_windows((
        SELECT source, video, subject, frame / 20 AS frame, label, ax, ay, az FROM watch WHERE frame % 20 = 0),
        width => 10, stride => 10)),
      by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7)),
    policy => 'noise(0.2), speed(0.8, 1.25), mirror@0.5', skeleton => 'ax:-1', copies => 2, seed => 7)))";

/// Trains on the dataset and returns the bytes of the weights.
async fn weights(partitions: usize, batch_size: usize, threads: usize, models: &Path) -> Vec<u8> {
    let session = session(partitions, batch_size);
    let watch = data("watch.parquet");
    let table = format!("CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION '{}'", watch.display());
    rows(&session, &table).await;
    let model = models.join(format!("p{partitions}b{batch_size}t{threads}"));
    let options = "'units' '8,4', 'dense' '4', 'epochs' '2', 'batch_size' '64', 'seed' '3'";
    let options = format!("{options}, 'threads' '{threads}'");
    let target = model.display();
    rows(&session, &format!("COPY ({DATASET}) TO '{target}' STORED AS LSTM OPTIONS ({options})")).await;
    let runs: Vec<_> =
        std::fs::read_dir(model.join("runs")).expect("a run").map(|r| r.expect("a run").path()).collect();
    assert_eq!(runs.len(), 1);
    std::fs::read(runs[0].join("model.safetensors")).expect("weights")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_has_the_same_bytes_under_every_plan() {
    let models = tempfile::tempdir().expect("a folder");
    let first = weights(1, 8192, 1, models.path()).await;
    for (partitions, batch_size, threads) in [(2, 8192, 2), (16, 100, 4), (16, 8192, 1)] {
        assert!(
            first == weights(partitions, batch_size, threads, models.path()).await,
            "{partitions} partitions, batches of {batch_size}, {threads} threads"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_has_the_same_bytes_twice() {
    let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    assert!(weights(2, 8192, 0, one.path()).await == weights(2, 8192, 0, two.path()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_have_the_same_bytes_under_every_plan() {
    let mut digests = vec![];
    for (partitions, batch_size) in [(1, 8192), (2, 100), (16, 1)] {
        let session = session(partitions, batch_size);
        let watch = data("watch.parquet");
        let table = format!("CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION '{}'", watch.display());
        rows(&session, &table).await;
        let sql = format!("SELECT window_id, operations, weight, split, features FROM ({DATASET}) ORDER BY window_id");
        let mut hash = blake3::Hasher::new();
        for batch in rows(&session, &sql).await {
            let columns = batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &FormatOptions::default()));
            let columns = columns.collect::<Result<Vec<_>, _>>().expect("printable");
            for row in 0..batch.num_rows() {
                // Floats are printed so that they read back as the same bits.
                columns.iter().for_each(|c| _ = hash.update(c.value(row).to_string().as_bytes()));
            }
        }
        digests.push(hash.finalize());
    }
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0], digests[2]);
}
