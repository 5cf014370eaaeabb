//! What a statement says on stderr beside its rows: which columns were taken for features, and old names of arguments.

use std::sync::{Arc, Mutex};

use posequel::notes::Notes;
use posequel::train::progress::{Event, Progress};

use super::cli::{refused, run_script, stderr};
use super::support::{lines, rows, session};

/// Two recordings of three frames; the person is a number with a fraction, as pandas makes it where one is missing.
const FRAMES: &str = "CREATE VIEW frames AS SELECT 'v' || (value / 3) AS video, value % 3 AS frame, 'walk' AS label, \
    1.0::DOUBLE AS subject, value::SMALLINT AS x, value * 0.5::DOUBLE AS y, (value % 3) / 30.0::DOUBLE AS t FROM range(0, 6);\n";

/// The lines of stderr, of a script over [`FRAMES`] that succeeds.
fn said(sql: &str) -> Vec<String> {
    let output = run_script(&format!("{FRAMES}{sql}"), &["sql", "--partitions", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stderr(&output).lines().map(str::to_owned).collect()
}

#[test]
fn numbers_that_are_left_out_are_said_once_a_statement() {
    let line = "note: pose_windows: 2 features: x, y; left out: subject (Float64)";
    let windows = "pose_windows((SELECT * FROM frames), width => 2, stride => 1)";
    assert_eq!(said(&format!("SELECT count(*) FROM {windows}")), [line]);
    // Planned three times: for the rate, for the windows, and for the counts of the split.
    let resampled = "pose_windows((SELECT * FROM frames), width => 2, stride => 1, hz => 30)";
    assert_eq!(said(&format!("SELECT count(*) FROM pose_split((SELECT * FROM {resampled}), by => 'video')")), [line]);
    assert_eq!(said(&format!("SELECT 1 FROM {windows}; SELECT 2 FROM {windows}")), [line, line]);
    // A view has said it when it was made.
    assert_eq!(
        said(&format!("CREATE VIEW w AS SELECT * FROM {windows}; SELECT count(*) FROM w; SELECT 1 FROM w")),
        [line]
    );
    assert_eq!(said("SELECT * FROM pose_windows('frames', 2, 1)"), [line]);
}

#[test]
fn every_function_of_frames_says_it() {
    for function in ["pose_window_stats", "pose_resample", "pose_inventory"] {
        let rest = if function == "pose_resample" { ", hz => 10" } else { "" };
        assert_eq!(
            said(&format!("SELECT count(*) FROM {function}((SELECT * FROM frames){rest})")),
            [format!("note: {function}: 2 features: x, y; left out: subject (Float64)")]
        );
    }
}

#[test]
fn where_nothing_is_doubtful_nothing_is_said() {
    for frames in [
        // Keys, order, time, label, texts: what everybody expects.
        "(SELECT video, frame, t, label, x, y, 'p' AS subject FROM frames), width => 2",
        "(SELECT * FROM frames), width => 2, features => ['y', 'subject']",
        "(SELECT * FROM frames), width => 2, by => ['subject', 'video']",
    ] {
        assert_eq!(said(&format!("SELECT count(*) FROM pose_windows({frames})")), Vec::<String>::new(), "{frames}");
    }
}

#[test]
fn how_sure_a_tracker_was_is_always_named() {
    let lines = said(
        "SELECT count(*) FROM pose_windows((SELECT video, frame, x, y AS \"nose_Likelihood\" FROM frames), width => 2)",
    );
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(
        line.starts_with("note: pose_windows: 2 features: x, nose_Likelihood; doubtful: nose_Likelihood ("),
        "{line}"
    );
    assert!(line.contains("pose_mask"), "{line}");
}

#[test]
fn a_label_of_another_name_is_said() {
    for function in ["pose_windows", "pose_segments"] {
        let width = if function == "pose_windows" { ", width => 2" } else { "" };
        let lines = said(&format!(
            "SELECT count(*) FROM {function}((SELECT video, frame, x, label AS activity FROM frames){width})"
        ));
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(line.starts_with(&format!("note: {function}: the input has no column 'label'")), "{line}");
        assert!(line.ends_with("write activity AS label in the subquery"), "{line}");
    }
}

#[test]
fn why_there_is_no_window_is_said_once() {
    let none = "SELECT count(*) FROM pose_windows((SELECT video, frame, x FROM frames), width => 1000)";
    let lines = said(none);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let reason = "note: pose_windows cuts windows of width 1000, and the longest of 2 recordings has 3 frames; ";
    assert!(line.starts_with(reason), "{line}");
    // No frames are no riddle, and what was not read to its end tells nothing.
    assert_eq!(said(&none.replace("FROM frames", "FROM frames WHERE x > 9")), Vec::<String>::new());
}

#[test]
fn a_track_that_was_lost_again_and_again_is_said() {
    let tracks = "SELECT 'a' AS video, value AS frame, 1.0 * value AS x FROM range(0, 9) UNION ALL SELECT 'b', 2 * value, 1.0 * value FROM range(0, 9)";
    let lines = said(&format!("SELECT count(*) FROM pose_windows(({tracks}), width => 3)"));
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let told = "note: pose_windows: of 1 of 2 recordings no frame follows another (usually the next one is 2 further), so they give no window";
    assert!(line.starts_with(told), "{line}");
}

#[test]
fn an_old_name_is_said_once_a_process() {
    let call =
        "SELECT count(*) FROM pose_windows((SELECT video, frame, label, x FROM frames), width => 2, label => 'last')";
    assert_eq!(
        said(&format!("{call};\n{call};\n{}", call.replace("last", "middle"))),
        [
            "note: pose_windows: the argument 'label' is called 'label_rule' now; the old name still works, the new one is to be written"
        ]
    );
}

#[test]
fn minutes_that_are_taken_for_seconds_are_said_once() {
    let frames = "SELECT 'v' || (value / 200) AS video, value % 200 AS frame, (value % 200) * 0.04 / 60 AS t, value * 1.5 AS x FROM range(0, 400)";
    let lines = said(&format!("SELECT count(*) FROM pose_windows(({frames}), width => 2, hz => 25)"));
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(line.starts_with("note: pose_windows: nothing says the unit of t (Float64); taken for seconds"), "{line}");
}

#[test]
fn a_feature_that_is_constant_in_each_recording_is_3() {
    let people = FRAMES.replace("1.0::DOUBLE AS subject", "(value / 3 + 1.7)::DOUBLE AS height");
    for partitions in ["1", "2", "5"] {
        let sql = format!("{people}SELECT * FROM pose_windows((SELECT * FROM frames), width => 2, stride => 1)");
        let output = run_script(&sql, &["sql", "--partitions", partitions]);
        refused(&output, 3, "pose_windows: 'height' changed in no recording (2 have one value");
        assert!(stderr(&output).contains("SELECT * EXCLUDE (height)"), "{}", stderr(&output));
    }
}

/// Whole numbers and decimals are features to the end: of the field, of the training that begins, and of the model.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_hears_what_was_taken_and_the_model_keeps_it() {
    let (session, folder) = (session(2, 8192), tempfile::tempdir().unwrap());
    let (begun, heard) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(vec![])));
    let (begin, hear) = (Arc::clone(&begun), Arc::clone(&heard));
    let progress = Progress::new(move |event| {
        if let Event::Start { features, .. } = event {
            begin.lock().unwrap().clone_from(features);
        }
    });
    session.state_ref().write().config_mut().set_extension(Arc::new(progress));
    let notes = session.copied_config().get_extension::<Notes>().expect("every session has one");
    notes.listen(move |line| hear.lock().unwrap().push(line.to_owned()));
    let frames = "CREATE TABLE frames AS SELECT 'v' || (value / 10) AS video, value % 10 AS frame, \
                  CASE (value / 10) % 2 WHEN 0 THEN 'a' ELSE 'b' END AS label, value::SMALLINT AS x, \
                  (value * 0.5)::DECIMAL(9, 2) AS y, 3 AS trial FROM range(0, 40)";
    rows(&session, frames).await;
    let target = folder.path().display();
    rows(&session, &format!("SET posequel.models.location = '{target}'")).await;
    let copy = "COPY (SELECT * FROM pose_windows((SELECT * FROM frames), width => 5, stride => 5)) TO 'FOLDER/whole' \
                STORED AS LSTM OPTIONS ('units' '2', 'dense' 'none', 'epochs' '1')";
    rows(&session, &copy.replace("FOLDER", &target.to_string())).await;
    assert_eq!(*begun.lock().unwrap(), ["x", "y"]);
    assert_eq!(*heard.lock().unwrap(), ["pose_windows: 2 features: x, y; left out: trial (Int64)"]);
    assert_eq!(notes.take(), *heard.lock().unwrap());
    let stored = lines(&session, "SELECT name FROM models.whole.features ORDER BY index").await;
    assert_eq!(stored.lines().skip(3).take(2).collect::<Vec<_>>(), ["| x    |", "| y    |"]);
    let told = lines(&session, "SELECT label FROM pose_timeline('whole', (SELECT * FROM frames))").await;
    assert!(told.lines().count() > 4, "{told}");
}
