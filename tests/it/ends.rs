//! How work ends before its time: by a signal at any moment, by a reader that goes away, at a prompt. Nothing that was trained is lost.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use datafusion::prelude::SessionContext;
use nix::pty::openpty;
use nix::sys::termios::tcgetattr;
use posequel::error::Error;
use posequel::interrupt::Interrupt;
use posequel::pipeline::{Script, execute};
use posequel::train::progress::{Event, Progress};

use crate::cli::workplace;
use crate::resume::{RESUME, files, finish, script, start, wait_for, weights};

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// When an end is asked for: at an event of the training.
type At = fn(&Event) -> bool;

/// Every stage behind the last minibatch.
const BEHIND: [(&str, At); 6] = [
    ("the last epoch", |event| matches!(event, Event::Epoch { epoch, of, .. } if epoch == of)),
    ("the first answers", |event| matches!(event, Event::Judged { .. })),
    ("the last answers", |event| matches!(event, Event::Judged { done, of } if done == of)),
    ("metrics", |event| matches!(event, Event::Stage("metrics"))),
    ("baselines", |event| matches!(event, Event::Stage("baselines"))),
    ("publishing", |event| matches!(event, Event::Stage("publishing"))),
];

/// Trains in this process; an end is asked for once at the event.
async fn train(folder: &Path, options: &str, at: Option<At>) -> Result<(), Error> {
    let session = posequel::session().unwrap();
    let interrupt = Interrupt::default();
    let (flag, asked) = (interrupt.clone(), Mutex::new(false));
    let listener = Progress::new(move |event| {
        let mut asked = asked.lock().unwrap();
        if !*asked && at.is_some_and(|at| at(event)) {
            *asked = true;
            flag.request();
        }
    });
    session.state_ref().write().config_mut().set_extension(Arc::new(interrupt));
    session.state_ref().write().config_mut().set_extension(Arc::new(listener));
    let sql = script(4, options).replace("TO 'models/gait'", &format!("TO '{}/models/gait'", folder.display()));
    all(&session, &sql).await.map_err(|e| Error::find(&e).cloned().unwrap_or_else(|| panic!("{e}")))
}

async fn all(session: &SessionContext, sql: &str) -> datafusion::common::Result<()> {
    for statement in Script::parse(session, "", sql)?.statements {
        if let Some(rows) = execute(session, statement).await? {
            datafusion::physical_plan::common::collect(rows).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_net_that_is_trained_is_kept_whatever_stops_what_comes_after_it() {
    let whole = tempfile::tempdir().unwrap();
    train(whole.path(), "", None).await.unwrap();
    for (stage, at) in BEHIND {
        for options in ["", RESUME] {
            let folder = tempfile::tempdir().unwrap();
            let error = train(folder.path(), options, Some(at)).await.unwrap_err();
            let told = error.to_string();
            assert!(matches!(error, Error::Interrupted(_)) && told.contains("state is kept in"), "{stage}: {told}");
            assert!(files(&folder.path().join("models/gait/_versions"), "").is_empty(), "{stage}");
            // Going on trains nothing again, and gives what there would have been.
            let learns = |event: &Event| matches!(event, Event::Step { .. });
            train(folder.path(), RESUME, Some(learns)).await.unwrap_or_else(|e| panic!("{stage}: {e}"));
            assert!(weights(folder.path()) == weights(whole.path()), "{stage}");
        }
    }
}

#[test]
fn every_signal_keeps_the_state_and_has_its_exit_code() {
    for (name, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let folder = workplace();
        let unfinished = folder.path().join("models/gait/_unfinished");
        // Without a word on 'resume' the state is written at the end alone.
        let child = start(folder.path(), &script(100_000, ""));
        wait_for("a history", || !files(&unfinished, ".history.parquet").is_empty());
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {stderr}");
        assert!(stderr.contains("is kept in"), "{name}: {stderr}");
        let states = files(&unfinished, ".safetensors");
        let state = fs::read(&states[0]).unwrap();
        let empty = b"\\\"history\\\":[]";
        assert!(states.len() == 1 && !state.windows(empty.len()).any(|part| part == empty), "{name}");
    }
}

#[test]
fn a_query_that_keeps_nothing_ends_as_well() {
    let endless = "SELECT count(*) FROM generate_series(1, 1000000000) a, generate_series(1, 1000000000) b WHERE a.value % 7 = b.value % 11";
    for (name, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let folder = workplace();
        fs::write(
            folder.path().join("a.sql"),
            format!("COPY (SELECT 1 AS one) TO 'begun.csv';\n{endless};\nCOPY (SELECT 1 AS one) TO 'after.csv';"),
        )
        .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
        let command = command.current_dir(folder.path()).args(["sql", "-f", "a.sql"]).stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("the first statement", || folder.path().join("begun.csv").exists());
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {stderr}");
        assert!(!folder.path().join("after.csv").exists(), "{name}: the script went on");
    }
}

/// A prompt in a terminal.
struct Prompt {
    child: Child,
    terminal: fs::File,
    slave: OwnedFd,
    seen: Arc<Mutex<String>>,
}

impl Prompt {
    fn new(folder: &Path) -> Self {
        let pty = openpty(None, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_posequel"));
        let command = command.current_dir(folder).arg("sql").env("HOME", folder).env("TERM", "xterm");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let (terminal, seen) = (fs::File::from(pty.master), Arc::new(Mutex::new(String::new())));
        let (mut reader, screen) = (terminal.try_clone().unwrap(), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                screen.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..n]));
            }
        });
        Self { child, terminal, slave: pty.slave, seen }
    }

    fn until(&self, text: &str) {
        wait_for(text, || self.seen.lock().unwrap().contains(text));
    }

    fn types(&mut self, text: &str) {
        self.seen.lock().unwrap().clear();
        self.terminal.write_all(text.as_bytes()).unwrap();
    }
}

#[test]
fn at_the_prompt_ctrl_c_ends_a_statement_and_sigterm_the_process() {
    let folder = workplace();
    let mut prompt = Prompt::new(folder.path());
    let before = tcgetattr(&prompt.slave).unwrap();
    prompt.until("posequel> ");
    // Rows that would be ready some time after the statement was stopped.
    prompt.types("SELECT count(*) AS rows_of_old FROM generate_series(1, 300000) a, generate_series(1, 20000) b WHERE a.value % 7 = b.value % 11;\r");
    prompt.until("% 11;");
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_millis(300) {
        std::thread::yield_now();
    }
    signal(&prompt.child, "-INT");
    prompt.until("stopped by Ctrl-C");
    prompt.types("SELECT 40 + 2 AS answer;\r");
    prompt.until("| 42");
    prompt.until("posequel> ");
    assert!(!prompt.seen.lock().unwrap().contains("rows_of_old"), "rows of a statement that was stopped");
    assert!(tcgetattr(&prompt.slave).unwrap() != before, "a prompt edits its line by itself");
    signal(&prompt.child, "-TERM");
    assert_eq!(prompt.child.wait().unwrap().code(), Some(143));
    assert!(tcgetattr(&prompt.slave).unwrap() == before, "the terminal is left as it was found");
    finish(folder.path(), "SELECT 1");
}
