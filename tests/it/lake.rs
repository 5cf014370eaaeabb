//! Folders of files as people have them: what a table of them holds, and what is said of those that are not read.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array,
    ListBuilder, NullArray, RecordBatch, StringArray, StringDictionaryBuilder, TimestampMicrosecondArray,
    TimestampNanosecondArray,
};
use arrow::datatypes::Int8Type;
use arrow::ipc::writer::FileWriter;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::prelude::SessionContext;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;
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
        self.parquet_with(name, columns, None)
    }

    fn parquet_with(self, name: &str, columns: &[(&str, ArrayRef)], properties: Option<WriterProperties>) -> Self {
        let (file, batch) = self.file(name, columns);
        let mut writer = ArrowWriter::try_new(file, batch.schema(), properties).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        self
    }

    fn arrow(self, name: &str, columns: &[(&str, ArrayRef)]) -> Self {
        let (file, batch) = self.file(name, columns);
        let mut writer = FileWriter::try_new(file, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        self
    }

    fn file(&self, name: &str, columns: &[(&str, ArrayRef)]) -> (fs::File, RecordBatch) {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        (fs::File::create(path).unwrap(), RecordBatch::try_from_iter(columns.iter().cloned()).unwrap())
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

fn categories(values: &[&str]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<DictionaryArray<Int8Type>>())
}

fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
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
    for (folder, take) in [
        ("int", "take"),
        ("day", "CASE take WHEN 5 THEN DATE '2026-12-01' END"),
        ("sure", "take > 1"),
        ("category", "arrow_cast(nullif('t' || coalesce(take, 7), 't7'), 'Dictionary(Int32, Utf8)')"),
    ] {
        let rows = "(VALUES (5, 1.5), (NULL, 2.5)) AS t(take, x)";
        lake.ask(&format!(
            "COPY (SELECT {take} AS take, x FROM {rows}) TO '${folder}/' STORED AS PARQUET PARTITIONED BY (take)"
        ))
        .await;
        let missing = lake.ask(&format!("SELECT x FROM '${folder}/' WHERE take IS NULL")).await;
        assert_eq!(missing, "2.5", "{folder}");
    }
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

#[tokio::test]
async fn folders_above_a_location_are_columns_where_they_are_asked_for() {
    let lake = Lake::new()
        .text("l/subject=s1/a.csv", "x\n1\n")
        .text("l/subject=s2/b.csv", "x\n2\n")
        .text("k/Subject=s3/a.csv", "x\n3\n")
        .text("a.csv", "subject,x\ns4,4\n");
    for location in ["l/subject=s1/a.csv", "l/subject=s1/"] {
        lake.create(" STORED AS CSV PARTITIONED BY (subject)", location, "").await.unwrap();
        assert_eq!(lake.ask("SELECT x, subject FROM f").await, "1|s1", "{location}");
        assert_eq!(lake.ask("SELECT count(*) FROM f WHERE subject = 's2'").await, "0", "{location}");
    }
    // A pattern names folders as it names files; a folder is where its table begins.
    assert_eq!(lake.ask("SELECT x, subject FROM '$l/subject=s1/*.csv'").await, "1|s1");
    assert_eq!(lake.ask("SELECT x, subject FROM '$l/subject=s*/*.csv' ORDER BY x").await, "1|s1; 2|s2");
    assert_eq!(lake.ask("SELECT * EXCEPT (filename) FROM '$l/subject=s1/'").await, "1");
    assert_eq!(lake.ask("SELECT * FROM '$l/subject=s1/a.csv'").await, "1");
    // In other letters, where no folder has these.
    lake.create(" STORED AS CSV PARTITIONED BY (subject)", "k/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT x, subject FROM f").await, "3|s3");
    let error = lake.create(" STORED AS CSV PARTITIONED BY (subject)", "a.csv", "").await.unwrap_err();
    assert!(
        error.contains("a.csv': PARTITIONED BY (subject): no folder on the way to a file is called subject="),
        "{error}"
    );
}

#[tokio::test]
async fn what_exists_is_no_pattern() {
    let lake =
        Lake::new().text("take [1.csv", "x\n1\n").text("a***b.csv", "x\n2\n").text("[2026] study/c.csv", "x\n3\n");
    assert_eq!(lake.ask("SELECT x FROM '$take [1.csv'").await, "1");
    assert_eq!(lake.ask("SELECT x FROM '$a***b.csv'").await, "2");
    assert_eq!(lake.ask("SELECT x FROM '$[2026] study/*.csv'").await, "3");
    let error = lake.error("SELECT * FROM '$take [2.csv'").await;
    assert!(error.contains("there is no file '") && error.contains("it is no pattern: 'take [2.csv'"), "{error}");
}

