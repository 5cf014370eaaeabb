//! Folders of files as people have them: what a table of them holds, and what is said of those that are not read.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::Int8Type;
use datafusion::prelude::SessionContext;
use parquet::arrow::ArrowWriter;
use posequel::notes::Notes;

use crate::support::{lines, rows, session};

/// A folder for files, and a session.
struct Lake(tempfile::TempDir, SessionContext);

impl Lake {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap(), session(2, 100))
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.0.path().display())
    }

    fn text(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn parquet(self, name: &str, columns: &[(&str, ArrayRef)]) -> Self {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        let batch = RecordBatch::try_from_iter(columns.iter().cloned()).unwrap();
        let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        self
    }

    /// `CREATE EXTERNAL TABLE f STORED AS ... LOCATION 'of the lake/name'`
    async fn create(&self, before: &str, name: &str, after: &str) -> Result<(), String> {
        let sql = format!("CREATE OR REPLACE EXTERNAL TABLE f{before} LOCATION '{}' {after}", self.path(name));
        self.1.sql(&sql).await.map(drop).map_err(|e| e.to_string())
    }

    /// The rows of a query, in which `$` is the folder.
    async fn ask(&self, sql: &str) -> String {
        table(&lines(&self.1, &sql.replace('$', &self.path(""))).await)
    }

    async fn error(&self, sql: &str) -> String {
        let sql = sql.replace('$', &self.path(""));
        match self.1.sql(&sql).await {
            Ok(frame) => frame.collect().await.unwrap_err().to_string(),
            Err(e) => e.to_string(),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.1.copied_config().get_extension::<Notes>().unwrap().take()
    }
}

/// `a|b; c|d`: the rows without their heading.
fn table(pretty: &str) -> String {
    let rows = pretty.lines().filter(|line| line.starts_with('|')).skip(1);
    let cells = |line: &str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join("|");
    rows.map(cells).collect::<Vec<_>>().join("; ")
}

fn floats(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[tokio::test]
async fn types_are_those_of_the_last_row_too() {
    let rows: String = (0..3000).map(|i| format!("{i},,{i}\n")).collect();
    let lake = Lake::new().text("a.csv", &format!("x,y,z\n{rows}0.5,7,NaN\n"));
    lake.create(" STORED AS CSV", "a.csv", "").await.unwrap();
    let sql = "SELECT arrow_typeof(x), arrow_typeof(y), arrow_typeof(z), max(y), count(*) FILTER (WHERE isnan(z)) FROM f GROUP BY 1, 2, 3";
    assert_eq!(lake.ask(sql).await, "Float64|Int64|Float64|7|1");
    let json: String = (0..3000).map(|i| format!("{{\"x\": {i}, \"y\": null}}\n")).collect();
    let lake = lake.text("a.ndjson", &format!("{json}{{\"x\": 0.5, \"y\": 7}}\n"));
    assert_eq!(lake.ask("SELECT max(y), arrow_typeof(max(x)) FROM '$a.ndjson'").await, "7|Float64");
}

#[tokio::test]
async fn csv_is_read_by_the_names_of_its_columns() {
    let lake = Lake::new().text("g/a.csv", "x,y\n1,10\n").text("g/b.csv", "y,x\n20.5,2\n").text("g/c.csv", "x\n3\n");
    lake.create(" STORED AS CSV", "g/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT x, y FROM f ORDER BY x").await, "1|10.0; 2|20.5; 3|");
    assert_eq!(lake.ask("SELECT sum(y) FROM f WHERE x > 1").await, "20.5");
    assert_eq!(lake.ask("SELECT count(*) FROM f").await, "3");
    let notes = lake.notes();
    assert!(
        notes.iter().any(|note| note.ends_with("2 of 3 files have column y; in the others it is NULL")),
        "{notes:?}"
    );
    // The same by its path, and one column of files that have it at different places.
    assert_eq!(lake.ask("SELECT y FROM '$g/' ORDER BY y NULLS FIRST").await, "; 10.0; 20.5");
}

#[tokio::test]
async fn declared_columns_are_found_by_name_and_else_by_place() {
    let lake = Lake::new().text("a.csv", "y,x,z\n1,2,3\n").text("b.csv", "5,6\n7,8\n");
    lake.create(" (x DOUBLE, y VARCHAR) STORED AS CSV", "a.csv", "").await.unwrap();
    assert_eq!(lake.ask("SELECT x, y FROM f").await, "2.0|1");
    lake.create(" (a INT, b INT, c INT) STORED AS CSV", "a.csv", "").await.unwrap();
    assert_eq!(lake.ask("SELECT a, b, c FROM f").await, "1|2|3");
    lake.create(" (a INT, b INT) STORED AS CSV", "b.csv", "OPTIONS ('format.has_header' 'false')").await.unwrap();
    assert_eq!(lake.ask("SELECT sum(a), sum(b) FROM f").await, "12|14");
    lake.create(" (x DOUBLE, w DOUBLE) STORED AS CSV", "a.csv", "").await.unwrap();
    assert!(lake.error("SELECT * FROM f").await.contains("a.csv has no column 'w'"));
    lake.create(" (a DOUBLE, b DOUBLE) STORED AS CSV", "a.csv", "").await.unwrap();
    assert!(lake.error("SELECT * FROM f").await.contains("a.csv has 3 columns, and 2 are declared"));
}

#[tokio::test]
async fn a_value_that_is_none_names_file_line_and_column() {
    let lake = Lake::new().text("a.csv", "n,x\n1,1.5\n2,2.5\n3,abc\n");
    lake.create(" (n INT, x DOUBLE) STORED AS CSV", "a.csv", "").await.unwrap();
    let error = lake.error("SELECT sum(x) FROM f").await;
    assert!(error.contains("a.csv, line 4, column 'x': 'abc' is no Float64"), "{error}");
    // In parts of a file that are read beside one another.
    let good: String = (0..5000).map(|i| format!("{i},0.25\n")).collect();
    let lake = lake.text("b.csv", &format!("n,x\n{good}5000,abc\n"));
    rows(&lake.1, "SET datafusion.optimizer.repartition_file_min_size = 1").await;
    lake.create(" (n INT, x DOUBLE) STORED AS CSV", "b.csv", "").await.unwrap();
    let error = lake.error("SELECT sum(x) FROM f").await;
    assert!(error.contains("b.csv, line 5002, column 'x': 'abc' is no Float64"), "{error}");
    let lake = lake.text("c.csv", "n,x\n1,2\n3\n");
    let error = lake.error("SELECT * FROM '$c.csv'").await;
    assert!(error.contains("c.csv: ") && error.contains("line 3"), "{error}");
}

#[tokio::test]
async fn nobody_is_null() {
    let values = [("x", floats(&[1.0, 2.0]))];
    let lake = Lake::new()
        .parquet("p/subject=s%2F1/a.parquet", &values)
        .parquet("p/subject=__HIVE_DEFAULT_PARTITION__/b.parquet", &values)
        .parquet("p/c.parquet", &values);
    lake.create(" STORED AS PARQUET PARTITIONED BY (subject)", "p/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT subject, sum(x) FROM f GROUP BY subject ORDER BY subject").await, "s/1|3.0; |3.0");
    assert_eq!(lake.ask("SELECT count(*), count(subject) FROM f").await, "4|2");
    assert_eq!(lake.ask("SELECT count(*) FROM f WHERE subject IS NULL").await, "2");
    assert_eq!(lake.ask("SELECT count(*) FROM f WHERE subject = 's/1'").await, "2");
    assert_eq!(lake.ask("SELECT count(*) FROM f WHERE subject <> 's/1'").await, "0");
    assert_eq!(lake.ask("SELECT count(*) FROM f WHERE NOT subject IN ('a')").await, "2");
    assert_eq!(lake.ask("SELECT min(subject), max(subject) FROM f").await, "s/1|s/1");
    let notes = lake.notes();
    assert!(
        notes.iter().any(|n| n.contains("outside the folders of the partitions: 1 (") && n.contains("c.parquet")),
        "{notes:?}"
    );
    // Found in the folders' names.
    assert_eq!(lake.ask("SELECT count(*), count(subject) FROM '$p/'").await, "4|2");
    lake.create(" (x DOUBLE, subject INT) STORED AS PARQUET PARTITIONED BY (subject)", "p/", "").await.unwrap();
    let error = lake.error("SELECT * FROM f").await;
    assert!(error.contains("the folder says subject=s/1, which is no Int32"), "{error}");
}

