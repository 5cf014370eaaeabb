//! Text that means harm: statements too deep, data that steers the terminal, passwords, files without an end.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
    command.args(arguments).current_dir(folder).env("HOME", folder).stdin(Stdio::null()).output().unwrap()
}

fn script(sql: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.sql");
    fs::write(&file, sql).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = run_in(root, &["sql", "-f", file.to_str().unwrap(), "--format", "csv"]);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn chain(link: &str, operator: &str, n: usize) -> String {
    vec![link; n].join(operator)
}

/// A chain is as deep as it is long; every one of these ended the process once.
#[test]
fn long_chains_are_run() {
    let frames = "SELECT video, frame, label, ax FROM 'tests/data/watch.parquet'";
    let terms: Vec<String> = (0..700).map(|n| format!("ax > {n}")).collect();
    for (sql, rows) in [
        (chain("SELECT 1 AS a", " UNION ALL ", 120), 120),
        (format!("SELECT {} FROM (SELECT 1 AS a)", chain("a = 1", " OR ", 700)), 1),
        (format!("SELECT {} FROM (SELECT 1 AS a)", chain("a", " + ", 700)), 1),
        (format!("SELECT {}", chain("'a'", " || ", 700)), 1),
        (format!("SELECT count(*) FROM pose_windows(({frames} WHERE {}), width => 30)", terms.join(" OR ")), 1),
        (format!("SELECT count(*) FROM ({})", chain("SELECT 1 AS a", " UNION ALL ", 700)), 1),
        (format!("CREATE VIEW v AS {}; SELECT count(*) FROM v", chain("SELECT 1 AS a", " UNION ALL ", 300)), 1),
    ] {
        let (code, out, error) = script(&sql);
        assert_eq!((code, out.lines().count()), (Some(0), rows + 1), "{}...: {error}", &sql[..40]);
    }
}

#[test]
fn what_is_too_deep_is_refused() {
    // Some 20 levels each
    let view = |n: usize| {
        format!("CREATE VIEW v{n} AS SELECT * FROM {}v{}{}", "(SELECT * FROM ".repeat(12), n - 1, ") a".repeat(12))
    };
    let views: Vec<String> = (1..230).map(view).collect();
    for sql in [
        chain("SELECT 1 AS a", " UNION ALL ", 30_000),
        format!("SELECT {}", chain("a", " OR ", 500_000)),
        format!("SELECT * FROM pose_windows((SELECT * FROM t WHERE {}), width => 3)", chain("a", " OR ", 3_000)),
        format!("SELECT {}1{}", "(".repeat(300), ")".repeat(300)),
        format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(300), " ELSE 0 END".repeat(300)),
        format!("SELECT * FROM {}t{}", "(SELECT * FROM ".repeat(100), ")".repeat(100)),
        format!("SELECT {}true", "NOT ".repeat(100_000)),
        format!("{}SELECT 1", "EXPLAIN ".repeat(100_000)),
        format!("CREATE VIEW v0 AS SELECT 1; {}; SELECT * FROM v229", views.join(";")),
    ] {
        let (code, _, error) = script(&sql);
        assert!(code == Some(1) && error.contains("nested too deeply"), "{}...: {code:?} {error}", &sql[..40]);
    }
    // A pipeline expects, too.
    let folder = tempfile::tempdir().unwrap();
    let expect = format!("SELECT {}", chain("a", " OR ", 3_000));
    let text =
        format!("name = 'p'\n[[steps]]\nname = 's'\nsql = 'SELECT 1'\n[[expect]]\nsql = '{expect}'\nequals = 1\n");
    fs::write(folder.path().join("p.toml"), text).unwrap();
    let output = run_in(folder.path(), &["run", "p.toml"]);
    assert!(output.status.code() == Some(1), "{output:?}");
}

#[test]
fn data_steers_no_terminal() {
    let sql = "SELECT chr(27) || ']0;title' || chr(7) AS \"a\x1b[31m\", 'a\u{202e}b' AS b";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = String::from_utf8(run_in(root, &["sql", "-c", sql]).stdout).unwrap();
    assert!(
        table.contains(r"\x1b]0;title\x07") && table.contains(r"a\x1b[31m") && table.contains(r"a\u{202e}b"),
        "{table}"
    );
    for sql in ["SELECT \"\x1b[31m\u{9b}\u{202e}\"", "SELECT CAST('\x1b\x07' AS INT)", "SELECT * FROM '\x1b[2J.csv'"] {
        let error = String::from_utf8(run_in(root, &["sql", "-c", sql]).stderr).unwrap();
        assert!(!error.contains(['\x1b', '\x07', '\u{9b}', '\u{202e}']) && error.contains(r"\x1b"), "{error:?}");
    }
    // CSV is for programs.
    let csv = String::from_utf8(run_in(root, &["sql", "-c", "SELECT chr(27) AS a", "--format", "csv"]).stdout).unwrap();
    assert_eq!(csv, "a\n\x1b\n");
}

#[test]
fn passwords_are_in_no_error() {
    for sql in [
        "SELECT * FROM 's3://me:hunter2@bucket/a.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 's3://bucket/a.csv' OPTIONS ('aws.secret_access_key' 'hunter2')",
        "COPY (SELECT 1) TO 's3://me:hunter2@bucket/a.csv' STORED AS CSV",
        "SET aws.secret_access_key = 'hunter2'",
        "COPY (SELECT 1) TO 'm' STORED AS LSTM OPTIONS ('password' 'hunter2')",
    ] {
        let (code, _, error) = script(sql);
        assert!(code == Some(1) && !error.contains("hunter2") && !error.contains("bug in"), "{sql}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("p");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let step = |file: &str| format!("name = 'p'\n[[steps]]\nname = 's'\nfile = '{file}'\n");
    for (name, file) in [("pipe.toml", "p"), ("zero.toml", "/dev/zero"), ("folder.toml", ".")] {
        fs::write(folder.path().join(name), step(file)).unwrap();
    }
    for (arguments, refused) in [
        (&["run", "p"][..], "cannot read the pipeline p: it is a pipe, and no file"),
        (&["run", "/dev/zero"], "it is a device, and no file"),
        (&["run", "pipe.toml"], "step 's': cannot read p: it is a pipe, and no file"),
        (&["run", "zero.toml"], "cannot read /dev/zero: it is a device"),
        (&["run", "folder.toml"], "cannot read .: it is a folder"),
        (&["sql", "-f", "p"], "cannot read p: it is a pipe, and no file"),
        (&["sql", "-c", "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'p'"], "'p' cannot be read: it is a pipe"),
        (&["sql", "-c", "SELECT * FROM '/dev/zero'"], "'/dev/zero' cannot be read: it is a device"),
    ] {
        let output = run_in(folder.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && error.contains(refused), "{arguments:?}: {error}");
    }
    // Standard input may be a pipe.
    let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
    let command = command.args(["sql", "--format", "csv"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT 1 AS a").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"a\n1\n");
}

#[test]
fn variables_of_a_pipeline_are_values_where_they_are_asked_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let text = "name = 'p'\n[variables]\nwho = 'a'\n[[steps]]\nname = 's'\nsql = 'SELECT ${who:literal} AS ${who:identifier}'\n";
    fs::write(folder.path().join("p.toml"), text).unwrap();
    let hostile = "x'; COPY (SELECT 1) TO 'pwned.csv'; SELECT 'y\"";
    let output = run_in(folder.path(), &["run", "p.toml", "--format", "ndjson", "--set", &format!("who={hostile}")]);
    let row: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(row[hostile], hostile);
    assert!(!folder.path().join("pwned.csv").exists());
}
