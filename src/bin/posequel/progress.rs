//! Training as a bar on stderr: epochs, loss, time to go. Nothing is shown when stderr is no terminal.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use posequel::notes::shortened;
use posequel::secrets::without_secrets;
use posequel::shown::{escaped, in_line};
use posequel::train::progress::{Event, Progress};

/// The training that is shown.
static RUN: Mutex<Option<Run>> = Mutex::new(None);

fn run() -> MutexGuard<'static, Option<Run>> {
    // Whoever panicked while drawing left nothing that matters.
    RUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A listener that draws on stderr.
pub fn bar() -> Progress {
    Progress::new(|event| {
        let mut run = run();
        run.get_or_insert_with(Run::new).show(event);
        if matches!(event, Event::Done { .. }) {
            *run = None;
        }
    })
}

/// Takes the bar of a training that ended early off the screen.
pub fn clear() {
    if let Some(run) = run().take() {
        run.bar.finish_and_clear();
    }
}

/// One training run on the screen. The bar counts minibatches, so that a long epoch is seen to move.
struct Run {
    bar: ProgressBar,
    epochs: usize,
    /// Epochs that are done.
    done: usize,
}

impl Run {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self { bar: bar.with_style(style("{spinner} {msg}")), epochs: 0, done: 0 }
    }

    fn show(&mut self, event: &Event) {
        let bar = &self.bar;
        match event {
            Event::Rows { read } => {
                bar.set_message(format!("{} windows read", HumanCount(*read)));
                bar.tick();
            }
            // Also where nobody watches the bar: stderr may be a log.
            Event::Warning(warning) => bar.suspend(|| warn(warning)),
            Event::Start { epochs, parameters, features, train, validation, test } => {
                self.epochs = *epochs;
                let [parameters, train, validation, test] =
                    [parameters, train, validation, test].map(|n| HumanCount(*n as u64));
                bar.println(format!(
                    "{parameters} parameters; {train} windows train, {validation} validate, {test} test"
                ));
                if !features.is_empty() {
                    let plural = if features.len() == 1 { "" } else { "s" };
                    bar.println(format!(
                        "{} feature{plural} a frame: {}",
                        features.len(),
                        in_line(&shortened(features))
                    ));
                }
                bar.set_message("");
                bar.set_style(style("{prefix} [{bar:24}] {msg}{eta} to go"));
                bar.set_prefix(format!("epoch 1/{epochs}"));
                bar.reset();
            }
            Event::Step { done, of } => {
                bar.set_length((self.epochs * of) as u64);
                bar.set_position((self.done * of + done) as u64);
            }
            Event::Epoch { epoch, of, loss, val_loss, val_accuracy, .. } => {
                self.done = *epoch;
                let number =
                    |name: &str, value: &Option<f64>| value.map(|v| format!("{name} {v:.3}, ")).unwrap_or_default();
                let validation = number("val_loss", val_loss) + &number("val_accuracy", val_accuracy);
                bar.set_prefix(format!("epoch {}/{of}", (epoch + 1).min(*of)));
                bar.set_message(format!("loss {loss:.3}, {validation}"));
            }
            Event::Judged { done, of } => {
                bar.set_style(style("{spinner} {msg}"));
                bar.set_message(format!("{} of {} windows judged", HumanCount(*done), HumanCount(*of)));
                bar.tick();
            }
            Event::Stage(stage) => {
                bar.set_message(*stage);
                bar.tick();
            }
            Event::Done { model, version, location } => {
                let published = format!("model {model}, version {version}: {location}");
                bar.println(in_line(&without_secrets(&published)));
                bar.finish_and_clear();
            }
        }
    }
}

/// Writes what a statement has to say to stderr.
pub fn note(line: &str) {
    let write = || {
        let _ = writeln!(io::stderr(), "note: {}", escaped(&without_secrets(line)));
    };
    match &*run() {
        Some(run) => run.bar.suspend(write),
        None => write(),
    }
}

/// A warning that cannot be written has nobody to read it.
fn warn(warning: &str) {
    let _ = writeln!(io::stderr(), "warning: {}", escaped(&without_secrets(warning)));
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
