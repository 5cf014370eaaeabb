//! Safe mode: whatever a statement tries, nothing outside of the allowed folders is read or written, and nothing is changed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Two folders beside one another: what may be touched, and what may not.
struct Place {
    folder: tempfile::TempDir,
}

const SECRET: &str = "the secret";

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for made in ["inside/sub", "outside"] {
            fs::create_dir_all(at(made)).unwrap();
        }
        fs::write(at("inside/own.csv"), "a\nmine\n").unwrap();
        for (file, text) in
            [("secret.csv", "a\nthe secret\n"), ("secret.json", "{\"a\":\"the secret\"}\n"), ("passwd", "the secret\n")]
        {
            fs::write(at("outside").join(file), text).unwrap();
        }
        symlink(at("outside/secret.csv"), at("inside/link.csv")).unwrap();
        symlink(at("outside"), at("inside/door")).unwrap();
        symlink(at("outside/new.csv"), at("inside/to_new.csv")).unwrap();
        Self { folder }
    }

    /// Runs SQL where `IN` and `OUT` are the two folders.
    fn run(&self, sql: &str, flags: &[&str]) -> Output {
        let text = |text: &str| {
            let folder = self.folder.path().display();
            text.replace("IN/", &format!("{folder}/inside/")).replace("OUT/", &format!("{folder}/outside/"))
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
        let command = command.current_dir(self.folder.path().join("inside")).args(["sql", "--safe", "-c", &text(sql)]);
        let flags = flags.iter().map(|flag| text(&format!("{flag}/")).trim_end_matches('/').to_owned());
        command.args(flags).env("HOME", self.folder.path()).stdin(Stdio::null()).output().unwrap()
    }

    /// All files outside, with what is in them.
    fn outside(&self) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<_> = walk(&self.folder.path().join("outside"));
        all.extend(
            walk(self.folder.path())
                .into_iter()
                .filter(|(name, _)| !name.contains("inside/") && !name.contains("outside/")),
        );
        all.sort();
        all
    }
}

fn walk(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        match () {
            () if kind.is_dir() => found.extend(walk(&path)),
            () if kind.is_file() => found.push((path.display().to_string(), fs::read(&path).unwrap())),
            () => {}
        }
    }
    found
}

const READS: [&str; 19] = [
    "SELECT * FROM 'OUT/secret.csv'",
    "SELECT * FROM 'OUT/'",
    "SELECT * FROM 'OUT/*.csv'",
    "SELECT * FROM 'OUT/secret.json'",
    "SELECT * FROM 'file://OUT/secret.csv'",
    "SELECT * FROM '../outside/secret.csv'",
    "SELECT * FROM 'IN/../outside/secret.csv'",
    "SELECT * FROM 'IN/link.csv'",
    "SELECT * FROM 'IN/door/secret.csv'",
    "SELECT * FROM 'IN/door/'",
    "SELECT * FROM 'IN/*/secret.csv'",
    "SELECT * FROM 'IN/sub/../../outside/secret.csv'",
    "SELECT * FROM '/proc/self/root/OUT/secret.csv'",
    "SELECT * FROM '/proc/self/cwd/../outside/secret.csv'",
    "CREATE EXTERNAL TABLE s (a VARCHAR) STORED AS CSV LOCATION 'OUT/passwd' OPTIONS ('format.has_header' 'false'); SELECT * FROM s",
    "CREATE EXTERNAL TABLE s (a VARCHAR) STORED AS CSV LOCATION 'IN/door/passwd' OPTIONS ('format.has_header' 'false'); SELECT * FROM s",
    "CREATE UNBOUNDED EXTERNAL TABLE s (a VARCHAR) STORED AS CSV LOCATION 'OUT/secret.csv'; SELECT * FROM s",
    "SELECT * FROM models.gait.metrics",
    "SELECT * FROM 's3://bucket/secret.csv'",
];

