//! The binary as a shell sees it: exit codes, what is on stdout, what is on stderr.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A folder of its own in which `tests/`, `sql/` and `pipelines/` are those of the repository: what a script writes
/// by a relative path lands in the folder.
pub fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["tests", "sql", "pipelines"] {
        std::os::unix::fs::symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), folder.path().join(name)).unwrap();
    }
    folder
}

fn posequel(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command
}

pub fn run(args: &[&str]) -> Output {
    let folder = workplace();
    posequel(folder.path(), args).output().unwrap()
}

pub fn run_script(sql: &str, args: &[&str]) -> Output {
    let folder = workplace();
    let mut child = posequel(folder.path(), args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

pub fn refused(output: &Output, code: i32, message: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    assert!(stderr(output).contains(message), "{}", stderr(output));
    assert_eq!(stdout(output), "");
}

#[test]
fn json_is_an_array_of_row_objects() {
    let sql = "SELECT label, count(*) AS n FROM 'tests/data/watch.parquet' GROUP BY label ORDER BY label";
    let output = run(&["sql", "-c", sql, "--format", "json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(rows.len(), 7);
    assert_eq!(rows[0], serde_json::json!({"label": "ABD", "n": 39905}));
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn json_of_no_rows_is_valid() {
    let output = run(&["sql", "-c", "SELECT 1 AS a WHERE false", "--format", "json"]);
    assert_eq!(stdout(&output), "[]\n");
}

#[test]
fn json_of_a_script_is_its_last_result_and_says_so() {
    let output = run_script("SELECT 1 AS a; SELECT 2 AS b;", &["sql", "--format", "json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(stdout(&output)).unwrap(), serde_json::json!([{"b": 2}]));
    assert!(stderr(&output).contains("1 earlier results"), "{}", stderr(&output));
}

#[test]
fn a_table_is_for_people() {
    let output = run(&["sql", "-c", "CREATE VIEW v AS SELECT 1 AS one; SELECT * FROM v"]);
    assert_eq!(stdout(&output), "+-----+\n| one |\n+-----+\n| 1   |\n+-----+\n");
}

#[test]
fn a_script_stops_at_its_first_failing_statement() {
    let output = run_script("SELECT 1 AS a;\n\nSELECT x;\nSELECT 2 AS b;", &["sql", "--format", "csv"]);
    assert_eq!(stdout(&output), "a\n1\n");
    assert!(stderr(&output).starts_with("error: stdin:3: "), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_slip_at_the_end_of_a_script_is_found_before_its_start_runs() {
    let folder = workplace();
    fs::write(folder.path().join("slip.sql"), "SELECT 1;\nSELEKT 2;\n").unwrap();
    let output = posequel(folder.path(), &["sql", "-f", "slip.sql"]).output().unwrap();
    refused(&output, 1, "error: slip.sql:2:1: ");
}

#[test]
fn errors_do_not_name_the_layers_they_came_through() {
    let output = run(&["sql", "-c", "SELECT * FROM no_such_table"]);
    refused(&output, 1, "no_such_table");
    for noise in ["External error", "Error during planning", "DataFusion"] {
        assert!(!stderr(&output).contains(noise), "{}", stderr(&output));
    }
}

#[test]
fn wrong_usage_is_2() {
    refused(&run(&["sql", "--fromat", "json"]), 2, "--format");
    refused(&run(&["sql", "-c", "SELECT 1", "--format", "jsn"]), 2, "did you mean 'json'?");
    refused(&run(&["sql", "-c", "SELECT 1", "--set", "novalue"]), 2, "expected key=value");
    refused(&run(&["sql", "-c", "SELECT 1", "--partitions", "0"]), 2, "0");
}

#[test]
fn a_session_option_is_set_or_refused_by_name() {
    let sql = "SELECT value FROM information_schema.df_settings WHERE name = 'datafusion.execution.target_partitions'";
    assert_eq!(stdout(&run(&["sql", "-c", sql, "--format", "csv", "--partitions", "3"])), "value\n3\n");
    let output = run(&["sql", "-c", "SELECT 1", "--set", "posequel.models.locaton=x"]);
    refused(&output, 1, "did you mean 'posequel.models.location'?");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = workplace();
    let sql = "SELECT * FROM 'tests/data/watch.parquet'";
    let mut command = posequel(folder.path(), &["sql", "-c", sql, "--format", "ndjson"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut start = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn memory_that_runs_out_is_4() {
    let set = ["--set", "datafusion.runtime.memory_limit=1M", "--set", "datafusion.runtime.max_temp_directory_size=0"];
    let sql = "SELECT * FROM 'tests/data/watch.parquet' ORDER BY wz, wy, video";
    let output = run(&[&["sql", "-c", sql], &set[..]].concat());
    refused(&output, 4, "error: ");
}

#[test]
fn data_that_is_refused_is_3() {
    let sql = "COPY (SELECT window_id, label, features FROM pose_windows((\
               SELECT source, video, frame, label, ax FROM 'tests/data/watch.parquet' WHERE label = 'PEN'), \
               width => 50, stride => 50)) TO 'models/one' STORED AS LSTM";
    refused(&run(&["sql", "-c", sql]), 3, "class 'PEN' only");
}

#[test]
fn a_pipeline_shows_its_steps_and_checks_its_expectations() {
    let folder = workplace();
    let manifest = "name = 'small'\n[variables]\nn = 3\n[[steps]]\nname = 'count'\nsql = 'SELECT ${n} AS n'\n\
                    [[expect]]\nsql = 'SELECT ${n}'\nat_most = 3\nwhy = 'three is enough'\n";
    fs::write(folder.path().join("small.toml"), manifest).unwrap();
    let good = posequel(folder.path(), &["run", "small.toml"]).output().unwrap();
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    assert_eq!(stdout(&good), "+---+\n| n |\n+---+\n| 3 |\n+---+\n");
    assert_eq!(stderr(&good), "small [1/1] count\nsmall: as expected (1 of 1)\n");
    let bad = posequel(folder.path(), &["run", "small.toml", "--set", "n=4"]).output().unwrap();
    assert_eq!(bad.status.code(), Some(1));
    assert!(stderr(&bad).contains("expected at most 3, got 4; three is enough"), "{}", stderr(&bad));
}

#[test]
fn a_pipeline_refuses_what_it_does_not_know() {
    let folder = workplace();
    let manifest = "name = 'small'\n[variables]\nseed = 3\n[[steps]]\nname = 'one'\nsql = 'SELECT ${seed}'\n";
    fs::write(folder.path().join("small.toml"), manifest).unwrap();
    let output = posequel(folder.path(), &["run", "small.toml", "--set", "sede=1"]).output().unwrap();
    refused(&output, 1, "did you mean 'seed'?");
    fs::write(folder.path().join("small.toml"), manifest.replace("sql =", "slq =")).unwrap();
    let output = posequel(folder.path(), &["run", "small.toml"]).output().unwrap();
    refused(&output, 1, "line 6, column 1");
}

#[test]
fn there_is_help_with_examples() {
    for command in ["sql", "run", "models", "report"] {
        let output = run(&[command, "--help"]);
        assert!(stdout(&output).contains("Examples:\n  posequel"), "{}", stdout(&output));
    }
}

#[test]
fn a_folder_without_models_lists_none() {
    assert_eq!(stdout(&run(&["models", "--format", "json"])), "[]\n");
    refused(&run(&["models", "gait"]), 1, "there is no model 'gait'");
}

#[test]
fn lessons_and_pipelines_parse() {
    for file in ["quickstart", "imbalanced"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pipelines/{file}.toml"));
        posequel::pipeline::Manifest::read(&path).unwrap();
    }
}