#[tokio::test]
async fn patterns_see_through_partitions_but_not_through_files() {
    let lake = Lake::new()
        .text("p/subject=s1/lr=0.1.csv", "x\n1\n")
        .text("q/subject=s1/label=walk/a.csv", "x\n2\n")
        .text("q/subject=s3/label=walk/a.csv", "x\n4\n")
        .text("r/s1/a.csv", "x\n8\n")
        .text("r/s2/t/b.csv", "x\n16\n")
        .text("r/u/c.csv", "x\n32\n");
    assert_eq!(lake.ask("SELECT x, subject FROM '$p/*.csv'").await, "1|s1");
    assert_eq!(lake.ask("SELECT x, subject, label FROM '$q/subject=s[12]/*.csv'").await, "2|s1|walk");
    assert_eq!(lake.ask("SELECT sum(x) FROM '$r/s*/'").await, "24");
}

#[tokio::test]
async fn where_no_file_is_read_the_reason_is_said() {
    let lake = Lake::new()
        .text("deep/s1/a.csv", "x\n1\n")
        .text("packed/a.csv.gz", "x")
        .text("empty/a.csv", "")
        .text("renamed/b.pq", "x")
        .text("renamed/c.tsv", "x\ty\n1\t2\n")
        .text("other/README.md", "x")
        .text("two/a.csv", "x\n1\n")
        .text("two/b.json", "{\"x\": 1}\n")
        .text("some/a.csv", "x\n1\n")
        .text("some/b.tsv", "x\n1\n");
    for (location, reasons) in [
        ("deep/", ["holds no file that can be read", "in folders below it ('", "/deep/**/*' reads them): 1 ("]),
        ("deep", ["holds no file that can be read", "in folders below it ('", "/deep/**/*' reads them): 1 ("]),
        ("packed/", ["holds no file that can be read", "compressed (unpack them first): 1 (", "packed/a.csv.gz)"]),
        ("packed/a.csv.gz", ["is compressed", "unpack it first", ""]),
        ("empty/", ["holds no file that can be read", "0 bytes long: 1 (", "empty/a.csv)"]),
        (
            "renamed/",
            ["holds no file that can be read", "STORED AS PARQUET LOCATION '", "/renamed/*.pq' reads them: 1 ("],
        ),
        ("other/", ["holds no file that can be read", "of other kinds: 1 (", "other/README.md)"]),
        ("two", ["holds files of several kinds (CSV, JSON)", "name those of one: '", "/two/*.csv'"]),
        ("two/*", ["holds files of several kinds (CSV, JSON)", "name those of one: '", "/two/*.csv'"]),
    ] {
        let error = lake.error(&format!("SELECT * FROM '${location}'")).await;
        assert!(reasons.iter().all(|reason| error.contains(reason)), "{location}: {error}");
    }
    lake.create(" STORED AS CSV", "renamed/*.tsv", r"OPTIONS ('format.delimiter' E'\t')").await.unwrap();
    assert_eq!(lake.ask("SELECT x, y FROM f").await, "1|2");
    lake.notes();
    assert_eq!(lake.ask("SELECT x FROM '$some/'").await, "1");
    let notes = lake.notes().join("\n");
    assert!(notes.contains("of an ending that is not known") && notes.contains("some/b.tsv"), "{notes}");
}

#[tokio::test]
async fn other_delimiters_and_options_are_named() {
    let lake = Lake::new().text("a.csv", "x;y\n1;2,5\n").text("b.csv", "x\n1\nNA\n");
    let error = lake.error("SELECT * FROM '$a.csv'").await;
    assert!(error.contains("OPTIONS ('format.delimiter' ';')"), "{error}");
    lake.create(" STORED AS CSV", "a.csv", "OPTIONS ('format.delimiter' ';')").await.unwrap();
    assert_eq!(lake.ask("SELECT x, y FROM f").await, "1|2,5");
    let error = lake.create(" STORED AS CSV", "b.csv", "OPTIONS ('format.null_regex' 'NA')").await.unwrap_err();
    assert!(error.contains("'format.null_regex' 'NA': the reader of CSV does not follow it"), "{error}");
    assert_eq!(lake.ask("SELECT TRY_CAST(nullif(x, 'NA') AS DOUBLE) AS x FROM '$b.csv' ORDER BY x").await, "1.0; ");
}

