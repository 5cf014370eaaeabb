//! A training that is cut off goes on as if it had never been.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use posequel::random::Stream;

use crate::cli::workplace;

/// 600 short windows of the watch; 40 minibatches an epoch.
pub fn script(epochs: usize, options: &str) -> String {
    format!(
        "CREATE EXTERNAL TABLE watch STORED AS PARQUET LOCATION 'tests/data/watch.parquet';
         COPY (SELECT * FROM pose_split((
             SELECT * FROM pose_windows((
               SELECT source, video, subject, frame / 20 AS frame, label, ax, ay, az FROM watch WHERE frame % 20 = 0),
               width => 10, stride => 10)),
             by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7))
         TO 'models/gait' STORED AS LSTM OPTIONS ('units' '8,4', 'dense' '4', 'epochs' '{epochs}', 'batch_size' '16',
           'early_stopping_patience' '0', 'reduce_lr_patience' '2', 'seed' '3'{options})"
    )
}

pub const RESUME: &str = ", 'resume' 'true', 'checkpoint_seconds' '0'";

pub fn start(folder: &Path, sql: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
    command.current_dir(folder).args(["sql", "-c", sql]).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn run(folder: &Path, sql: &str) -> (ExitStatus, String) {
    let output = start(folder, sql).wait_with_output().unwrap();
    (output.status, String::from_utf8(output.stderr).unwrap())
}

pub fn finish(folder: &Path, sql: &str) {
    let (status, stderr) = run(folder, sql);
    assert!(status.success(), "{stderr}");
}

/// The files of the folder that end so.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
}

/// The weights of the only version: those of the best epoch, and of the last.
pub fn weights(folder: &Path) -> [Vec<u8>; 2] {
    let model = folder.join("models/gait");
    assert!(files(&model.join("_unfinished"), "").is_empty(), "a published training leaves nothing behind");
    let runs = files(&model.join("runs"), "");
    assert_eq!((runs.len(), files(&model.join("_versions"), ".json").len()), (1, 1));
    ["model.safetensors", "last.safetensors"].map(|name| fs::read(runs[0].join(name)).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "what another process writes makes no event here")]
pub fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(120), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[expect(clippy::disallowed_methods, reason = "a kill comes at any time, not at an event")]
pub fn idle(time: Duration) {
    std::thread::sleep(time);
}

/// Kills of each kind; the tests have time for some.
pub fn kills() -> usize {
    std::env::var("POSEQUEL_KILLS").map_or(4, |n| n.parse().unwrap())
}

#[test]
fn a_training_that_is_killed_again_and_again_ends_in_the_same_bytes() {
    let epochs = 5 + 5 * kills();
    let whole = workplace();
    finish(whole.path(), &script(epochs, ""));
    let folder = workplace();
    let mut stream = Stream::new(1, &["kills"]);
    let (model, mut killed) = (folder.path().join("models/gait"), 0);
    let states = || files(&model.join("_unfinished"), ".safetensors");
    for _ in 0..kills() {
        let mut child = start(folder.path(), &script(epochs, RESUME));
        let before = states().first().map(|state| fs::metadata(state).unwrap().modified().unwrap());
        // Once it is under way, for a while of any length: in a step, in an epoch's end, while the state is written.
        wait_for("a state", || {
            let now = states().first().and_then(|state| fs::metadata(state).ok()?.modified().ok());
            (now.is_some() && now != before) || child.try_wait().unwrap().is_some()
        });
        idle(Duration::from_micros(stream.below(60_000)));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
    }
    assert_eq!(killed, kills(), "the training is too short for so many kills");
    finish(folder.path(), &script(epochs, RESUME));
    assert!(weights(folder.path()) == weights(whole.path()));
}

#[test]
fn ctrl_c_keeps_the_state_and_says_how_to_go_on() {
    // So many epochs that the training is still under way when the signal comes, on a busy machine too.
    let (whole, folder) = (workplace(), workplace());
    finish(whole.path(), &script(300, ""));
    let child = start(folder.path(), &script(300, ""));
    let unfinished = folder.path().join("models/gait/_unfinished");
    wait_for("a history", || !files(&unfinished, ".history.parquet").is_empty());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    for part in ["training was interrupted in epoch", "best weights so far", "OPTIONS ('resume' 'true')"] {
        assert!(stderr.contains(part), "{stderr}");
    }

    // From elsewhere: a history without a version, of a model that has none yet.
    let sql = "SELECT version, epoch FROM models.gait.history WHERE epoch = 1";
    let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
    let shown = command.current_dir(folder.path()).args(["sql", "-c", sql, "--format", "csv"]).output().unwrap();
    assert_eq!(String::from_utf8(shown.stdout).unwrap(), "version,epoch\n,1\n");

    // Other options are another training: it is not begun over this state.
    let (status, stderr) = run(folder.path(), &script(300, ", 'resume' 'true', 'learning_rate' '0.01'"));
    assert_eq!(status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("is of another training (learning_rate 0.001 there, 0.01 here)"), "{stderr}");

    finish(folder.path(), &script(300, ", 'resume' 'true'"));
    assert!(weights(folder.path()) == weights(whole.path()));
}
