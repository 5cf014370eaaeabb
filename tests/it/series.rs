//! Recordings come together and in order, however their rows lie, and are sorted only where they must be.

use crate::support::{data, lines, rows, session};

/// Every third recording (47 of 140), every fourth frame: 19,498 rows.
const FRAMES: &str = "
  CREATE TABLE frames AS
  SELECT source, video, frame / 4 AS frame, label, ax, ay, az, row_number() OVER () AS place
  FROM watch WHERE frame % 4 = 0 AND substr(video, 7, 3)::INT % 3 = 0";

const WINDOWS: &str = "
  SELECT window_id, frame_start, frame_end, label, features FROM pose_windows((
    SELECT source, video, frame, label, ax, ay, az FROM shuffled), width => 30, stride => 15) ORDER BY window_id";

/// Rows as they lie in the file, turned round by recording, in blocks that overlap, and without any order.
const ORDERS: [&str; 4] = [
    "SELECT * FROM frames ORDER BY place",
    "SELECT * FROM frames ORDER BY video DESC, frame",
    "SELECT * FROM frames ORDER BY video, frame % 2, frame",
    "SELECT * FROM frames ORDER BY place * 7919 % 104729, place",
];

/// The windows, and what EXPLAIN ANALYZE says of the recordings.
async fn windows(order: &str, partitions: usize, limit: Option<&str>) -> (String, String) {
    let session = session(partitions, 1000);
    let watch = data("watch.parquet");
    let table = format!("CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION '{}'", watch.display());
    rows(&session, &table).await;
    rows(&session, FRAMES).await;
    // In a table, so that its order is not known to the plan.
    rows(&session, &format!("CREATE TABLE shuffled AS {order}")).await;
    if let Some(limit) = limit {
        rows(&session, &format!("SET datafusion.runtime.memory_limit = '{limit}'")).await;
        rows(&session, "SET datafusion.execution.sort_spill_reservation_bytes = 100000").await;
    }
    let plan = lines(&session, &format!("EXPLAIN ANALYZE {WINDOWS}")).await;
    let series = plan.lines().find(|line| line.contains("SeriesExec")).unwrap_or_else(|| panic!("{plan}")).to_owned();
    (lines(&session, WINDOWS).await, series)
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_do_not_depend_on_the_order_of_rows() {
    let (first, _) = windows(ORDERS[0], 1, None).await;
    assert!(first.lines().count() > 1000);
    for order in ORDERS {
        for partitions in [1, 3] {
            assert!(windows(order, partitions, None).await.0 == first, "{order} in {partitions} partitions");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_out_of_order_is_sorted() {
    let counts = |series: String| {
        let count = |name: &str| {
            let (_, rest) = series.split_once(name)?;
            rest.split([',', ']']).next()?.parse::<usize>().ok()
        };
        (count("recordings="), count("recordings_sorted="))
    };
    let (_, series) = windows(ORDERS[0], 2, None).await;
    assert_eq!(counts(series), (Some(47), Some(0)));
    for order in &ORDERS[2..] {
        let (_, series) = windows(order, 2, None).await;
        assert_eq!(counts(series), (Some(47), Some(47)), "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_memory_has_no_room_for_is_sorted_on_disk() {
    let (first, _) = windows(ORDERS[0], 1, None).await;
    for (partitions, limit) in [(1, "12M"), (2, "6M"), (4, "6M")] {
        for order in [ORDERS[0], ORDERS[3]] {
            let (limited, series) = windows(order, partitions, Some(limit)).await;
            assert!(limited == first, "{order}, {partitions} partitions, {limit}");
            // A sort of everything knows no recordings.
            assert!(series.contains("recordings=0"), "{series}");
        }
    }
}

#[tokio::test]
async fn rows_that_are_in_order_as_declared_are_streamed() {
    let session = session(1, 8192);
    let watch = data("watch.parquet");
    let table = "CREATE EXTERNAL TABLE watch STORED AS PARQUET WITH ORDER (source, video, frame)";
    rows(&session, &format!("{table} LOCATION '{}'", watch.display())).await;
    let plan = lines(
        &session,
        "EXPLAIN FORMAT INDENT SELECT features FROM pose_windows((SELECT source, video, frame, label, ax FROM watch))",
    )
    .await;
    assert!(!plan.contains("SeriesExec") && !plan.contains("SortExec"), "{plan}");
    assert!(plan.contains("projection=[features]"), "{plan}");
}
