//! What training tells whoever watches: a session extension that the command line shows as a progress bar.

use std::fmt;
use std::sync::Arc;

/// Something that happened during a training run, in this order: rows, start, steps and epochs, judged, stages, done.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Windows read so far.
    Rows {
        /// Count of windows.
        read: u64,
    },
    /// Something about the data or the result that whoever watches should know.
    Warning(String),
    /// The data is complete and accepted; epochs begin.
    Start {
        /// Epochs at most; early stopping may end sooner.
        epochs: usize,
        /// Trainable parameters of the net.
        parameters: usize,
        /// The features of a frame, in their order; empty where nothing tells their names.
        features: Vec<String>,
        /// Windows to learn from.
        train: usize,
        /// Windows that early stopping watches.
        validation: usize,
        /// Windows for the end.
        test: usize,
    },
    /// A minibatch was learned.
    Step {
        /// Minibatches of this epoch so far.
        done: usize,
        /// Minibatches of an epoch.
        of: usize,
    },
    /// An epoch was learned and validated.
    Epoch {
        /// Its number, from 1.
        epoch: usize,
        /// Epochs at most.
        of: usize,
        /// Mean training loss.
        loss: f64,
        /// Share of correct train windows, in [0, 1].
        accuracy: f64,
        /// Loss on the validation windows, if there are any.
        val_loss: Option<f64>,
        /// Share of correct validation windows, if there are any.
        val_accuracy: Option<f64>,
        /// The learning rate used in this epoch.
        learning_rate: f64,
        /// Wall time of the epoch.
        seconds: f64,
        /// Whether it is the best so far.
        best: bool,
    },
    /// After the last epoch: net and baselines were asked about windows.
    Judged {
        /// Windows so far.
        done: u64,
        /// All windows.
        of: u64,
    },
    /// What takes its time then: `metrics`, `baselines`, `publishing`.
    Stage(&'static str),
    /// The version is published.
    Done {
        /// Name of the model.
        model: String,
        /// Its new version.
        version: u64,
        /// Where its files are.
        location: String,
    },
}

/// A listener for [`Event`]s, put into a session by `SessionConfig::with_extension`.
///
/// It is called on the training thread, between minibatches: it must not block.
#[derive(Clone)]
pub struct Progress(pub Arc<dyn Fn(&Event) + Send + Sync>);

impl Progress {
    /// A listener from a closure.
    pub fn new(listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Tells the listener.
    pub fn report(&self, event: &Event) {
        (self.0)(event);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
