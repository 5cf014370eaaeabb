//! Who looks on while a net is trained, and may end it.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use super::fit::Epoch;

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
    fn epoch(&mut self, _epoch: &Epoch) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// A flag that, once true, ends training at the next minibatch with [`Error::Interrupted`].
    fn cancel(&self) -> Option<&AtomicBool> {
        None
    }
}

/// Nobody looks on.
pub struct Unwatched;

impl Watch for Unwatched {}