#[tokio::test]
async fn a_file_whose_values_hold_ends_of_lines_is_not_parted() {
    let text: String = (0..2000).map(|i| format!("{i},\"a\nb,c\nd\"\n")).collect();
    let lake = Lake::new().text("a.csv", &format!("n,t\n{text}"));
    rows(&lake.1, "SET datafusion.optimizer.repartition_file_min_size = 1").await;
    assert_eq!(
        lake.ask("SELECT count(*), sum(n), min(length(t)), max(length(t)) FROM '$a.csv'").await,
        "2000|1999000|7|7"
    );
    lake.create(" (n INT, t VARCHAR) STORED AS CSV", "a.csv", "").await.unwrap();
    assert_eq!(lake.ask("SELECT count(*), sum(n), max(length(t)) FROM f").await, "2000|1999000|7");
}

#[tokio::test]
async fn json_keeps_digits_and_refuses_two_kinds() {
    let lake = Lake::new()
        .text(
            "a.ndjson",
            "{\"id\": 18446744073709551615, \"n\": -1}\n{\"id\": 18446744073709551614, \"n\": 9223372036854775808}\n",
        )
        .text("b.ndjson", "{\"x\": 1}\n{\"x\": \"a\"}\n")
        .text("c.json", "[{\"x\": 1}, {\"x\": 2}]\n");
    assert_eq!(
        lake.ask("SELECT id, n FROM '$a.ndjson' ORDER BY id").await,
        "18446744073709551614|9223372036854775808; 18446744073709551615|-1"
    );
    let error = lake.error("SELECT * FROM '$b.ndjson'").await;
    assert!(error.contains("b.ndjson, line 2, column 'x': a text here and a number in line 1"), "{error}");
    let error = lake.error("SELECT * FROM '$c.json'").await;
    assert!(error.contains("c.json, line 1: an array begins, and an object in each line is expected"), "{error}");
    lake.create(" STORED AS JSON", "c.json", "OPTIONS ('format.newline_delimited' 'false')").await.unwrap();
    assert_eq!(lake.ask("SELECT sum(x) FROM f").await, "3");
}

#[tokio::test]
async fn categories_inside_of_lists_are_their_values() {
    let lists = |prefix: &str| -> ArrayRef {
        let mut lists = ListBuilder::new(StringDictionaryBuilder::<Int8Type>::new());
        (0..100).for_each(|i| lists.append_value([Some(format!("{prefix}{i}"))]));
        Arc::new(lists.finish())
    };
    let lake = Lake::new().parquet("t/a.parquet", &[("v", lists("a"))]).parquet("t/b.parquet", &[("v", lists("b"))]);
    // Both together have more values than Int8 has keys.
    assert_eq!(lake.ask("SELECT count(DISTINCT v[1]), min(v[1]), max(v[1]) FROM '$t/'").await, "200|a0|b99");
}

