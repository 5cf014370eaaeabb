//! What goes out of a training while it runs: events, live history, event files, its state.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::identity;
use super::reporter::Reporter;
use crate::error::{Error, Result, query_err};
use crate::interrupt::Interrupt;
use crate::nn::config::ModelConfig;
use crate::options::training::TrainingOptions;
use crate::store::lease::{Claim, Hold, RENEW_EVERY};
use crate::store::unfinished::Unfinished;
use crate::store::wait::{Beside, beside, wait};
use crate::train::fit::{Epoch, Progress as Step, Watch};
use crate::train::progress::Event;
use crate::train::state::State;
use crate::train::tensorboard::RunLogs;

/// The history so far is written no more often than this.
const LIVE_EVERY: Duration = Duration::from_secs(1);

/// Looks on for the session and the store.
pub struct Keeper {
    reporter: Reporter,
    options: TrainingOptions,
    /// Set when the query was dropped or the session interrupted.
    interrupt: Interrupt,
    place: Unfinished,
    /// What the state is one of.
    about: String,
    history: Vec<Epoch>,
    logs: Option<RunLogs>,
    /// Whether there was a state to go on from.
    resumed: bool,
    /// Steps of the optimizer in the state that was there before: one of fewer does not replace it.
    floor: u64,
    /// When the state was kept.
    saved: Instant,
    /// When the history was written.
    shown: Option<Instant>,
    /// The state behind the last minibatch.
    end: Option<State>,
    /// Whether somebody was told that the state cannot be written.
    told: bool,
    /// Says that this training lives, and what renews that.
    lease: Option<(Arc<Hold>, Beside)>,
}

impl Keeper {
    /// Looks on at a training whose things are kept at `place`; `about` says what it is.
    pub fn new(
        reporter: Reporter,
        options: &TrainingOptions,
        interrupt: Interrupt,
        place: Unfinished,
        about: String,
    ) -> Self {
        let options = options.clone();
        Self {
            reporter,
            options,
            interrupt,
            place,
            about,
            history: vec![],
            logs: None,
            resumed: false,
            floor: 0,
            saved: Instant::now(),
            shown: None,
            end: None,
            told: false,
            lease: None,
        }
    }

    /// After an error: what it is to be told with. A net that is trained is not lost with what comes after it, so its state is
    /// kept and the error says where; of data that cannot be trained on nothing stays.
    pub fn failed(&mut self, error: Error) -> Error {
        let error = self.kept(error);
        let (place, lease) = (self.place.clone(), self.lease.take());
        self.note(wait(async move { released(&place, lease).await }));
        error
    }

    fn kept(&mut self, error: Error) -> Error {
        let end = self.end.take().filter(|_| !matches!(error, Error::Data(_)));
        if let Some(state) = end {
            let kept = match self.save(&state) {
                Ok(place) => format!(
                    "The net is trained, and its state is kept in {}. To go on, run the same COPY with OPTIONS ('resume' 'true')",
                    place.unwrap_or_else(|| self.place.place().to_string())
                ),
                Err(e) => format!("The net is trained, and its state could not be kept: {e}"),
            };
            return error.with(&kept);
        }
        if !matches!(error, Error::Interrupted(_)) {
            let (place, state) = (self.place.clone(), matches!(error, Error::Data(_)));
            self.note(wait(async move { place.remove(state).await }));
        }
        error
    }

    /// After the model was published: nothing has to be gone on from.
    pub async fn published(&mut self) {
        self.note(self.place.remove(true).await);
        let lease = self.lease.take();
        self.note(released(&self.place, lease).await);
    }

    /// Says that this training lives, unless somebody else runs the same.
    fn claim(&mut self) -> Result<()> {
        let place = self.place.clone();
        match wait(async move { place.claim_lease().await })? {
            Claim::Ours(hold) => {
                let (place, hold) = (self.place.clone(), Arc::new(hold));
                let renewed = Arc::clone(&hold);
                let renewing = beside(async move {
                    loop {
                        tokio::time::sleep(RENEW_EVERY).await;
                        // A store that does not answer may do so the next time; who has lost the lease has nothing to renew.
                        if matches!(place.renew_lease(&renewed).await, Ok(false)) {
                            return;
                        }
                    }
                })?;
                self.lease = Some((hold, renewing));
                Ok(())
            }
            Claim::Held(lease) if self.options.resume => query_err!(
                "option resume: the same training is run by {lease}; wait for it, or leave out 'resume' to train beside it"
            ),
            Claim::Held(lease) => {
                self.reporter.warn(format!("the same training is run by {lease}; both end in the same bytes"));
                Ok(())
            }
        }
    }