#[tokio::test]
async fn what_a_copy_writes_is_read_back() {
    let lake = Lake::new();
    let copy = "COPY (SELECT * FROM (VALUES ('a', 1.5), ('b', 2.5), (NULL, 3.5)) AS t(subject, x)) TO '$l/' STORED AS PARQUET PARTITIONED BY (subject)";
    lake.ask(copy).await;
    assert_eq!(lake.ask("SELECT subject, x FROM '$l/' ORDER BY x").await, "a|1.5; b|2.5; |3.5");
}

#[tokio::test]
async fn endings_brackets_and_hidden_files() {
    let lake = Lake::new()
        .text("A.CSV", "x\n1\n")
        .text("take [1].csv", "x\n2\n")
        .text("d/a.csv", "x\n3\n")
        .text("d/_SUCCESS", "")
        .text("d/.b.csv", "x\n4\n")
        .text("d/notes.txt", "hello")
        .text("d/empty.csv", "")
        .text("d/c.csv.gz", "x")
        .text("d/e/f.csv", "x\n5\n");
    assert_eq!(lake.ask("SELECT * FROM '$A.CSV'").await, "1");
    assert_eq!(lake.ask("SELECT * FROM '$take [1].csv'").await, "2");
    assert_eq!(lake.ask("SELECT x FROM '$take*.csv'").await, "2");
    assert_eq!(lake.ask("SELECT x FROM '$d/'").await, "3");
    let notes = lake.notes().join("\n");
    for (what, file) in
        [("0 bytes long", "d/empty.csv"), ("compressed", "d/c.csv.gz"), ("in folders below it", "d/e/f.csv")]
    {
        assert!(notes.lines().any(|note| note.contains(what) && note.contains(file)), "{what}: {notes}");
    }
    assert!(!notes.contains("SUCCESS") && !notes.contains(".b.csv") && !notes.contains("notes.txt"), "{notes}");
    assert_eq!(lake.ask("SELECT x FROM '$d/**/*.csv' ORDER BY x").await, "3; 5");
}

