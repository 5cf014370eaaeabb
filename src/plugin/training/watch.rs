//! What goes out of a training while it runs: events, live history, event files, its state.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::identity;
use crate::error::Result;
use crate::nn::config::ModelConfig;
use crate::options::training::TrainingOptions;
use crate::store::unfinished::Unfinished;
use crate::store::wait::wait;
use crate::train::fit::{Epoch, Progress as Step, Watch};
use crate::train::progress::{Event, Progress};
use crate::train::state::State;
use crate::train::tensorboard::RunLogs;

/// Sends events to the listener of the session, if there is one.
#[derive(Clone)]
pub struct Reporter(pub Option<Arc<Progress>>);

impl Reporter {
    /// Tells the listener.
    pub fn report(&self, event: &Event) {
        if let Some(progress) = &self.0 {
            progress.report(event);
        }
    }
}

/// The history so far is written no more often than this.
const LIVE_EVERY: Duration = Duration::from_secs(1);

/// Looks on for the session and the store.
pub struct Keeper {
    reporter: Reporter,
    options: TrainingOptions,
    /// Set when the query was dropped or the session interrupted.
    cancelled: Arc<AtomicBool>,
    place: Unfinished,
    /// What the state is one of.
    about: String,
    history: Vec<Epoch>,
    logs: Option<RunLogs>,
    /// When the state was kept.
    saved: Instant,
    /// When the history was written.
    shown: Option<Instant>,
}

impl Keeper {
    /// Looks on at a training whose things are kept at `place`; `about` says what it is.
    pub fn new(
        reporter: Reporter,
        options: &TrainingOptions,
        cancelled: Arc<AtomicBool>,
        place: Unfinished,
        about: String,
    ) -> Self {
        let options = options.clone();
        Self {
            reporter,
            options,
            cancelled,
            place,
            about,
            history: vec![],
            logs: None,
            saved: Instant::now(),
            shown: None,
        }
    }

    /// Forgets what was kept; `state` says whether that of the net, too.
    pub fn forget(&self, state: bool) -> Result<()> {
        let place = self.place.clone();
        wait(async move { place.remove(state).await })
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

impl Watch for Keeper {
    fn resume(&mut self, config: &ModelConfig) -> Result<Option<State>> {
        let mut state = None;
        if self.options.resume {
            let place = self.place.clone();
            let (ours, others) = wait(async move { Ok((place.state().await?, place.other_states().await?)) })?;
            match ours {
                Some(bytes) => state = Some(State::decode(&bytes, config)?),
                None => identity::refuse_others(&self.about, &others)?,
            }
        }
        self.history = state.as_ref().map(|state| state.history.clone()).unwrap_or_default();
        if let Some(folder) = &self.options.tensorboard {
            self.logs = Some(match &state {
                Some(state) => RunLogs::resume(Path::new(folder), &state.history, now())?,
                None => RunLogs::create(Path::new(folder), now())?,
            });
        }
        Ok(state)
    }

    fn step(&mut self, step: &Step) {
        self.reporter.report(&Event::Step { done: step.step, of: step.steps });
    }

    fn epoch(&mut self, epoch: &Epoch) -> Result<ControlFlow<()>> {
        self.reporter.report(&Event::Epoch {
            epoch: epoch.epoch,
            of: self.options.epochs,
            loss: epoch.loss,
            accuracy: epoch.accuracy,
            val_loss: epoch.val_loss,
            val_accuracy: epoch.val_accuracy,
            learning_rate: epoch.learning_rate,
            seconds: epoch.seconds,
            best: epoch.best,
        });
        self.history.push(epoch.clone());
        if let Some(logs) = &mut self.logs {
            logs.epoch(epoch, now())?;
        }
        if self.shown.is_none_or(|at| at.elapsed() >= LIVE_EVERY) {
            let (place, history) = (self.place.clone(), self.history.clone());
            wait(async move { place.save_history(&history).await })?;
            self.shown = Some(Instant::now());
        }
        Ok(ControlFlow::Continue(()))
    }

    fn due(&self) -> bool {
        self.options.resume && self.saved.elapsed().as_secs_f64() >= self.options.checkpoint_seconds
    }

    fn save(&mut self, state: &State) -> Result<Option<String>> {
        let (place, bytes) = (self.place.clone(), state.encode(&self.about)?);
        wait(async move { place.save_state(bytes).await })?;
        self.saved = Instant::now();
        Ok(Some(self.place.place().to_string()))
    }

    fn cancel(&self) -> Option<&AtomicBool> {
        Some(&self.cancelled)
    }
}

/// Sets the flag when the query is dropped: the training thread then ends at its next minibatch.
pub struct CancelOnDrop(pub Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