    /// Tells what is no reason to lose a training.
    fn note(&self, result: Result<()>) {
        if let Err(error) = result {
            self.reporter.warn(error.to_string());
        }
    }

    fn show_history(&mut self) -> Result<()> {
        let (place, history) = (self.place.clone(), self.history.clone());
        wait(async move { place.save_history(&history).await })
    }
}

async fn released(place: &Unfinished, lease: Option<(Arc<Hold>, Beside)>) -> Result<()> {
    match lease {
        Some((hold, _)) => place.release_lease(&hold).await,
        None => Ok(()),
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

impl Watch for Keeper {
    fn resume(&mut self, config: &ModelConfig) -> Result<Option<State>> {
        self.claim()?;
        let place = self.place.clone();
        let ours = wait(async move { place.state().await })?;
        let decode = |bytes: &Bytes| {
            let place = self.place.place();
            State::decode(bytes, config).map_err(|e| Error::Model(format!("{place}: {e}; remove it to begin anew")))
        };
        if !self.options.resume {
            // One that cannot be read protects nothing.
            self.floor = ours.and_then(|bytes| decode(&bytes).ok()).map_or(0, |state| state.optimizer_steps);
            return Ok(None);
        }
        let state = ours.as_ref().map(decode).transpose()?;
        if state.is_none() {
            let place = self.place.clone();
            identity::refuse_others(&self.about, &wait(async move { place.other_states().await })?)?;
        }
        self.resumed = state.is_some();
        Ok(state)
    }

    fn start(&mut self, state: &State) -> Result<()> {
        self.history = state.history.clone();
        // Before the event files are begun: they are known as ours by it.
        if self.options.resume && !self.resumed {
            self.save(state)?;
        }
        if let Some(folder) = &self.options.tensorboard {
            self.logs = Some(match self.resumed {
                true => RunLogs::resume(Path::new(folder), &state.history, now())?,
                false => RunLogs::create(Path::new(folder), now())?,
            });
        }
        Ok(())
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
        if let Some(logs) = &mut self.logs
            && let Err(error) = logs.epoch(epoch, now())
        {
            self.reporter.warn(format!("no further TensorBoard event files are written: {error}"));
            self.logs = None;
        }
        match self.shown {
            // A store that cannot be written is found before hours have passed.
            None => self.show_history()?,
            Some(at) if at.elapsed() >= LIVE_EVERY => {
                let shown = self.show_history();
                self.note(shown);
            }
            Some(_) => return Ok(ControlFlow::Continue(())),
        }
        self.shown = Some(Instant::now());
        Ok(ControlFlow::Continue(()))
    }

    fn due(&self) -> bool {
        self.options.resume && self.saved.elapsed().as_secs_f64() >= self.options.checkpoint_seconds
    }

    fn checkpoint(&mut self, state: &State) {
        let Err(error) = self.save(state) else { return };
        self.saved = Instant::now();
        if !self.told {
            self.told = true;
            let every = self.options.checkpoint_seconds;
            let doubt =
                format!("the state of the training was not saved, which is tried again every {every} s: {error}");
            self.reporter.warn(doubt);
        }
    }

    fn end(&mut self, state: State) {
        if self.options.resume {
            self.checkpoint(&state);
        }
        self.end = Some(state);
    }

    fn save(&mut self, state: &State) -> Result<Option<String>> {
        let shown = self.place.place().to_string();
        if state.optimizer_steps < self.floor {
            return Ok(Some(shown));
        }
        let (place, bytes) = (self.place.clone(), state.encode(&self.about)?);
        wait(async move { place.save_state(bytes).await })?;
        self.saved = Instant::now();
        Ok(Some(shown))
    }

    fn interrupt(&self) -> Option<&Interrupt> {
        Some(&self.interrupt)
    }
}
