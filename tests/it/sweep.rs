//! A matrix of cells, killed half-way and gone on with.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PIPELINE: &str = r#"
name = "sweep"

[matrix]
units = [2, 3, 4]
fold = [1, 2]

[[steps]]
name = "frames"
show = false
sql = """
CREATE VIEW frames AS SELECT (value / 20)::TEXT AS video, value % 20 AS frame, CASE (value / 20) % 2 WHEN 0 THEN 'x' ELSE 'y' END AS label,
  (value / 40) % 2 + 1 AS fold, (CASE (value / 20) % 2 WHEN 0 THEN 1 ELSE -1 END * (value % 20) + value * 0.001)::FLOAT AS a FROM range(0, 160);
"""

[[steps]]
name = "windows"
each = ["fold"]
sql = "CREATE TABLE windows_${fold} AS SELECT * FROM pose_windows((SELECT * FROM frames), width => 5, stride => 5);"

[[steps]]
name = "train"
each = ["units", "fold"]
sql = """
COPY (SELECT * EXCEPT (fold), CASE fold WHEN ${fold} THEN 'test' ELSE 'train' END AS split FROM windows_${fold})
TO 'models/sweep' STORED AS LSTM OPTIONS ('units' '${units}', 'dense' 'none', 'epochs' '40');
"""

[[steps]]
name = "table"
sql = """
SELECT units, count(*) AS cells, count(DISTINCT c.version) AS versions, max(v.test_openings) AS openings,
       bool_and(v.cell['units'] = units::TEXT) AS cell
FROM cells c JOIN models.sweep.versions v ON v.version = c.version GROUP BY units ORDER BY units;
"""
"#;

/// Each of three nets in two folds; fold by fold the same recordings were tested on three times.
const TABLE: &str = "units,cells,versions,openings,cell\n2,2,2,1,true\n3,2,2,2,true\n4,2,2,3,true\n";

fn posequel(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
    command.current_dir(folder).args(["run", "sweep.toml", "--format", "csv"]).args(args).stdin(Stdio::null());
    command
}

fn ran(folder: &Path, args: &[&str]) -> (String, String) {
    let output = posequel(folder, args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (rows, log) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{log}");
    (rows, log)
}

/// What a run that fails with exit code 1 says.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = posequel(folder, args).output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{log}");
    log
}

/// A folder with this pipeline.
fn lab(pipeline: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sweep.toml"), pipeline).unwrap();
    folder
}

/// The pipeline with a net for each fold before those of its cells.
fn with_base(rows: &str, target: &str) -> String {
    let options = "OPTIONS ('dense' 'none', 'units' '2', 'epochs' '1')";
    let base = format!(
        "\n[[steps]]\nname = \"base\"\neach = [\"fold\"]\nsql = \"COPY ({rows}) TO '{target}' STORED AS LSTM {options};\"\n\
         \n[[steps]]\nname = \"train\"\n"
    );
    PIPELINE.replace("\n[[steps]]\nname = \"train\"\n", &base)
}

fn versions(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("models/sweep/_versions")).map_or(0, |entries| {
        // Beside versions there is what a training tries the place with.
        entries
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|e| e == "json")))
            .count()
    })
}

