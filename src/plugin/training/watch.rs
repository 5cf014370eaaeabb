//! Tells the listener of the session what training does, and training that nobody waits any more.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::train::fit::{Epoch, Progress as Step, Watch};
use crate::train::progress::{Event, Progress};

/// Sends events to the listener, if there is one.
pub struct Reporter {
    /// The listener.
    pub progress: Option<Arc<Progress>>,
    /// Epochs at most.
    pub epochs: usize,
    /// Set when the query was dropped.
    pub cancelled: Arc<AtomicBool>,
}

impl Reporter {
    /// Tells the listener.
    pub fn report(&self, event: &Event) {
        if let Some(progress) = &self.progress {
            progress.report(event);
        }
    }
}

impl Watch for Reporter {
    fn step(&mut self, step: &Step) {
        self.report(&Event::Step { done: step.step, of: step.steps });
    }

    fn epoch(&mut self, epoch: &Epoch) -> ControlFlow<()> {
        self.report(&Event::Epoch {
            epoch: epoch.epoch,
            of: self.epochs,
            loss: epoch.loss,
            accuracy: epoch.accuracy,
            val_loss: epoch.val_loss,
            val_accuracy: epoch.val_accuracy,
            learning_rate: epoch.learning_rate,
            seconds: epoch.seconds,
            best: epoch.best,
        });
        ControlFlow::Continue(())
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