#[tokio::test]
async fn what_cannot_be_read_is_said_in_its_own_words() {
    let lake = Lake::new()
        .text("m/a.csv", "x\n1\n")
        .text("m/b.json", "{\"x\": 1}\n")
        .text("a.h5", "x")
        .text("p/a.parquet", "no");
    assert!(lake.error("SELECT * FROM '$missing.csv'").await.contains("there is no file '"));
    assert!(lake.error("SELECT * FROM '$m/'").await.contains("holds files of several kinds (CSV, JSON)"));
    assert!(lake.error("SELECT * FROM '$a.h5'").await.contains("there is no reader for '"));
    assert!(lake.error("SELECT * FROM '$p/'").await.contains("p/a.parquet: cannot be read"));
    let error = lake.create(" STORED AS PARQUET", "m/", "").await.unwrap_err();
    assert!(error.contains("holds no file that can be read (.parquet)"), "{error}");
}

#[tokio::test]
async fn types_that_differ_are_widened_and_categories_are_their_values() {
    let names: Vec<String> = (0..100).map(|i| format!("v{i}")).collect();
    let category = |prefix: &str| -> ArrayRef {
        let names: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
        Arc::new(names.iter().map(String::as_str).collect::<DictionaryArray<Int8Type>>())
    };
    let x = vec![0.5f32; 100];
    let lake = Lake::new()
        .parquet(
            "t/a.parquet",
            &[
                ("v", category("a")),
                ("n", Arc::new(Int32Array::from(vec![1; 100]))),
                ("x", Arc::new(Float32Array::from(x))),
            ],
        )
        .parquet(
            "t/b.parquet",
            &[("x", floats(&[0.1; 100])), ("n", Arc::new(Int64Array::from(vec![1 << 40; 100]))), ("v", category("b"))],
        );
    assert_eq!(
        lake.ask("SELECT count(DISTINCT v), max(n), min(n), max(x), min(x) FROM '$t/'").await,
        "200|1099511627776|1|0.5|0.1"
    );
    assert_eq!(lake.ask("SELECT count(*) FROM '$t/' WHERE n > 5 AND v LIKE 'b%'").await, "100");
    let lake = lake.parquet("u/a.parquet", &[("x", floats(&[1.0]))]).parquet("u/b.parquet", &[("x", texts(&["1"]))]);
    let error = lake.error("SELECT * FROM '$u/'").await;
    assert!(error.contains("column 'x' is Float64 in") && error.contains("u/b.parquet"), "{error}");
}

