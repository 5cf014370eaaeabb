//! One SQL function, one .slt, one line in the README; what a relation function says of itself runs.

use std::path::Path;
use std::sync::Arc;

use datafusion::execution::runtime_env::RuntimeEnv;
use posequel::frames::skeletons::Skeletons;
use posequel::plugin::register::{relations, sources};
use posequel::store::models::Models;
use posequel::store::setting::LocationSetting;

use crate::support::{data, lines, rows, session};

const WINDOWS: &str =
    "pose_windows((SELECT source, video, subject, frame, label, ax, ay FROM frames), width => 100, stride => 100)";

/// Every function of ours that a session knows, by its SQL name.
async fn names() -> Vec<String> {
    let sql = "SELECT DISTINCT routine_name FROM information_schema.routines WHERE routine_name LIKE 'pose\\_%'";
    let table = lines(&session(1, 8192), sql).await;
    let cells = table.lines().skip(3).filter_map(|line| line.split('|').nth(1));
    cells.map(|cell| cell.trim().to_owned()).collect()
}

#[tokio::test]
async fn every_function_has_its_tests_and_its_line_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
    let names = names().await;
    assert!(names.len() >= 12, "{names:?}");
    // These two work for pose_augment, and are tested there.
    for name in names.iter().filter(|name| !["pose_augment_copy", "pose_feature_std"].contains(&name.as_str())) {
        assert!(root.join(format!("tests/slt/{name}.slt")).exists(), "{name} has no .slt");
        assert!(readme.contains(&format!("`{name}")), "README does not tell of {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_every_relation_runs() {
    let session = session(2, 8192);
    let watch = data("watch.parquet");
    let table = format!("CREATE EXTERNAL TABLE frames STORED AS PARQUET LOCATION '{}'", watch.display());
    rows(&session, &table).await;
    rows(&session, &format!("CREATE VIEW windows AS SELECT * FROM {WINDOWS}")).await;
    rows(&session, "CREATE VIEW split_windows AS SELECT * FROM pose_split((SELECT * FROM windows), by => 'subject')")
        .await;
    let predictions = "CREATE VIEW predictions AS SELECT * FROM (VALUES ('ABD', 'ABD', [0.75, 0.25], 'v1'), \
                       ('ROW', 'ABD', [0.6, 0.4], 'v2'), ('ROW', 'ROW', [0.2, 0.8], 'v3')) \
                       AS t(label, predicted, probabilities, video)";
    rows(&session, predictions).await;
    let folder = tempfile::tempdir().expect("a folder for models");
    rows(&session, &format!("SET posequel.models.location = '{}'", folder.path().display())).await;
    let train =
        "COPY (SELECT * FROM windows) TO '{}/gait' STORED AS LSTM OPTIONS ('units' '2', 'dense' 'none', 'epochs' '1')";
    rows(&session, &train.replace("{}", &folder.path().display().to_string())).await;
    let models = Arc::new(Models::new(LocationSetting::default(), Arc::new(RuntimeEnv::default())));
    for relation in relations(&Skeletons::default(), &models) {
        let (sentence, example) = relation.about();
        let call = relation.name().to_owned() + if relation.takes_model() { "('gait', (" } else { "((" };
        assert!(sentence.ends_with('.') && example.contains(&call));
        let count = rows(&session, example).await.iter().map(|batch| batch.num_rows()).sum::<usize>();
        assert!(count > 0, "{example}");
    }
    for source in sources(&models) {
        let (sentence, example) = source.about();
        assert!(sentence.ends_with('.') && example.contains(&format!("{}(", source.name())));
        let count = rows(&session, example).await.iter().map(|batch| batch.num_rows()).sum::<usize>();
        assert!(count > 0, "{example}");
    }
}
