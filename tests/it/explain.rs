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
