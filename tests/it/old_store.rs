//! The store that an older version wrote (`tests/data/store`) is read, and its state is gone on with to the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Float64Type;

use crate::support::{data, lines, rows, session};

/// The tables that the older version wrote, as they were named then: a list of its own, so that one which is renamed or left out is missed.
const TABLES: [&str; 15] = [
    "versions",
    "history",
    "metrics",
    "class_metrics",
    "confusion",
    "reliability",
    "predictions",
    "labels",
    "features",
    "parameters",
    "baselines",
    "recordings",
    "leaks",
    "balance",
    "diagnosis",
];

/// What `digests.txt` says of each file, by its name.
fn digests() -> Vec<(String, String)> {
    let text = fs::read_to_string(data("store/digests.txt")).unwrap();
    let line = |line: &str| line.split_once("  ").map(|(digest, name)| (name.to_owned(), digest.to_owned())).unwrap();
    text.lines().map(line).collect()
}

fn digest(file: &Path) -> String {
    blake3::hash(&fs::read(file).unwrap()).to_hex().to_string()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// A copy of the store that a test may write to.
fn copied() -> tempfile::TempDir {
    let (folder, mut all) = (tempfile::tempdir().unwrap(), vec![]);
    files(&data("store"), &mut all);
    for file in all {
        let copy = folder.path().join(file.strip_prefix(data("store")).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(&file, copy).unwrap();
    }
    folder
}

#[test]
fn its_bytes_are_those_that_were_written() {
    let known: Vec<(String, String)> =
        digests().into_iter().filter(|(name, _)| !name.starts_with("cut to its end")).collect();
    assert!(known.len() > 50, "{}", known.len());
    for (name, right) in known {
        assert_eq!(digest(&data("store").join(&name)), right, "{name}");
    }
}

#[tokio::test]
async fn every_table_of_every_model_is_read_and_predictions_are_the_stored_ones() {
    let session = session(2, 100);
    let (folder, windows) = (data("store/models"), data("store/windows.parquet"));
    rows(&session, &format!("SET posequel.models.location = '{}'", folder.display())).await;
    for model in ["lstm", "gru", "both"] {
        for table in TABLES {
            let read: usize = rows(&session, &format!("SELECT * FROM models.{model}.{table}"))
                .await
                .iter()
                .map(RecordBatch::num_rows)
                .sum();
            // Leaks are rows of what is wrong; an ensemble has no epochs.
            assert!(read > 0 || table == "leaks" || (model == "both" && table == "history"), "{model}.{table}");
        }
        let sql = format!(
            "SELECT count(*) AS n, count(*) FILTER (WHERE p.predicted = w.p['label'] AND p.probabilities = w.p['probabilities']) AS same
             FROM models.{model}.predictions AS p
             JOIN (SELECT window_id, pose_predict('{model}', features) AS p FROM '{}') AS w USING (window_id)",
            windows.display()
        );
        let answer = lines(&session, &sql).await;
        assert!(answer.contains("| 308 | 308  |"), "{model}: {answer}");
    }
}

#[tokio::test]
async fn its_state_is_gone_on_with_to_the_same_bytes() {
    let folder = copied();
    let history = |name: &str| format!("SELECT epoch, seconds FROM {name} ORDER BY epoch");
    let before = {
        let session = session(1, 1000);
        let file =
            fs::read_dir(folder.path().join("models/cut/_unfinished")).unwrap().map(|entry| entry.unwrap().path());
        let file = file.into_iter().find(|path| path.to_string_lossy().ends_with("history.parquet")).unwrap();
        seconds(&rows(&session, &history(&format!("'{}'", file.display()))).await)
    };
    assert!(!before.is_empty() && before.len() < 40, "{}", before.len());
    let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
    let output = command.current_dir(folder.path()).args(["sql", "-f", "cut.sql"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut made = vec![];
    files(&folder.path().join("models/cut/runs"), &mut made);
    for name in ["model.safetensors", "last.safetensors"] {
        let file = made.iter().find(|path| path.ends_with(name)).unwrap();
        let right = digests().into_iter().find(|(known, _)| *known == format!("cut to its end: {name}")).unwrap().1;
        assert_eq!(digest(file), right, "{name}");
    }
    let session = session(1, 1000);
    rows(&session, &format!("SET posequel.models.location = '{}'", folder.path().join("models").display())).await;
    let after = seconds(&rows(&session, &history("models.cut.history")).await);
    // The epochs of the older version were not trained again: their times are those that it took.
    assert_eq!((&after[..before.len()], after.len()), (&before[..], 40));
}

fn seconds(rows: &[RecordBatch]) -> Vec<f64> {
    rows.iter().flat_map(|rows| rows["seconds"].as_primitive::<Float64Type>().values().to_vec()).collect()
}