const WRITES: [&str; 15] = [
    "COPY (SELECT 1 AS a) TO 'OUT/new.csv' STORED AS CSV",
    "COPY (SELECT 1 AS a) TO 'OUT/secret.csv' STORED AS CSV",
    "COPY (SELECT 1 AS a) TO '../outside/new.parquet' STORED AS PARQUET",
    "COPY (SELECT 1 AS a) TO 'IN/door/new.json' STORED AS JSON",
    "COPY (SELECT 1 AS a) TO 'IN/to_new.csv' STORED AS CSV",
    "COPY (SELECT 1 AS a) TO 'IN/link.csv' STORED AS CSV",
    "COPY (SELECT 1 AS a, 'x' AS b) TO 'OUT/parts/' STORED AS CSV PARTITIONED BY (b)",
    "EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO 'OUT/new.csv' STORED AS CSV",
    "COPY (SELECT [1.0, 2.0] AS features, 'a' AS label) TO 'OUT/gait' STORED AS LSTM OPTIONS ('width' '1')",
    "COPY (SELECT [1.0, 2.0] AS features, 'a' AS label) TO 'gait' STORED AS LSTM OPTIONS ('width' '1', 'tensorboard' 'OUT/logs')",
    "COPY (SELECT [1.0, 2.0] AS features, 'a' AS label) TO 'gait' STORED AS LSTM OPTIONS ('width' '1', 'init_from' '../../outside/x')",
    "CREATE EXTERNAL TABLE t (a INT) STORED AS CSV LOCATION 'OUT/new/'; INSERT INTO t VALUES (1)",
    "CREATE EXTERNAL TABLE t (a INT) STORED AS CSV LOCATION 'IN/door/new/'; INSERT INTO t VALUES (1)",
    "COPY (SELECT 1 AS a) TO 's3://bucket/new.csv' STORED AS CSV",
    "COPY (SELECT 1 AS a) TO '/etc/posequel_new.csv' STORED AS CSV",
];

const CHANGES: [&str; 12] = [
    "SET posequel.models.location = 'OUT/models'",
    "SET posequel.safe.mode = false",
    "SET posequel.safe.mode = true",
    "SET posequel.safe.allow_write = 'OUT/'",
    "SET posequel.safe.allow_read = '/'",
    "SET datafusion.runtime.temp_directory = 'OUT/spill'",
    "SET datafusion.runtime.memory_limit = '100G'",
    "SET datafusion.execution.target_partitions = 1",
    "RESET datafusion.runtime.memory_limit",
    "PREPARE p AS SELECT 1",
    "CREATE FUNCTION f(DOUBLE) RETURNS DOUBLE RETURN $1",
    "BEGIN",
];

#[test]
fn nothing_outside_is_read_written_or_changed() {
    let place = Place::new();
    let before = place.outside();
    let escapes = READS.iter().chain(&WRITES).chain(&CHANGES);
    for sql in escapes {
        for flags in [&["--allow-read", "IN"][..], &["--allow-write", "IN"]] {
            let output = place.run(sql, flags);
            let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(!output.status.success(), "{sql} {flags:?}: {out}{err}");
            assert!(!out.contains(SECRET) && !err.contains(SECRET), "{sql} {flags:?}: {out}{err}");
            assert!(!err.contains("panicked") && !err.contains("bug in"), "{sql} {flags:?}: {err}");
            assert!(place.outside() == before, "{sql} {flags:?}: something outside has changed");
        }
    }
}

#[test]
fn what_lies_below_the_roots_is_as_ever() {
    let place = Place::new();
    let rows = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let read = place.run("SELECT * FROM 'IN/own.csv'", &["--allow-read", "IN", "--format=csv"]);
    assert_eq!((read.status.code(), rows(&read).as_str()), (Some(0), "a\nmine\n"), "{read:?}");
    // To read is all that --allow-read allows.
    for sql in [
        "COPY (SELECT 1 AS a) TO 'IN/new.csv' STORED AS CSV",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE t AS SELECT 1",
    ] {
        let refused = place.run(sql, &["--allow-read", "IN"]);
        assert!(
            !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("--allow-write"),
            "{sql}"
        );
    }
    let sql = "CREATE VIEW v AS SELECT 1 AS a; COPY (SELECT * FROM v) TO 'IN/new.csv' STORED AS CSV; SELECT * FROM 'IN/new.csv'";
    let written = place.run(sql, &["--allow-write", "IN", "--format=ndjson"]);
    assert_eq!(
        (written.status.code(), rows(&written).as_str()),
        (Some(0), "{\"count\":1}\n{\"a\":1}\n"),
        "{written:?}"
    );
}