#[tokio::test]
async fn names_in_other_letters_are_one_column() {
    let lake = Lake::new()
        .text("c/a.csv", "X,y\n1,1\n")
        .text("c/b.csv", "y,x\n2,2\n")
        .text("j/a.json", "{\"X\": 1}\n")
        .text("j/b.json", "{\"x\": 2}\n")
        .parquet("p/a.parquet", &[("X", floats(&[1.0]))])
        .parquet("p/b.parquet", &[("x", floats(&[2.0]))]);
    for (folder, sum) in [("c", "3"), ("j", "3"), ("p", "3.0")] {
        assert_eq!(lake.ask(&format!("SELECT sum(\"X\") FROM '${folder}/'")).await, sum, "{folder}");
        let notes = lake.notes().join("\n");
        assert!(notes.contains("column 'X' of ") && notes.contains("both are read as 'X'"), "{folder}: {notes}");
    }
    let lake = lake.text("c/c.csv", "x,X\n3,4\n");
    assert_eq!(lake.ask("SELECT sum(x), sum(\"X\") FROM '$c/'").await, "5|5");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_leads_back_ends_no_query() {
    let lake = Lake::new().text("l/a.csv", "x\n1\n").text("l/s/b.csv", "x\n2\n");
    std::os::unix::fs::symlink(lake.path("l"), lake.path("l/loop")).unwrap();
    assert_eq!(lake.ask("SELECT x FROM '$l/'").await, "1");
    lake.notes();
    assert_eq!(lake.ask("SELECT x FROM '$l/**/*.csv' ORDER BY x").await, "1; 2");
    let notes = lake.notes().join("\n");
    assert!(notes.contains("links that lead back: 1 (") && notes.contains("l/loop)"), "{notes}");
}

#[tokio::test]
async fn the_least_and_the_greatest_are_those_of_all_files() {
    let decimals = |values: &[i128], digits, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(values.to_vec()).with_precision_and_scale(digits, scale).unwrap())
    };
    let lake = Lake::new()
        .parquet(
            "t/a.parquet",
            &[
                ("n", Arc::new(Int32Array::from(vec![0, 500, 999]))),
                ("v", categories(&["m", "z", "k"])),
                ("t", Arc::new(TimestampMicrosecondArray::from(vec![1_000_000, 3_000_000, 2_000_000]))),
                ("d", Arc::new(Date32Array::from(vec![2, 3, 1]))),
                ("c", decimals(&[150, 25, 100], 5, 2)),
            ],
        )
        .parquet(
            "t/b.parquet",
            &[
                ("n", ints(&[9, 3, 5])),
                ("v", texts(&["b", "c", "d"])),
                ("t", Arc::new(TimestampNanosecondArray::from(vec![2_000_000_000; 3]))),
                // Two and a half days.
                ("d", Arc::new(TimestampMicrosecondArray::from(vec![216_000_000_000; 3]))),
                ("c", decimals(&[5_000, 20_000, 10_000], 6, 4)),
            ],
        );
    for (column, least, greatest) in [
        ("n", "0", "999"),
        ("v", "b", "z"),
        ("t", "1970-01-01T00:00:01", "1970-01-01T00:00:03"),
        ("d", "1970-01-02T00:00:00", "1970-01-04T00:00:00"),
        ("c", "0.2500", "2.0000"),
    ] {
        assert_eq!(lake.ask(&format!("SELECT max({column}) FROM '$t/'")).await, greatest);
        assert_eq!(lake.ask(&format!("SELECT min({column}) FROM '$t/'")).await, least);
        let both = lake.ask(&format!("SELECT min({column}), max({column}) FROM '$t/'")).await;
        assert_eq!(both, format!("{least}|{greatest}"));
    }
    // One after the other, the files are in no order.
    rows(&lake.1, "SET datafusion.execution.target_partitions = 1").await;
    let lake = lake
        .parquet("o/a.parquet", &[("n", Arc::new(Int32Array::from(vec![0, 500, 999])))])
        .parquet("o/b.parquet", &[("n", ints(&[3, 5, 9]))]);
    lake.create(" STORED AS PARQUET WITH ORDER (n)", "o/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT n FROM f ORDER BY n").await, "0; 3; 5; 9; 500; 999");
}

#[tokio::test]
async fn files_without_rows_and_orders_of_their_own_are_not_believed() {
    let lake = Lake::new()
        .parquet("k/take=1/a.parquet", &[("x", floats(&[1.0]))])
        .parquet("k/take=9/b.parquet", &[("x", floats(&[]))]);
    lake.create(" (x DOUBLE, take INT) STORED AS PARQUET PARTITIONED BY (take)", "k/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT min(take), max(take), count(*) FROM f").await, "1|1|1");
    assert_eq!(lake.ask("SELECT count(*), max(take) FROM f WHERE take = 9").await, "0|");
    // The metadata say sorted, which is what the writer was told.
    let sorted = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
    let properties = WriterProperties::builder().set_sorting_columns(Some(vec![sorted])).build();
    let lake = lake.parquet_with("s.parquet", &[("n", ints(&[3, 1, 2]))], Some(properties));
    assert_eq!(lake.ask("SELECT n FROM '$s.parquet' ORDER BY n").await, "1; 2; 3");
}

