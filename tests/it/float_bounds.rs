//! What is read of a Parquet file with NaN is what it holds: each query gives what it gives over the same rows in memory, which have no statistics.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Float32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::support;

const NAN: f64 = f64::NAN;

/// Columns that files say something wrong of: NaN and one value, NaN with a sign, NaN among others, nothing else.
fn columns() -> [(&'static str, Vec<f64>); 5] {
    [
        ("one", vec![NAN, 5.0, NAN, NAN, 5.0, 5.0, NAN, NAN]),
        ("signed", vec![-NAN, 5.0, -NAN, 5.0, 5.0, 5.0, -NAN, 5.0]),
        ("both", vec![-NAN, 1.0, 2.0, NAN, 3.0, 4.0, -NAN, NAN]),
        ("ends", vec![0.0, -0.0, f64::INFINITY, NAN, f64::NEG_INFINITY, 7.0, 7.0, -NAN]),
        ("none", vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
    ]
}

/// Conditions on `x`, with what narrows them beside.
const CONDITIONS: [&str; 22] = [
    "x > 10",
    "x >= 5",
    "x < 5",
    "x <= 1",
    "x <> 5",
    "x = 5",
    "NOT x = 5",
    "NOT (x > 5)",
    "x IN (5, 7)",
    "x NOT IN (5, 7)",
    "x BETWEEN 2 AND 6",
    "x NOT BETWEEN 2 AND 6",
    "x BETWEEN 8 AND 9",
    "x = CAST('NaN' AS DOUBLE)",
    "x >= CAST('NaN' AS DOUBLE)",
    "isnan(x)",
    "x IS NULL",
    "x IS NOT NULL AND x > 4",
    "x > 6 OR label = 'b'",
    "x = 5 AND x <> 7",
    "CAST(x AS BOOLEAN)",
    "x > 100 AND label = 'a'",
];

fn batch(values: &[f64]) -> RecordBatch {
    let labels = StringArray::from_iter_values((0..values.len()).map(|row| if row % 2 == 0 { "a" } else { "b" }));
    let schema = Schema::new(vec![
        Field::new("n", DataType::Int64, false),
        Field::new("label", DataType::Utf8, false),
        Field::new("x", DataType::Float64, true),
        Field::new("y", DataType::Float32, true),
    ]);
    let narrow = values.iter().map(|value| *value as f32).collect::<Vec<_>>();
    let numbers = Int64Array::from_iter_values(0..values.len() as i64);
    let columns: Vec<arrow::array::ArrayRef> = vec![
        Arc::new(numbers),
        Arc::new(labels),
        Arc::new(Float64Array::from(values.to_vec())),
        Arc::new(Float32Array::from(narrow)),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// Row groups of two rows, pages of one.
fn write(batch: &RecordBatch, path: &Path) {
    let small = WriterProperties::builder()
        .set_max_row_group_row_count(Some(2))
        .set_data_page_row_count_limit(1)
        .set_write_batch_size(1)
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(small)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// A session in which `f` is two files of the values and `m` the same rows in memory.
async fn session(folder: &Path, values: &[f64], pushdown: bool) -> SessionContext {
    let session = support::session(2, 3);
    let batch = batch(values);
    for (name, rows) in [("a", batch.slice(0, 4)), ("b", batch.slice(4, 4))] {
        write(&rows, &folder.join(format!("{name}.parquet")));
    }
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
    session.register_table("m", Arc::new(table)).unwrap();
    let location = folder.display();
    let made = format!("CREATE EXTERNAL TABLE f STORED AS PARQUET LOCATION '{location}/'");
    session.sql(&made).await.unwrap();
    session.register_parquet("stock", format!("{location}/"), Default::default()).await.unwrap();
    if pushdown {
        support::rows(&session, "SET datafusion.execution.parquet.pushdown_filters = true").await;
    }
    session
}

#[tokio::test]
async fn every_query_gives_the_rows_that_the_file_holds() {
    for (name, values) in columns() {
        for pushdown in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let session = session(folder.path(), &values, pushdown).await;
            let mut answers = vec![];
            for table in ["m", "f", "stock"] {
                support::rows(&session, &format!("CREATE OR REPLACE VIEW t AS SELECT * FROM {table}")).await;
                let mut given = vec![];
                for query in queries() {
                    given.push(support::lines(&session, &query).await);
                }
                answers.push(given);
            }
            for (place, query) in queries().iter().enumerate() {
                for answer in &answers[1..] {
                    assert_eq!(answer[place], answers[0][place], "{name}, pushdown {pushdown}: {query}");
                }
            }
        }
    }
}

/// Of everything that statistics may answer.
fn queries() -> Vec<String> {
    let mut queries = vec![
        "SELECT n, x, y FROM t ORDER BY n".to_owned(),
        "SELECT count(*) AS n, count(*) FILTER (WHERE isnan(x)) AS nans, count(x) AS known FROM t".to_owned(),
        "SELECT min(x), max(x), min(y), max(y), min(n), max(n) FROM t".to_owned(),
        "SELECT x FROM t ORDER BY x DESC LIMIT 1".to_owned(),
        "SELECT x FROM t ORDER BY x LIMIT 2".to_owned(),
        "SELECT y FROM t ORDER BY y DESC LIMIT 3".to_owned(),
        "SELECT x, label FROM t ORDER BY x, n".to_owned(),
        "SELECT a.n, b.n FROM t AS a JOIN m AS b ON a.x = b.x ORDER BY a.n, b.n".to_owned(),
        "SELECT a.n FROM t AS a JOIN (SELECT * FROM m WHERE x < 3) AS b ON a.x = b.x ORDER BY a.n".to_owned(),
        // To a join 0.0 and -0.0 are equal.
        "SELECT a.n FROM t AS a JOIN (VALUES (0.0::DOUBLE), (7.0)) AS b (x) ON a.x = b.x ORDER BY a.n".to_owned(),
        "SELECT n FROM t WHERE x IN (SELECT x FROM (VALUES (0.0::DOUBLE), (7.0)) AS b (x)) ORDER BY n".to_owned(),
    ];
    for condition in CONDITIONS {
        queries.push(format!("SELECT n, x FROM t WHERE {condition} ORDER BY n"));
        let narrow = condition.replace("x ", "y ").replace("(x", "(y");
        queries.push(format!("SELECT n, y FROM t WHERE {narrow} ORDER BY n"));
        // DataFusion takes x for a constant where `CAST(x AS BOOLEAN)` is true, and forgets the order.
        if !condition.starts_with("CAST") {
            queries.push(format!("SELECT x FROM t WHERE {condition} ORDER BY x DESC LIMIT 1"));
        }
        // Rows of a LIMIT are any rows, but as many, and rows that meet the condition.
        let some = format!("SELECT x, label FROM t WHERE {condition} LIMIT 3");
        queries.push(format!("SELECT count(*), count(*) FILTER (WHERE {condition}) FROM ({some})"));
    }
    queries
}

/// The row groups that are read for a condition, by EXPLAIN ANALYZE.
async fn read(session: &SessionContext, condition: &str) -> String {
    let plan = support::lines(session, &format!("EXPLAIN ANALYZE SELECT n FROM f WHERE {condition}")).await;
    let told = plan.split("row_groups_pruned_statistics=").nth(1).and_then(|told| told.split_once("\u{2192} "));
    told.unwrap_or_else(|| panic!("{plan}")).1.split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn row_groups_are_still_left_out_by_texts_integers_and_ranges() {
    let folder = tempfile::tempdir().unwrap();
    // Four row groups of two rows.
    let session = session(folder.path(), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], false).await;
    for (condition, groups) in [
        ("n = 5", "1"),
        ("label = 'c'", "0"),
        ("x = 6", "1"),
        ("x IN (1, 2)", "1"),
        ("x BETWEEN 5.5 AND 6.5", "1"),
        ("x > 5.5 AND x < 6.5 AND x <> 6", "1"),
        // NaN of a sign would meet these.
        ("x > 6.5", "4"),
        ("x < 2.5", "4"),
    ] {
        assert_eq!(read(&session, condition).await, groups, "{condition}");
    }
}
