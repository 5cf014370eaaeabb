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
fn a_closed_pipe_ends_quietly_and_is_no_success() {
    let folder = workplace();
    let sql = "SELECT * FROM 'tests/data/watch.parquet'; COPY (SELECT 1 AS one) TO 'after.csv' STORED AS CSV";
    let mut command = posequel(folder.path(), &["sql", "-c", sql, "--format", "ndjson"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut start = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    // 128 + SIGPIPE: what came after it was not done.
    assert_eq!((output.status.code(), stderr(&output)), (Some(141), ""));
    assert!(!folder.path().join("after.csv").exists());
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
fn models_that_cannot_be_listed_are_an_error_that_names_the_place() {
    for (place, said) in [
        ("tests/data/watch.parquet", "tests/data/watch.parquet"),
        ("s3://nowhere/models", "this session knows no store for 's3://nowhere/'"),
    ] {
        let set = format!("posequel.models.location={place}");
        for args in [&["models"][..], &["models", "verify"], &["models", "gait"], &["models", "vacuum"]] {
            let output = run(&[args, &["--set", &set]].concat());
            refused(&output, 1, said);
            assert!(output.stdout.is_empty(), "{args:?}");
        }
    }
}

#[test]
fn a_version_is_verified_removed_and_its_files_are_vacuumed() {
    let folder = workplace();
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store/models");
    let copied = Command::new("cp").arg("-r").arg(&store).arg(folder.path().join("kept")).status().unwrap();
    assert!(copied.success());
    let models = |args: &[&str]| {
        let set = ["--format", "json", "--set", "posequel.models.location=kept"];
        let output = posequel(folder.path(), &[&["models"], args, &set].concat()).output().unwrap();
        (output.status.code(), stdout(&output).to_owned())
    };
    let (code, all) = models(&[]);
    assert_eq!(code, Some(0));
    let name = all.split("\"model\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let states = |shown: &str, state: &str| shown.matches(&format!("\"state\":\"{state}\"")).count();
    let (code, shown) = models(&["verify"]);
    assert!(code == Some(0) && states(&shown, "whole") > 0 && states(&shown, "damaged") == 0, "{shown}");
    let run = shown.split("\"file\":\"").nth(1).unwrap().split('"').next().unwrap();
    fs::write(Path::new(run).join("config.json"), "{}").unwrap();
    let (code, shown) = models(&["verify"]);
    assert!(code == Some(1) && states(&shown, "damaged") == 1, "{shown}");
    let (code, shown) = models(&["rm", &name]);
    assert!(code == Some(0) && states(&shown, "removed") > 0, "{shown}");
    let (_, planned) = models(&["vacuum", &name, "--older-than", "0s", "--dry-run"]);
    assert!(Path::new(run).exists());
    let (code, done) = models(&["vacuum", &name, "--older-than", "0s"]);
    assert!(code == Some(0) && planned == done && states(&done, "removed") > 0, "{done}");
    assert!(!Path::new(run).exists());
    let (code, _) = models(&["show", &name]);
    assert_eq!(code, Some(1));
}

#[test]
fn lessons_and_pipelines_parse() {
    for file in ["quickstart", "imbalanced"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pipelines/{file}.toml"));
        posequel::pipeline::Manifest::read(&path).unwrap();
    }
}

/// An editor of Windows: U+FEFF before the text, and two characters at the end of a line.
#[test]
fn a_byte_order_mark_and_line_ends_of_windows_change_nothing() {
    let folder = workplace();
    fs::write(folder.path().join("s.sql"), "\u{feff}SELECT 1 AS one;\r\n-- two\r\nSELECT 2 AS two;\r\n").unwrap();
    fs::write(folder.path().join("p.toml"), "\u{feff}name = 'p'\r\n[[steps]]\r\nname = 'a'\r\nfile = 's.sql'\r\n")
        .unwrap();
    fs::write(folder.path().join("c.csv"), "\u{feff}video,x\r\nv,0.5\r\n").unwrap();
    let expected = "one\n1\n\ntwo\n2\n";
    let of = |args: &[&str]| posequel(folder.path(), args).output().unwrap();
    assert_eq!(stdout(&of(&["sql", "-f", "s.sql", "--format", "csv"])), expected);
    assert_eq!(stdout(&of(&["run", "p.toml", "--format", "csv"])), expected);
    assert_eq!(stdout(&of(&["sql", "-c", "\u{feff}SELECT 1 AS one", "--format", "csv"])), "one\n1\n");
    assert_eq!(stdout(&run_script("\u{feff}SELECT 1 AS one;\r\n", &["sql", "--format", "csv"])), "one\n1\n");
    assert_eq!(stdout(&of(&["sql", "-c", "SELECT video, x FROM 'c.csv'", "--format", "csv"])), "video,x\nv,0.5\n");
}

#[test]
fn text_that_is_no_utf_8_is_named() {
    let folder = workplace();
    let utf_16: Vec<u8> = "\u{feff}SELECT 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path().join("wide.sql"), utf_16).unwrap();
    fs::write(folder.path().join("latin.sql"), b"SELECT 1;\n-- caf\xe9\n").unwrap();
    let of = |file: &str| posequel(folder.path(), &["sql", "-f", file]).output().unwrap();
    refused(
        &of("wide.sql"),
        1,
        "cannot read wide.sql: it is UTF-16, as PowerShell and Notepad may write it; save it as UTF-8",
    );
    refused(&of("latin.sql"), 1, "cannot read latin.sql: line 2 is not UTF-8; save it as UTF-8");
}

/// Frames of two people who walk and run, and a net of one epoch, which has learnt nothing.
const FRAMES: &str = "CREATE TABLE frames AS SELECT (value / 40)::TEXT AS video, value % 40 AS frame,
    CASE (value / 40) % 2 WHEN 0 THEN 'walk' ELSE 'run' END AS label, sin(value) AS x FROM range(0, 640);
    CREATE VIEW windows AS SELECT * FROM pose_windows((SELECT * FROM frames), width => 10, stride => 10);";

fn trained(query: &str, options: &str) -> Output {
    let copy = format!("COPY ({query}) TO 'models/m' STORED AS LSTM OPTIONS ('units' '4', 'dense' 'none'{options});");
    run_script(&format!("{FRAMES} {copy}"), &["sql", "--format", "csv"])
}

#[test]
fn a_training_without_a_split_says_that_nothing_is_tested() {
    let output = trained("SELECT * FROM windows", ", 'epochs' '2'");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = "warning: the query has no column 'split': every row trains, nothing is tested";
    assert!(stderr(&output).contains(said) && stderr(&output).contains("pose_split((SELECT"), "{}", stderr(&output));
    let output = trained("SELECT * FROM pose_split((SELECT * FROM windows), by => 'video')", ", 'epochs' '2'");
    assert!(!stderr(&output).contains("no column 'split'"), "{}", stderr(&output));
}

#[test]
fn columns_that_a_training_would_not_look_at_are_named() {
    let split = "SELECT * FROM pose_split((SELECT * FROM windows), by => 'video')";
    let one = "1.0::DOUBLE";
    for (query, said) in [
        // A side under another name, and one that has no name of its own.
        ("SELECT *, 'train' AS \"Split\" FROM windows".to_owned(), "is it \"Split\"? \"Split\" AS split"),
        ("SELECT *, 1 AS fold FROM windows".to_owned(), "CASE WHEN fold = 1 THEN 'test' ELSE 'train' END AS split"),
        (
            format!("SELECT *, {one} AS sample_weight FROM ({split})"),
            "sample_weight is not looked at: sample_weight AS weight",
        ),
        // The weight of a person, 75 kg.
        (
            format!("SELECT *, 75 * {one} AS weight FROM ({split})"),
            "column 'weight' is 75.000 on average over the train rows",
        ),
        (
            format!("SELECT * EXCEPT (video) FROM ({split})"),
            "the query has no column 'video': nothing tells which windows are of one recording",
        ),
    ] {
        let output = trained(&query, ", 'epochs' '1'");
        assert_eq!(output.status.code(), Some(0), "{query}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{query}: {}", stderr(&output));
    }
    let output = trained(split, ", 'epochs' '1'");
    for said in ["no column", "on average", "is not looked at"] {
        assert!(!stderr(&output).contains(said), "{}", stderr(&output));
    }
}

#[test]
fn a_class_whose_rows_weigh_nothing_is_named() {
    let weighed = "SELECT *, CASE label WHEN 'run' THEN 0 ELSE 1 END AS weight FROM windows";
    let output = trained(weighed, ", 'epochs' '1'");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = "warning: column 'weight' is 0 in every train row of 1 class ('run')";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}

#[test]
fn a_net_that_was_stopped_before_it_learnt_is_called_that_first() {
    let split = "SELECT * FROM pose_split((SELECT * FROM windows), by => 'video')";
    let output = trained(split, ", 'epochs' '1', 'learning_rate' '0.000001'");
    let findings: Vec<&str> = stderr(&output).lines().filter(|line| line.starts_with("warning: ")).collect();
    assert!(findings[0].starts_with("warning: not_trained: after 1 epoch, "), "{findings:?}");
    for accusation in ["permuted_labels", "collapsed", "chance", "worse_than_baseline", "under_fitting"] {
        assert!(!stderr(&output).contains(accusation), "{findings:?}");
    }
}

#[test]
fn windows_that_are_wider_than_every_recording_are_refused_with_the_reason() {
    let wide = "SELECT * FROM pose_windows((SELECT * FROM frames), width => 1000, stride => 10)";
    let output = trained(&format!("SELECT * FROM pose_split(({wide}), by => 'video')"), "");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let reason =
        "gives no rows: pose_windows cuts windows of width 1000, and the longest of 16 recordings has 40 frames";
    assert!(stderr(&output).contains(reason), "{}", stderr(&output));
}

#[test]
fn data_that_answers_another_question_is_refused_with_3() {
    let metrics = |rows: &str| run(&["sql", "-c", &format!("SELECT * FROM pose_metrics((SELECT {rows}))")]);
    refused(&metrics("'walk' AS label, '0' AS predicted"), 3, "label has 'walk'; predicted has '0'");
    refused(&metrics("true AS label, 1 AS predicted"), 3, "whether true is 1 is not for us to say");
    refused(&metrics("'NaN'::DOUBLE AS label, 1 AS predicted"), 3, "label is NaN in a row");
    let windows = |frame: &str| {
        let frames = format!("SELECT 'v' AS video, {frame} AS frame, value * 0.5 AS x FROM range(0, 100)");
        run(&["sql", "-c", &format!("SELECT * FROM pose_windows(({frames}), width => 10)")])
    };
    refused(&windows("value * 40"), 3, "every step of frame is above max_gap => 1 (usually 40)");
    refused(&windows("arrow_cast(18446744073709551615, 'UInt64') - arrow_cast(value, 'UInt64')"), 3, "(UInt64)");
    refused(&windows("arrow_cast(value, 'Timestamp(Second, None)')"), 1, "row_number() OVER (PARTITION BY video");
}

#[test]
fn what_values_and_times_tell_is_told_before_a_training() {
    let sql = "COPY (SELECT * FROM pose_windows((
          SELECT 'v' || (value / 40) AS video, value % 40 AS frame, CASE (value / 10) % 2 WHEN 0 THEN 'x' ELSE 'y' END AS label,
                 (value % 40) / CASE WHEN value < 80 THEN 25.0 ELSE 50.0 END AS t,
                 450000000.0 + 32 * (value % 8) AS far, CASE value WHEN 17 THEN 1e20 ELSE 640.0 + value % 7 END AS wild
          FROM range(0, 160)), width => 5, stride => 5, features => ['far', 'wild']))
        TO 'models/m' STORED AS LSTM OPTIONS ('units' '2', 'dense' 'none', 'epochs' '1')";
    let output = run_script(sql, &["sql"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let place = |text: &str| stderr(&output).find(text).unwrap_or_else(|| panic!("{text}: {}", stderr(&output)));
    let last = ["lost_precision: feature 'far'", "wild_value: feature 'wild'", "mixed_rates: "].map(place)[2];
    // Once, and before what only a trained net tells.
    assert!(last < place("empty_validation"), "{}", stderr(&output));
    assert_eq!(stderr(&output).matches("lost_precision").count(), 1);
}