#[tokio::test]
async fn arrow_is_read_by_the_names_of_its_columns() {
    let lake = Lake::new()
        .arrow(
            "l/a.arrow",
            &[
                ("x", Arc::new(Float32Array::from(vec![1.5]))),
                ("y", ints(&[10])),
                ("c", categories(&["k"])),
                ("n", Arc::new(NullArray::new(1))),
            ],
        )
        .arrow("l/b.arrow", &[("y", ints(&[20])), ("x", floats(&[2.5]))]);
    assert_eq!(lake.ask("SELECT x, y, c, n FROM '$l/' ORDER BY y").await, "1.5|10|k|; 2.5|20||");
    assert_eq!(lake.ask("SELECT sum(y) FROM '$l/' WHERE x > 2").await, "20");
    assert_eq!(lake.ask("SELECT y FROM '$l/' WHERE c = 'k'").await, "10");
    assert_eq!(
        lake.ask("SELECT arrow_typeof(x), arrow_typeof(c), count(*) FROM '$l/' GROUP BY 1, 2").await,
        "Float64|Utf8View|2"
    );
    lake.create(" (y BIGINT, x DOUBLE) STORED AS ARROW", "l/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT * FROM f ORDER BY y").await, "10|1.5; 20|2.5");
    let lake = lake.text("l/c.arrow", "no");
    let error = lake.error("SELECT * FROM f").await;
    assert!(error.contains("l/c.arrow: cannot be read"), "{error}");
}

#[tokio::test]
async fn of_a_column_in_files_and_folders_that_of_the_folders_is_read() {
    let lake = Lake::new()
        .text("l/subject=s01/a.csv", "subject,x\nanon,1\n")
        .parquet("p/subject=s01/a.parquet", &[("subject", texts(&["anon"])), ("x", ints(&[1]))])
        .arrow("a/subject=s01/a.arrow", &[("subject", texts(&["anon"])), ("x", ints(&[1]))])
        .text("j/subject=s01/a.json", "{\"subject\": \"anon\", \"x\": 1}\n")
        .text("v/a.csv", "filename,x\nraw.mp4,1\n");
    for folder in ["l", "p", "a", "j"] {
        let from = format!("FROM '${folder}/'");
        assert_eq!(lake.ask(&format!("SELECT subject, x {from}")).await, "s01|1", "{folder}");
        assert_eq!(lake.ask(&format!("SELECT subject, sum(x) {from} GROUP BY subject")).await, "s01|1", "{folder}");
        assert_eq!(lake.ask(&format!("SELECT subject {from} WHERE subject = 's01'")).await, "s01", "{folder}");
        assert_eq!(lake.ask(&format!("SELECT count(*) {from} WHERE subject = 'anon'")).await, "0", "{folder}");
    }
    lake.create(" STORED AS CSV PARTITIONED BY (filename)", "v/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT split_part(filename, '/', -1), x FROM f").await, "a.csv|1");
}

#[tokio::test]
async fn exact_names_come_before_other_letters() {
    let lake = Lake::new()
        .text("c/a.csv", "x,X\n1,2\n")
        .text("c/b.csv", "x\n3\n")
        .text("j/a.json", "{\"x\": 1, \"X\": 2}\n")
        .text("j/b.json", "{\"x\": 3}\n")
        .parquet("p/a.parquet", &[("x", ints(&[1])), ("X", ints(&[2]))])
        .parquet("p/b.parquet", &[("x", ints(&[3]))])
        .arrow("a/a.arrow", &[("x", ints(&[1])), ("X", ints(&[2]))])
        .arrow("a/b.arrow", &[("x", ints(&[3]))]);
    for folder in ["c", "j", "p", "a"] {
        let found = lake.ask(&format!("SELECT x, \"X\" FROM '${folder}/' ORDER BY x")).await;
        assert_eq!(found, "1|2; 3|", "{folder}");
    }
    // Declared in small letters, written in capitals.
    let lake = lake
        .text("u/a.json", "{\"N\": 1}\n")
        .text("u/b.json", "{\"n\": 2}\n")
        .parquet("u/a.parquet", &[("N", ints(&[1]))])
        .parquet("u/b.parquet", &[("n", ints(&[2]))])
        .arrow("u/a.arrow", &[("N", ints(&[1]))])
        .arrow("u/b.arrow", &[("n", ints(&[2]))]);
    for kind in ["JSON", "PARQUET", "ARROW"] {
        lake.create(&format!(" (n BIGINT) STORED AS {kind}"), "u/", "").await.unwrap();
        assert_eq!(lake.ask("SELECT sum(n), min(n), max(n) FROM f").await, "3|1|2", "{kind}");
        assert_eq!(lake.ask("SELECT n FROM f WHERE n < 2").await, "1", "{kind}");
        assert_eq!(lake.ask("SELECT n FROM f ORDER BY n DESC LIMIT 1").await, "2", "{kind}");
    }
}