#[tokio::test]
async fn new_files_are_seen_and_lost_ones_are_missed() {
    let lake = Lake::new().text("g/a.csv", "x\n1\n");
    lake.create(" STORED AS CSV", "g/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT count(*) FROM f").await, "1");
    let lake = lake.text("g/b.csv", "y,x\n7,2\n");
    assert_eq!(lake.ask("SELECT sum(x) FROM f").await, "3");
    let lake = lake.text("g/b.csv", "x\n5\n6\n");
    assert_eq!(lake.ask("SELECT sum(x) FROM f").await, "12");
    fs::remove_file(lake.path("g/b.csv")).unwrap();
    assert_eq!(lake.ask("SELECT sum(x) FROM f").await, "1");
    lake.1.register_csv("stock", lake.path("g/"), Default::default()).await.unwrap();
    assert_eq!(lake.ask("SELECT count(*) FROM stock").await, "1");
    let lake = lake.text("g/c.csv", "x\n5\n");
    assert_eq!(lake.ask("SELECT count(*) FROM stock").await, "2");
}

#[tokio::test]
async fn a_folder_is_no_table_and_a_schema_can_be_dropped() {
    let lake = Lake::new();
    rows(&lake.1, "CREATE VIEW src AS SELECT 1 AS one").await;
    assert!(lake.1.sql("SELECT * FROM tests").await.unwrap_err().to_string().contains("not found"));
    rows(&lake.1, "CREATE VIEW tests AS SELECT 2 AS two").await;
    assert_eq!(lake.ask("SELECT * FROM tests").await, "2");
    for sql in ["CREATE SCHEMA s", "CREATE TABLE s.t AS SELECT 1 AS one", "DROP TABLE s.t", "DROP SCHEMA s"] {
        rows(&lake.1, sql).await;
    }
    assert!(lake.1.sql("SELECT * FROM s.t").await.is_err());
}

#[tokio::test]
async fn filename_is_the_path_of_a_row() {
    let lake = Lake::new().text("g/a.csv", "x\n1\n").text("g/b.csv", "x\n2\n3\n");
    assert_eq!(lake.ask("SELECT count(*) FROM '$g/' WHERE filename = '$g/b.csv'").await, "2");
    let named =
        lake.ask("SELECT split_part(filename, '/', -1) AS f, sum(x) FROM '$g/*.csv' GROUP BY 1 ORDER BY 1").await;
    assert_eq!(named, "a.csv|1; b.csv|5");
    assert_eq!(lake.ask("SELECT * FROM '$g/a.csv'").await, "1");
    lake.create(" STORED AS CSV PARTITIONED BY (filename)", "g/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT count(DISTINCT filename) FROM f").await, "2");
}

#[tokio::test]
async fn order_inserts_and_pruning_are_those_of_datafusion() {
    let lake = Lake::new().text("o/a.csv", "v,frame,x\na,0,1\na,1,2\n");
    lake.create(" STORED AS CSV WITH ORDER (v, frame)", "o/", "").await.unwrap();
    let plan = lines(&lake.1, "EXPLAIN SELECT * FROM f ORDER BY v, frame").await;
    assert!(!plan.contains("SortExec"), "{plan}");
    assert!(
        lake.create(" STORED AS CSV WITH ORDER (w)", "o/", "")
            .await
            .unwrap_err()
            .contains("WITH ORDER: there is no column 'w'")
    );
    fs::create_dir(lake.path("new")).unwrap();
    lake.create(" (x INT, y VARCHAR) STORED AS PARQUET", "new/", "").await.unwrap();
    assert!(lake.notes().iter().any(|note| note.contains("there is no file yet")));
    assert_eq!(lake.ask("SELECT count(*) FROM f").await, "0");
    lake.ask("INSERT INTO f VALUES (1, 'a'), (2, 'b')").await;
    assert_eq!(lake.ask("SELECT x, y FROM f ORDER BY x").await, "1|a; 2|b");
    lake.ask("INSERT INTO f SELECT x + 2, y FROM f").await;
    assert_eq!(lake.ask("SELECT count(*), max(x) FROM f").await, "4|4");
    let lake = lake
        .parquet("k/take=1/a.parquet", &[("x", floats(&[1.0]))])
        .parquet("k/take=2/a.parquet", &[("x", floats(&[2.0]))]);
    lake.create(" STORED AS PARQUET PARTITIONED BY (take)", "k/", "").await.unwrap();
    let plan = lines(&lake.1, "EXPLAIN SELECT * FROM f WHERE take = '2'").await;
    assert!(plan.contains("take=2/") && !plan.contains("take=1/"), "{plan}");
}
