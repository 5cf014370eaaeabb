//! Training: what goes in, what comes out, and how a run begins or goes on.

use serde::{Deserialize, Serialize};

use super::callbacks::Callbacks;
pub use super::examples::Examples;
use super::normalize::Normalization;
use super::run::Run;
use super::source::Source;
use super::state::{State, Sums, bits};
use super::transfer::{Donor, Heir};
pub use super::watch::{Progress, Unwatched, Watch};
use crate::error::{Result, data_err, query_err};
use crate::nn::config::ModelConfig;
use crate::nn::engine::NamedTensor;
use crate::nn::new_engine;
use crate::options::training::{Monitor, Normalize, TrainingOptions};

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// The loss that was minimised, over the training rows as they were trained on, with weights and dropout (nats): by
    /// default the weighted cross-entropy. With `'reduction' 'weights'` the mean is one over weights, not over rows.
    #[serde(with = "bits")]
    pub loss: f64,
    /// Share of training rows predicted right, likewise.
    pub accuracy: f64,
    /// Unweighted cross-entropy over the validation rows, whatever loss is minimised; `None` without any.
    #[serde(with = "bits::option")]
    pub val_loss: Option<f64>,
    /// Share of validation rows predicted right.
    #[serde(with = "bits::option")]
    pub val_accuracy: Option<f64>,
    /// Weighted cross-entropy over the validation rows.
    #[serde(with = "bits::option")]
    pub val_loss_weighted: Option<f64>,
    /// The learning rate used in this epoch.
    pub learning_rate: f64,
    /// Wall time.
    pub seconds: f64,
    /// Whether the monitored value was better than in every epoch before.
    pub best: bool,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBecause {
    /// All epochs were done.
    Epochs,
    /// What is monitored had not become better for `early_stopping_patience` epochs.
    EarlyStopping,
    /// The loss was no longer a number.
    Diverged,
    /// The watcher asked to stop after an epoch.
    Watcher,
}

/// The result of training.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The weights of the epoch in which the monitored value was best.
    pub best: Vec<NamedTensor>,
    /// The weights of the last epoch; none of a training that was cut off in an epoch and taken as it was.
    pub last: Vec<NamedTensor>,
    /// The scale that windows have to be put on first.
    pub normalization: Normalization,
    /// Every epoch.
    pub history: Vec<Epoch>,
    /// The epoch of `best`, from 1.
    pub best_epoch: usize,
    /// Why there is no further epoch.
    pub stopped_because: StoppedBecause,
    /// What was monitored: `val_loss` or `val_accuracy`; without validation rows `loss` or `accuracy`.
    pub monitored: &'static str,
}

/// What a net is fitted to, and how.
pub struct Training<'a> {
    /// The net.
    pub config: &'a ModelConfig,
    /// How.
    pub options: &'a TrainingOptions,
    /// Rows to learn from.
    pub train: &'a dyn Source,
    /// Rows that early stopping watches; without any, the training rows are monitored.
    pub validation: &'a dyn Source,
    /// The net that this one begins with, and what this one is; else initial values are drawn.
    pub heritage: Option<(&'a Donor, Heir<'a>)>,
}

impl Training<'_> {
    /// Trains a new net, or goes on from the state that `watch` has kept.
    ///
    /// Equal rows and options give equal bytes, whatever `options.threads`, and however often the training was cut off.
    ///
    /// # Errors
    /// Rows that cannot be learned from; no epoch with a finite loss; [`Error::Interrupted`](crate::error::Error::Interrupted) where `watch` cancels.
    pub fn fit(&self, watch: &mut (dyn Watch + Send)) -> Result<Fitted> {
        let Self { config, options, train, validation, heritage } = *self;
        config.check()?;
        let mut engine = new_engine(config, options)?;
        if let Some((donor, heir)) = heritage {
            let mut weights = engine.parameters();
            donor.give(heir, &mut weights)?;
            engine.load_parameters(&weights)?;
        }
        if train.rows() == 0 {
            return data_err!("there are no training windows: nothing to learn from");
        }
        for (side, source) in [("train", train), ("validation", validation)] {
            (0..source.blocks()).try_for_each(|block| source.block(block)?.check(side, config))?;
        }
        let normalization = match options.normalize {
            Normalize::Zscore => Normalization::zscore(train)?,
            Normalize::None => Normalization::default(),
        };
        let normalization = match heritage {
            Some((donor, heir)) => donor.scale(heir.features, &normalization),
            None => normalization,
        };
        let mut run = match watch.resume(config)? {
            Some(state) => {
                if options.epochs + 1 < state.epoch {
                    let (done, epochs) = (state.epoch - 1, options.epochs);
                    return query_err!(
                        "option epochs: the state that is gone on from has {done} epochs already (was {epochs})"
                    );
                }
                engine.load_parameters(&state.parameters)?;
                engine.load_optimizer(&state.optimizer())?;
                let State { epoch, sums, callbacks, history, ended, best, .. } = state;
                Run {
                    training: self,
                    normalization: &normalization,
                    engine,
                    epoch,
                    sums,
                    callbacks,
                    history,
                    ended,
                    best,
                }
            }
            None => Run {
                training: self,
                normalization: &normalization,
                engine,
                epoch: 1,
                sums: Sums::default(),
                callbacks: Callbacks::new(options),
                history: vec![],
                ended: None,
                best: None,
            },
        };
        watch.start(&run.state())?;
        let stopped_because = match run.engine.pool() {
            Some(pool) => pool.install(|| run.epochs(watch)),
            None => run.epochs(watch),
        }?;
        watch.end(run.state());
        let Some(best) = run.best.take() else {
            return data_err!(
                "training diverged: no epoch had a finite loss; lower learning_rate (was {}) or set clip_norm (was {})",
                options.learning_rate,
                options.clip_norm
            );
        };
        Ok(Fitted {
            best,
            // In the middle of an epoch it is the net of none.
            last: if run.sums.steps == 0 { run.engine.parameters() } else { vec![] },
            best_epoch: run.callbacks.early_stopping.best_epoch,
            history: run.history,
            stopped_because,
            monitored: match (options.monitor, validation.rows() == 0) {
                (Monitor::ValLoss, false) => "val_loss",
                (Monitor::ValLoss, true) => "loss",
                (Monitor::ValAccuracy, false) => "val_accuracy",
                (Monitor::ValAccuracy, true) => "accuracy",
            },
            normalization,
        })
    }
}
