//! Every frame of every set is accounted for once.

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

use crate::support::{data, rows, session};

/// The sets of the repository, and those beside it, which may not be in it.
fn sets() -> Vec<PathBuf> {
    let mut sets = vec![data("watch.parquet"), data("poses.parquet")];
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let names = ["agoms_openpose", "mediapipe_squat_stage", "openpose_20pose", "openpose_7act", "seglearn_watch"];
    for set in names.map(|name| shared.join(format!("{name}.parquet"))) {
        if set.exists() {
            sets.push(set);
        } else {
            let missing = format!("{} is not there: its frames were not counted", set.display());
            writeln!(std::io::stderr(), "{missing}").expect("somebody to tell");
        }
    }
    sets
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_in_are_frames_in_windows_tails_short_segments_or_refused() {
    let arguments = [
        "width => 30, stride => 15",
        "width => 7, stride => 20",
        "width => 50, stride => 1, label_rule => 'majority', min_purity => 0.9",
        "width => 30, stride => 15, short => 'pad', nulls => 'interpolate', max_fill => 3",
        "width => 1000, stride => 1000, nulls => 'keep'",
    ];
    for set in sets() {
        let session = session(2, 1000);
        rows(&session, &format!("CREATE EXTERNAL TABLE frames STORED AS PARQUET LOCATION '{}'", set.display())).await;
        for arguments in arguments {
            let sums = format!(
                "SELECT sum(frames), (SELECT count(*) FROM frames), sum(frames_used + frames_skipped + frames_in_tails \
                 + frames_in_short_segments + frames_in_impure_windows + frames_refused), sum(windows), sum(frames_refused) \
                 FROM pose_window_stats((SELECT * FROM frames), {arguments})"
            );
            let sums = rows(&session, &sums).await;
            let sum = |column: usize| sums[0].column(column).as_primitive::<Int64Type>().value(0);
            let what = format!("{}: {arguments}", set.display());
            assert_eq!((sum(0), sum(2)), (sum(1), sum(1)), "{what}");
            if sum(4) == 0 {
                let count = format!("SELECT count(*) FROM pose_windows((SELECT * FROM frames), {arguments})");
                let count = rows(&session, &count).await;
                assert_eq!(count[0].column(0).as_primitive::<Int64Type>().value(0), sum(3), "{what}");
            }
        }
    }
}

/// A mirrored left class is nearer to its right twin than before: the distance of their mean poses over joints that both have.
#[tokio::test]
async fn mirrored_left_classes_are_near_their_right_twins() {
    let session = session(2, 8192);
    rows(
        &session,
        &format!("CREATE EXTERNAL TABLE poses STORED AS PARQUET LOCATION '{}'", data("poses.parquet").display()),
    )
    .await;
    let pairs = [
        ("Yoga_Tree_left", "Yoga_Tree_right"),
        ("Traffic_LeftTurn", "Traffic_RightTurn"),
        ("Stand_LeftArmRaised", "Stand_RightArmRaised"),
    ];
    for (left, right) in pairs {
        let mean = |features: &str, label: &str| {
            format!(
                "(SELECT i, avg(x) AS x FROM (SELECT unnest({features}) AS x, unnest(range(0, 50)) AS i FROM poses \
                 WHERE label = '{label}') GROUP BY i)"
            )
        };
        let distance = |features: &str| {
            let (a, b) = (mean(features, left), mean("features", right));
            format!("SELECT sqrt(avg((a.x - b.x) * (a.x - b.x))) FROM {a} a JOIN {b} b ON a.i = b.i")
        };
        let before = rows(&session, &distance("features")).await;
        let after = rows(&session, &distance("pose_mirror(features, 'body25')")).await;
        let [before, after] =
            [before, after].map(|d| d[0].column(0).as_primitive::<arrow::datatypes::Float64Type>().value(0));
        assert!(after < before / 2.0, "{left}: {before} before, {after} mirrored");
    }
}
