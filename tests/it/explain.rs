//! Filters on keys and projections reach the Parquet scan, and data is sorted only where it must be.

use crate::support::{data, lines, session};

async fn plan(sql: &str) -> String {
    let session = session(2, 8192);
    let watch = data("watch.parquet");
    let table = format!("CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION '{}'", watch.display());
    session.sql(&table).await.expect("a table");
    lines(&session, &format!("EXPLAIN FORMAT INDENT {sql}")).await
}

/// The line of the physical plan that scans Parquet.
fn scan(plan: &str) -> &str {
    plan.lines().find(|l| l.contains("DataSourceExec")).unwrap_or_else(|| panic!("no scan in {plan}"))
}

const WINDOWS: &str =
    "pose_windows((SELECT source, video, subject, frame, label, ax, ay, az FROM watch), width => 30, stride => 15)";

#[tokio::test]
async fn a_filter_on_a_key_reaches_the_scan() {
    let plan = plan(&format!("SELECT window_id, features FROM {WINDOWS} WHERE video = 'v'")).await;
    assert!(scan(&plan).contains("predicate=video@"), "{plan}");
}

#[tokio::test]
async fn a_filter_on_anything_else_stays_above_the_windows() {
    for filter in ["label = 'ABD'", "frame_start = 0", "subject = '1'"] {
        let plan = plan(&format!("SELECT window_id FROM {WINDOWS} WHERE {filter}")).await;
        assert!(!scan(&plan).contains("predicate="), "{filter}: {plan}");
    }
}

#[tokio::test]
async fn features_that_nobody_reads_are_not_scanned() {
    let plan = plan(&format!("SELECT label, count(*) FROM {WINDOWS} GROUP BY label")).await;
    assert!(scan(&plan).contains("projection=[source, video, frame, label]"), "{plan}");
}

#[tokio::test]
async fn the_counts_of_a_split_read_no_features() {
    let plan = plan(&format!(
        "SELECT split, count(*) FROM pose_split((SELECT * FROM {WINDOWS}), by => 'subject') GROUP BY split"
    ))
    .await;
    assert!(!plan.lines().any(|l| l.contains("DataSourceExec") && l.contains("ax")), "{plan}");
}

#[tokio::test]
async fn what_is_a_feature_is_shown() {
    let frames = "SELECT video, frame, label, ax, ay, frame * 2 AS steps, 3.5::DOUBLE AS subject FROM watch";
    for function in ["pose_windows", "pose_window_stats", "pose_inventory"] {
        let plan = plan(&format!("SELECT * FROM {function}(({frames}))")).await;
        let shown = plan.matches("features=[ax, ay, steps], left_out=[subject (Float64)]").count();
        assert_eq!(shown, 2, "once in each plan, logical and physical: {plan}");
    }
    let plan =
        plan(&format!("SELECT * FROM pose_resample(({frames}), hz => 25, rate => 50, features => ['ay'])")).await;
    assert!(plan.contains("features=[ay], max_gap="), "{plan}");
}

#[tokio::test]
async fn of_many_features_the_first_and_the_last_are_shown() {
    let many: Vec<String> = (0..75).map(|i| format!("ax + {i} AS f{i}")).collect();
    let plan =
        plan(&format!("SELECT * FROM pose_windows((SELECT video, frame, {} FROM watch))", many.join(", "))).await;
    assert!(plan.contains("features=[f0, f1, f2, f3, f4, f5, f6, f7, ..., f74]"), "{plan}");
}