#[tokio::test]
async fn a_file_of_another_type_that_comes_later_is_an_error() {
    let lake = Lake::new()
        .parquet("p/a.parquet", &[("x", ints(&[1]))])
        .arrow("a/a.arrow", &[("x", ints(&[1]))])
        .text("j/a.json", "{\"x\": 1}\n")
        .text("c/a.csv", "x\n1\n");
    let stored = [("p", "PARQUET"), ("a", "ARROW"), ("j", "JSON"), ("c", "CSV")];
    for (folder, kind) in stored {
        let table =
            format!("CREATE EXTERNAL TABLE {folder} STORED AS {kind} LOCATION '{}'", lake.path(&format!("{folder}/")));
        rows(&lake.1, &table).await;
        assert_eq!(lake.ask(&format!("SELECT sum(x) FROM {folder}")).await, "1", "{folder}");
    }
    let lake = lake
        .parquet("p/b.parquet", &[("x", floats(&[0.5]))])
        .arrow("a/b.arrow", &[("x", floats(&[0.5]))])
        .text("j/b.json", "{\"x\": 0.5}\n")
        .text("c/b.csv", "x\n0.5\n");
    for (folder, kind) in stored {
        let error = lake.error(&format!("SELECT sum(x) FROM {folder}")).await;
        assert!(error.contains("column 'x' is Float64 in ") && error.contains(&format!("{folder}/b.")), "{error}");
        assert!(error.contains("and the table was made when it was Int64: make the table again"), "{error}");
        lake.create(&format!(" STORED AS {kind}"), &format!("{folder}/"), "").await.unwrap();
        assert_eq!(lake.ask("SELECT sum(x) FROM f").await, "1.5", "{folder}");
    }
    // Nobody promised that later files have no NULL.
    let lake = lake.parquet("q/a.parquet", &[("x", ints(&[1]))]);
    lake.create(" STORED AS PARQUET", "q/", "").await.unwrap();
    let lake = lake.parquet("q/b.parquet", &[("x", Arc::new(Int64Array::from(vec![None, Some(2)])))]);
    assert_eq!(lake.ask("SELECT count(*) FROM f WHERE x IS NULL").await, "1");
    assert_eq!(lake.ask("SELECT sum(x) FROM f WHERE x IS NOT NULL").await, "3");
}

#[tokio::test]
async fn a_declared_type_that_would_lose_something_is_refused() {
    let lake = Lake::new()
        .parquet("p.parquet", &[("x", floats(&[1.5])), ("n", ints(&[7]))])
        .arrow("a.arrow", &[("x", floats(&[1.5])), ("n", ints(&[7]))])
        .text("j.json", "{\"x\": 1.5, \"n\": 7}\n");
    for (file, kind) in [("p.parquet", "PARQUET"), ("a.arrow", "ARROW"), ("j.json", "JSON")] {
        let error = lake.create(&format!(" (x INT) STORED AS {kind}"), file, "").await.unwrap_err();
        assert!(error.contains("column 'x' is Float64 in ") && error.contains(file), "{error}");
        let advice = "declared as Int32, which loses what stands behind the point; declare it as DOUBLE, and CAST it in the query";
        assert!(error.contains(advice), "{error}");
        lake.create(&format!(" (x DOUBLE, n INT) STORED AS {kind}"), file, "").await.unwrap();
        assert_eq!(lake.ask("SELECT CAST(x AS INT), n FROM f").await, "1|7", "{kind}");
    }
}

#[tokio::test]
async fn a_declared_column_that_files_lack_is_told() {
    let lake = Lake::new()
        .parquet("p/a.parquet", &[("x", floats(&[1.0])), ("leg", floats(&[2.0]))])
        .parquet("p/b.parquet", &[("x", floats(&[3.0]))]);
    let error = lake.create(" (x DOUBLE, legs DOUBLE) STORED AS PARQUET", "p/", "").await.unwrap_err();
    assert!(error.contains("p/: no file has column 'legs'; did you mean 'leg'?"), "{error}");
    lake.create(" (x DOUBLE, leg DOUBLE) STORED AS PARQUET", "p/", "").await.unwrap();
    let notes = lake.notes().join("\n");
    assert!(notes.contains("1 of 2 files have column leg; in the others it is NULL"), "{notes}");
    assert_eq!(lake.ask("SELECT x, leg FROM f ORDER BY x").await, "1.0|2.0; 3.0|");
    // The files may come after the table.
    fs::create_dir(lake.path("late")).unwrap();
    lake.create(" (x DOUBLE, legs DOUBLE) STORED AS JSON", "late/", "").await.unwrap();
    let lake = lake.text("late/a.json", "{\"x\": 1, \"leg\": 2}\n");
    let error = lake.error("SELECT legs FROM f").await;
    assert!(error.contains("late/: no file has column 'legs'; did you mean 'leg'?"), "{error}");
}

