//! The life of the process: where it begins, what may end it, and the one place where it ends.
//!
//! A signal asks all work for an end (`posequel::interrupt`). A training is waited for while it keeps its state, everything else is
//! dropped; then the folder of spill is removed, the terminal made as it was, and the process leaves with the code of the signal.

use std::future::Future;
use std::io::{self, Write, stderr};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use datafusion::common::{DataFusionError, Result};
use posequel::error::Error;
use posequel::frames::lake::scan::damaged::hush;
use posequel::interrupt::Interrupt;
use posequel::pipeline::{exit_code, is_broken_pipe, message};
use posequel::plugin::limits::folder;
use tokio::runtime::{Builder, Handle};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{sleep, timeout};

use crate::signals::{Signal, Signals};
use crate::terminal::Terminal;
use crate::{logging, progress};

/// Statements are trees, and DataFusion walks trees by recursion.
const STACK: usize = 32 << 20;

/// How long a training may take to keep its state.
const TO_KEEP: Duration = Duration::from_secs(5);
/// How long everything else may take to be dropped.
const TO_DROP: Duration = Duration::from_millis(400);
/// How often it is looked whether there is still something to keep.
const LOOK: Duration = Duration::from_millis(10);
/// When somebody who waits is told why.
const TO_TELL: Duration = Duration::from_secs(1);

/// The exit code of a program whose reader went away: 128 + SIGPIPE.
const CLOSED_PIPE: u8 = 141;

/// Asks all work of the process for an end; an extension of its sessions.
pub static INTERRUPT: LazyLock<Arc<Interrupt>> = LazyLock::new(Arc::default);

/// The process, as long as it lives.
pub struct Life {
    signals: Signals,
    /// Where work is done.
    workers: Handle,
    /// What ends the process, if anything from outside does.
    ended_by: Option<Signal>,
}

/// What follows on a signal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The end of the process.
    Leave,
    /// After Ctrl-C the prompt; after all others the end of the process.
    Stay,
}

/// Begins the process, runs `work`, and ends the process.
pub fn live(work: impl AsyncFnOnce(&mut Life) -> Result<()>) -> ExitCode {
    logging::listen();
    // A reader that stumbles over a damaged file is an error with the file's name, and no panic on the screen.
    hush();
    let terminal = Terminal::look();
    // Workers that are busy hear neither signals nor clocks: this thread does nothing else.
    let control = Builder::new_current_thread().enable_all().build();
    let workers = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let (control, workers) = match control.and_then(|control| Ok((control, workers?))) {
        Ok(runtimes) => runtimes,
        Err(e) => return told(&DataFusionError::IoError(e)),
    };
    let (result, ended_by) = control.block_on(async {
        match Signals::new() {
            Ok(signals) => {
                let mut life = Life { signals, workers: workers.handle().clone(), ended_by: None };
                let result = work(&mut life).await;
                (result, life.ended_by)
            }
            Err(e) => (Err(e.into()), None),
        }
    });
    progress::clear();
    // Tasks are dropped, and their files with them. Threads that compute all the same are not waited for any longer.
    workers.shutdown_timeout(TO_DROP);
    folder::remove_all();
    terminal.restore();
    let code = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if is_broken_pipe(&e) => ExitCode::from(CLOSED_PIPE),
        Err(e) => told(&e),
    };
    ended_by.map_or(code, |signal| ExitCode::from(signal.code()))
}

fn told(error: &DataFusionError) -> ExitCode {
    // Nobody is left to tell when stderr is closed as well.
    let _ = writeln!(stderr(), "error: {}", message(error));
    ExitCode::from(exit_code(error))
}

impl Life {
    /// Runs work to its end; a signal ends it, and the process.
    ///
    /// The work is a task of its own, so that a query that is busy computing does not delay the answer to a signal.
    pub async fn run<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.until(self.workers.spawn(work), Then::Leave).await
    }

    /// Runs a statement of the prompt to its end; after Ctrl-C, which ends it, the prompt goes on.
    pub async fn statement(&mut self, work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
        let result = self.until(self.workers.spawn(work), Then::Stay).await;
        INTERRUPT.clear();
        result
    }

    /// Waits for whoever types, on a thread of its own; a signal that comes first ends the process.
    pub async fn typed<T: Send + 'static>(
        &mut self,
        typing: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        tokio::select! {
            typed = self.workers.spawn_blocking(typing) => typed.map(Some).map_err(io::Error::other),
            signal = self.signals.next() => {
                self.ended_by = Some(signal);
                Ok(None)
            }
        }
    }

    /// Whether a signal ends the process.
    pub fn is_ended(&self) -> bool {
        self.ended_by.is_some()
    }

    async fn until<T>(&mut self, mut task: JoinHandle<Result<T>>, then: Then) -> Result<T> {
        let signal = tokio::select! {
            done = &mut task => return finished(done),
            signal = self.signals.next() => signal,
        };
        if then == Then::Leave || signal != Signal::Interrupt {
            self.ended_by = Some(signal);
        }
        let stopped = || Err(Error::Interrupted(format!("stopped by {}", signal.name())).into());
        INTERRUPT.request();
        if INTERRUPT.is_keeping()
            && let Some(done) = self.keep(&mut task).await
        {
            return finished(done);
        }
        task.abort();
        if self.ended_by.is_some() {
            return match timeout(TO_DROP, task).await {
                Ok(Ok(done)) => done,
                Ok(Err(_)) | Err(_) => stopped(),
            };
        }
        // At the prompt it must have ended: nothing may come of it later.
        loop {
            tokio::select! {
                done = &mut task => return match done {
                    Ok(done) => done,
                    Err(_) => stopped(),
                },
                second = self.signals.next() => {
                    self.ended_by = Some(second);
                    return stopped();
                }
                () = sleep(TO_TELL) => progress::note("the statement is still ending; press Ctrl-C again to leave posequel"),
            }
        }
    }

    /// Waits until what was trained is kept: what came of the task then, if anything did.
    async fn keep<T>(&mut self, task: &mut JoinHandle<Result<T>>) -> Option<Result<Result<T>, JoinError>> {
        let (asked, mut is_told) = (Instant::now(), false);
        while INTERRUPT.is_keeping() {
            tokio::select! {
                done = &mut *task => return Some(done),
                second = self.signals.next() => {
                    self.ended_by = Some(second);
                    return None;
                }
                () = sleep(LOOK) => {}
            }
            if asked.elapsed() > TO_KEEP {
                progress::note("the training did not end in time; what it kept before is what there is");
                return None;
            }
            if !is_told && asked.elapsed() > TO_TELL {
                is_told = true;
                progress::note("the training keeps its state; press Ctrl-C again to leave without it");
            }
        }
        // It has kept what it had: its error, which says where, is on its way.
        timeout(TO_DROP, task).await.ok()
    }
}

fn finished<T>(done: Result<Result<T>, JoinError>) -> Result<T> {
    done.unwrap_or_else(|panic| Err(Error::Internal(panic.to_string()).into()))
}
