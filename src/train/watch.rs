//! Who looks on while a net is trained, and may end it.

use std::ops::ControlFlow;

use super::fit::Epoch;
use super::state::State;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::nn::config::ModelConfig;

/// How far training is within an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The epoch, from 1.
    pub epoch: usize,
    /// At most so many epochs.
    pub epochs: usize,
    /// Minibatches done in this epoch.
    pub step: usize,
    /// Minibatches of an epoch.
    pub steps: usize,
    /// Mean weighted loss of this epoch so far.
    pub loss: f64,
}

/// Whoever looks on, and may end it.
pub trait Watch {
    /// After each minibatch.
    fn step(&mut self, _progress: &Progress) {}

    /// After each epoch; `Break` ends training there, and the best weights are kept.
    fn epoch(&mut self, _epoch: &Epoch) -> Result<ControlFlow<()>> {
        Ok(ControlFlow::Continue(()))
    }

    /// The state in which an earlier run of this training was left, of a net of `config`.
    fn resume(&mut self, _config: &ModelConfig) -> Result<Option<State>> {
        Ok(None)
    }

    /// Before the first minibatch, with the state in which it begins or goes on.
    fn start(&mut self, _state: &State) -> Result<()> {
        Ok(())
    }

    /// Whether it is time for a [`Self::checkpoint`].
    fn due(&self) -> bool {
        false
    }

    /// Keeps a state on the way; that it cannot is no reason to end the training.
    fn checkpoint(&mut self, _state: &State) {}

    /// After the last minibatch, with the state in which the training ended.
    fn end(&mut self, _state: State) {}

    /// Keeps a state for [`Self::resume`]; says where, if it does.
    fn save(&mut self, _state: &State) -> Result<Option<String>> {
        Ok(None)
    }

    /// Who may end the training at its next minibatch with
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    fn interrupt(&self) -> Option<&Interrupt> {
        None
    }
}

/// Nobody looks on.
pub struct Unwatched;

impl Watch for Unwatched {}