#[tokio::test]
async fn null_becomes_a_folder_without_a_value() {
    let lake = Lake::new();
    fs::create_dir(lake.path("i")).unwrap();
    let columns = " (x INT, take INT, ok BOOLEAN, day DATE) STORED AS PARQUET PARTITIONED BY (take, ok, day)";
    lake.create(columns, "i/", "").await.unwrap();
    lake.ask("INSERT INTO f VALUES (1, NULL, NULL, NULL), (2, 7, true, '2026-01-31')").await;
    assert_eq!(lake.ask("SELECT x, take, ok, day FROM f ORDER BY x").await, "1|||; 2|7|true|2026-01-31");
    assert!(Path::new(&lake.path("i/take=7/ok=true/day=2026-01-31")).is_dir());
    // A text that was there before lies below such a NULL.
    fs::create_dir(lake.path("n")).unwrap();
    lake.create(" (x INT, s VARCHAR) STORED AS CSV PARTITIONED BY (s)", "n/", "").await.unwrap();
    lake.ask("INSERT INTO f SELECT x, nullif(s, 'a') FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, s)").await;
    assert_eq!(lake.ask("SELECT x, s FROM f ORDER BY x").await, "1|; 2|b");
    fs::create_dir(lake.path("m")).unwrap();
    lake.create(" (x INT NOT NULL, y INT) STORED AS PARQUET", "m/", "").await.unwrap();
    assert!(!lake.error("INSERT INTO f VALUES (NULL, 1)").await.is_empty());
}

#[tokio::test]
async fn a_broken_file_that_comes_later_is_named() {
    let lake = Lake::new().parquet("b/a.parquet", &[("x", floats(&[1.0]))]);
    lake.create(" STORED AS PARQUET", "b/", "").await.unwrap();
    let lake = lake.text("b/b.parquet", "PAR1 and nothing that follows from it");
    let error = lake.error("SELECT * FROM f").await;
    assert!(error.contains("b/b.parquet: cannot be read"), "{error}");
}

#[tokio::test]
async fn lines_of_errors_are_those_of_the_file() {
    let lake = Lake::new().text("a.csv", "n,t\n1,\"a\nb\"\n\n2,c\nz,d\n").text("b.csv", "n,t\n1,\"a\nb\"\n2,c,d\n");
    lake.create(" (n INT, t VARCHAR) STORED AS CSV", "a.csv", "").await.unwrap();
    let error = lake.error("SELECT * FROM f").await;
    assert!(error.contains("a.csv, line 6, column 'n': 'z' is no Int32"), "{error}");
    lake.create(" (n INT, t VARCHAR) STORED AS CSV", "b.csv", "").await.unwrap();
    let error = lake.error("SELECT * FROM f").await;
    assert!(error.contains("b.csv, line 4: 3 values, expected 2"), "{error}");
}

#[tokio::test]
async fn null_keeps_files_from_being_taken_for_sorted() {
    let lake = Lake::new();
    let lake =
        [vec![Some(1), Some(2), None], vec![Some(3), Some(4), None], vec![Some(5), Some(6)], vec![Some(7), Some(8)]]
            .into_iter()
            .enumerate()
            .fold(lake, |lake, (file, values)| {
                lake.parquet(&format!("w/{file}.parquet"), &[("frame", Arc::new(Int64Array::from(values)))])
            });
    lake.create(" STORED AS PARQUET WITH ORDER (frame NULLS LAST)", "w/", "").await.unwrap();
    let all = lake.ask("SELECT frame FROM f ORDER BY frame NULLS LAST").await;
    assert_eq!(all, "1; 2; 3; 4; 5; 6; 7; 8; ; ");
    assert_eq!(lake.ask("SELECT frame FROM f ORDER BY frame NULLS LAST LIMIT 3").await, "1; 2; 3");
}