#[test]
fn a_sweep_that_was_killed_goes_on_without_the_cells_that_are_done() {
    let folder = lab(PIPELINE);
    let mut killed = posequel(folder.path(), &[]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while versions(folder.path()) < 2 && began.elapsed() < Duration::from_secs(60) {
        std::thread::yield_now();
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let kept = versions(folder.path());
    assert!(kept >= 2, "no cell was trained in a minute");
    let (rows, log) = ran(folder.path(), &[]);
    assert_eq!(rows, TABLE);
    assert_eq!(log.lines().filter(|line| line.contains(": done, ")).count(), 6 - kept, "{log}");
    assert!(kept == 6 || log.contains(&format!("{kept} of 6 cells are done")), "{log}");
    assert_eq!(versions(folder.path()), 6);
    // Everything is done: nothing is trained; another SQL, or --fresh, is another cell.
    assert_eq!(ran(folder.path(), &[]).0, TABLE);
    assert_eq!(versions(folder.path()), 6);
    ran(folder.path(), &["--set", "units=2", "--fresh"]);
    assert_eq!(versions(folder.path()), 8);
    std::fs::write(folder.path().join("sweep.toml"), PIPELINE.replace("'epochs' '40'", "'epochs' '3'")).unwrap();
    ran(folder.path(), &["--set", "units=2", "--set", "fold=1,2"]);
    assert_eq!(versions(folder.path()), 10);
}

#[test]
fn a_model_that_cells_share_is_trained_once() {
    let models = "SELECT model, count(*) AS cells, count(DISTINCT version) AS versions FROM cells GROUP BY model ORDER BY model;";
    let table = &PIPELINE[PIPELINE.find("SELECT units, count(*)").unwrap()..PIPELINE.rfind("\"\"\"").unwrap()];
    let base = with_base("SELECT * EXCEPT (fold) FROM windows_${fold}", "models/base");
    let folder = lab(&base.replace(table, models));
    assert_eq!(ran(folder.path(), &["--set", "units=2"]).0, "model,cells,versions\nbase,2,2\nsweep,2,2\n");
    // Four cells are left, and both bases are there.
    assert_eq!(ran(folder.path(), &[]).0, "model,cells,versions\nbase,6,2\nsweep,6,6\n");
    let trained = std::fs::read_dir(folder.path().join("models/base/_versions")).unwrap();
    assert_eq!(trained.count(), 2);
}

#[test]
fn what_depends_on_which_cell_is_first_is_refused() {
    let base = "SELECT *, ${fold} AS n FROM windows_1";
    let begins = with_base(base, "models/base").replace("'epochs' '40'", "'init_from' 'base'");
    let create = "sql = \"CREATE TABLE windows_${fold}";
    let set = PIPELINE.replace(create, &create.replace("CREATE", "SET datafusion.execution.batch_size = 7; CREATE"));
    let first =
        "several cells train 'models/base', and which version is its newest depends on which of them is ready first";
    let shared =
        "step 'windows':1: SET datafusion.execution.batch_size = 7: cells share this step, and one of them runs it";
    for (pipeline, because) in [(begins, first), (set, shared)] {
        let folder = lab(&pipeline);
        let log = refused(folder.path(), &[]);
        assert!(log.contains(because), "{log}");
        assert!(!folder.path().join("models").exists());
    }
    // A base of its own is no matter of luck.
    let own = with_base(base, "models/base_${fold}").replace("'epochs' '40'", "'init_from' 'base_${fold}'");
    let folder = lab(&own);
    ran(folder.path(), &["--set", "units=2"]);
    assert_eq!(versions(folder.path()), 2);
}

#[test]
fn two_cells_of_the_same_sql_are_two() {
    let same = PIPELINE.replace("units = [2, 3, 4]", "units = [1, 11]").replace("fold = [1, 2]", "fold = [1, 11]");
    let same =
        same.replace("each = [\"fold\"]\nsql = \"CREATE TABLE windows_${fold}", "sql = \"CREATE TABLE windows_1");
    let same =
        same.replace("CASE fold WHEN ${fold}", "CASE fold WHEN 1").replace("FROM windows_${fold})", "FROM windows_1)");
    // 1 and 11 are 111, as 11 and 1 are.
    let same = same.replace("'units' '${units}'", "'units' '2', 'seed' '${units}${fold}'");
    let folder = lab(&same);
    assert_eq!(ran(folder.path(), &[]).0, "units,cells,versions,openings,cell\n1,2,2,2,true\n11,2,2,4,true\n");
    assert_eq!(versions(folder.path()), 4);
}

#[test]
fn cells_that_train_nothing_are_in_the_table_too() {
    let pipeline = "name = 'sweep'\n[matrix]\nn = [3, 4]\n[[steps]]\nname = 'make'\neach = ['n']\n\
        sql = 'CREATE TABLE t_${n} AS SELECT ${n} AS n'\n\
        [[steps]]\nname = 'show'\nsql = 'SELECT n, model, version FROM cells ORDER BY n'\n";
    let folder = lab(pipeline);
    assert_eq!(ran(folder.path(), &[]).0, "n,model,version\n3,,\n4,,\n");
}

#[test]
fn cells_at_the_same_time_give_the_same_models() {
    let digests = |parallel: &str| {
        let folder = lab(&format!("parallel = {parallel}\n{PIPELINE}"));
        ran(folder.path(), &["--set", "fold=1"]);
        let mut digests = vec![];
        for run in std::fs::read_dir(folder.path().join("models/sweep/runs")).unwrap() {
            digests.push(std::fs::read(run.unwrap().path().join("model.safetensors")).unwrap());
        }
        digests.sort();
        digests
    };
    assert_eq!(digests("1"), digests("3"));
}

#[test]
fn a_cell_that_fails_is_named_and_the_others_are_run() {
    // 0 units are refused.
    let folder = lab(&PIPELINE.replace("[2, 3, 4]", "[2, 0]"));
    let log = refused(folder.path(), &["--set", "fold=1"]);
    assert!(log.contains("1 of 2 cells failed, the first of them fold=1, units=0"), "{log}");
    assert!(log.contains("option units: expected whole numbers >= 1"), "{log}");
    assert_eq!(versions(folder.path()), 1);
}

#[test]
fn cells_that_make_different_tables_of_one_name_are_refused_before_anything_runs() {
    let folder = lab(&PIPELINE.replace("TABLE windows_${fold} AS", "TABLE windows AS /* ${fold} */"));
    let log = refused(folder.path(), &[]);
    assert!(log.contains("every cell of the matrix makes 'windows', which all cells see"), "{log}");
    assert!(log.contains("put the axes of its step into its name: windows_${fold}"), "{log}");
    assert_eq!(versions(folder.path()), 0);
}