#[tokio::test]
async fn two_columns_of_one_name_are_refused() {
    let one = |value| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
    let lake = Lake::new().parquet("p/a.parquet", &[("x", one(1)), ("y", one(2)), ("x", one(3))]);
    let error = lake.error("SELECT * FROM '$p/a.parquet'").await;
    assert!(error.contains("a.parquet has two columns 'x'"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_leaves_files_in_their_declared_order() {
    let values =
        |file: i64, rows: i64| -> ArrayRef { Arc::new((0..rows).map(|row| file + 3 * row).collect::<Int64Array>()) };
    let lake = Lake(tempfile::tempdir().unwrap(), session(4, 100));
    let lake = lake.parquet("w/0.parquet", &[("frame", Arc::new(Int64Array::from(vec![5000, 5001])))]);
    let lake =
        (1..4).fold(lake, |lake, file| lake.parquet(&format!("w/{file}.parquet"), &[("frame", values(file, 500))]));
    lake.create(" STORED AS PARQUET WITH ORDER (frame)", "w/", "").await.unwrap();
    // Rows are wrong in some runs only, where one partition takes the files of another; that it may is seen in each.
    let limited = lake.1.sql("SELECT frame FROM f ORDER BY frame LIMIT 5").await.unwrap();
    let mut scans = 0;
    limited
        .create_physical_plan()
        .await
        .unwrap()
        .apply(|node| {
            let source = node.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
            if let Some(config) = source.and_then(|source| source.downcast_ref::<FileScanConfig>()) {
                assert!(config.preserve_order && !config.output_ordering.is_empty());
                scans += 1;
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .unwrap();
    assert_eq!(scans, 1);
    assert_eq!(lake.ask("SELECT frame FROM f ORDER BY frame LIMIT 5").await, "1; 2; 3; 4; 5");
    // 1 + 2 + ... + 1000
    assert_eq!(lake.ask("SELECT sum(frame) FROM (SELECT frame FROM f ORDER BY frame LIMIT 1000)").await, "500500");
}

#[tokio::test]
async fn quotes_far_behind_the_head_of_a_file_keep_it_in_one_piece() {
    let plain: String = (0..100_000).map(|row| format!("{row},plain text value\n")).collect();
    let quoted: String = (100_000..200_000).map(|row| format!("{row},\"quoted\n{row},value\"\n")).collect();
    let lake = Lake(tempfile::tempdir().unwrap(), session(4, 8192));
    let lake = lake.text("q.csv", &format!("x,y\n{plain}{quoted}"));
    rows(&lake.1, "SET datafusion.optimizer.repartition_file_min_size = 1000").await;
    lake.create(" (x BIGINT, y VARCHAR) STORED AS CSV", "q.csv", "").await.unwrap();
    // 0 + 1 + ... + 199,999
    assert_eq!(lake.ask("SELECT count(*), sum(x) FROM f").await, "200000|19999900000");
}

#[tokio::test]
async fn json_is_read_as_it_was_written() {
    let lake = Lake::new()
        .text("a.json", "[\n {\"x\": 1,\n  \"y\": \"a\"},\n {\"x\": 2.5}\n]\n")
        .text("j/a.json", "{\"x\": 1, \"m\": 1.25}\n")
        .text("mark.json", "\u{feff}{\"x\": 1}\n");
    let array = "OPTIONS ('format.newline_delimited' 'false')";
    for columns in ["", " (x DOUBLE, y VARCHAR)"] {
        lake.create(&format!("{columns} STORED AS JSON"), "a.json", array).await.unwrap();
        assert_eq!(lake.ask("SELECT x, y FROM f").await, "1.0|a; 2.5|", "{columns}");
    }
    lake.create(" (x BIGINT, m DECIMAL(8, 3)) STORED AS JSON", "j/", "").await.unwrap();
    lake.ask("INSERT INTO f VALUES (2, 0.125)").await;
    assert_eq!(lake.ask("SELECT x, m FROM f ORDER BY x").await, "1|1.250; 2|0.125");
    let error = lake.error("SELECT * FROM '$mark.json'").await;
    assert!(error.contains("mark.json begins with a byte order mark"), "{error}");
}

#[tokio::test]
async fn a_partition_may_be_named_in_quotes() {
    let lake = Lake::new().text("l/Subject=s1/a.csv", "x\n1\n");
    lake.create(" STORED AS CSV PARTITIONED BY (\"Subject\")", "l/", "").await.unwrap();
    assert_eq!(lake.ask("SELECT x, \"Subject\" FROM f").await, "1|s1");
}
