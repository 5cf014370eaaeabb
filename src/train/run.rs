//! The epochs of a training: shuffle, step, validate, early stopping, learning rate, in Keras' order.

use std::time::Instant;

use super::callbacks::Callbacks;
use super::fit::{Epoch, StoppedBecause, Training};
use super::loader::Loader;
use super::normalize::Normalization;
use super::state::{State, Sums};
use super::watch::{Progress, Watch};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::nn::engine::{Engine, NamedTensor, OptimizerState};
use crate::nn::loss::{Score, Scorer};
use crate::options::training::Monitor;

/// A training under way.
pub struct Run<'a> {
    /// Of what.
    pub training: &'a Training<'a>,
    /// The scale that rows are put on.
    pub normalization: &'a Normalization,
    /// The net.
    pub engine: Box<dyn Engine>,
    /// The epoch that is next or under way.
    pub epoch: usize,
    /// What of it is done.
    pub sums: Sums,
    /// Early stopping and the learning rate.
    pub callbacks: Callbacks,
    /// The epochs that are done.
    pub history: Vec<Epoch>,
    /// Why there is no further epoch, if there is none.
    pub ended: Option<StoppedBecause>,
    /// The net after the best epoch.
    pub best: Option<Vec<NamedTensor>>,
}

impl Run<'_> {
    /// All epochs that are left.
    ///
    /// # Errors
    /// Those of the engine, the rows and the watcher; [`Error::Interrupted`] where it cancels.
    pub fn epochs(&mut self, watch: &mut (dyn Watch + Send)) -> Result<StoppedBecause> {
        loop {
            if let Some(why) = self.ended {
                return Ok(why);
            }
            if self.epoch > self.training.options.epochs {
                return Ok(StoppedBecause::Epochs);
            }
            self.learn(watch)?;
            self.end_epoch(watch)?;
            if watch.due() {
                watch.checkpoint(&self.state());
            }
        }
    }

    /// The minibatches of an epoch that are not done yet.
    fn learn(&mut self, watch: &mut (dyn Watch + Send)) -> Result<()> {
        let (mut started, before) = (Instant::now(), self.sums.seconds);
        let Training { options, train: source, .. } = *self.training;
        let loader =
            Loader { source, normalization: self.normalization, seed: options.seed, batch_size: options.batch_size };
        let (epoch, epochs, steps) = (self.epoch, options.epochs, loader.steps());
        let learning_rate = self.callbacks.learning_rate();
        let mut clock = before;
        loader.epoch(epoch, self.sums.steps, |step, batch| {
            if watch.interrupt().is_some_and(Interrupt::is_requested) {
                return Err(self.interrupted(watch));
            }
            let seen = self.engine.train_step(batch, learning_rate)?;
            clock += started.elapsed().as_secs_f64();
            started = Instant::now();
            let sums = &mut self.sums;
            sums.steps = step;
            sums.rows += batch.labels.len();
            sums.loss += seen.loss;
            sums.divisor += seen.divisor;
            sums.correct += seen.correct;
            sums.seconds = clock;
            watch.step(&Progress { epoch, epochs, step, steps, loss: sums.mean() });
            if watch.due() {
                watch.checkpoint(&self.state());
            }
            Ok(())
        })
    }

    /// Keeps what there is, if anything is, and says how to go on.
    fn interrupted(&self, watch: &mut (dyn Watch + Send)) -> Error {
        let so_far = format!("training was interrupted in epoch {}", self.epoch);
        let is_something = self.epoch > 1 || self.sums.steps > 0;
        let place = match is_something.then(|| watch.save(&self.state())).transpose() {
            Ok(kept) => kept.flatten(),
            Err(error) => return Error::Interrupted(format!("{so_far}; its state could not be kept: {error}")),
        };
        let Some(place) = place else { return Error::Interrupted(format!("{so_far}; nothing was kept")) };
        let go_on = "To go on, run the same COPY with OPTIONS ('resume' 'true')";
        Error::Interrupted(match self.callbacks.early_stopping.best_epoch {
            0 => format!("{so_far}; its state is kept in {place}. {go_on}"),
            best => format!(
                "{so_far}; its state, with the best weights so far (epoch {best}), is kept in {place}. {go_on}; to publish \
                 the best so far, add 'epochs' '{}'",
                self.epoch - 1
            ),
        })
    }

    /// Validation, callbacks, and the line of the history.
    fn end_epoch(&mut self, watch: &mut (dyn Watch + Send)) -> Result<()> {
        let started = Instant::now();
        let sums = std::mem::take(&mut self.sums);
        let learning_rate = self.callbacks.learning_rate();
        let Some(scored) = self.validate(watch.interrupt())? else {
            // Half an epoch's end is none: whoever goes on validates again.
            self.sums = sums;
            return Err(self.interrupted(watch));
        };
        let mut line = Epoch {
            epoch: self.epoch,
            loss: sums.mean(),
            accuracy: sums.correct as f64 / sums.rows as f64,
            val_loss: scored.map(|s| s.loss),
            val_accuracy: scored.map(|s| s.accuracy),
            val_loss_weighted: scored.map(|s| s.weighted_loss),
            learning_rate,
            seconds: sums.seconds + started.elapsed().as_secs_f64(),
            best: false,
        };
        let loss = line.val_loss.unwrap_or(line.loss);
        let monitored = match self.training.options.monitor {
            Monitor::ValLoss => loss,
            Monitor::ValAccuracy => -line.val_accuracy.unwrap_or(line.accuracy),
        };
        let verdict = self.callbacks.epoch_end(self.epoch, monitored, loss);
        if verdict.best {
            self.best = Some(self.engine.parameters());
        }
        line.best = verdict.best;
        let watched = watch.epoch(&line)?;
        let end = [
            (!line.loss.is_finite(), StoppedBecause::Diverged),
            (verdict.stop, StoppedBecause::EarlyStopping),
            (watched.is_break(), StoppedBecause::Watcher),
        ];
        self.ended = end.into_iter().find(|(ended, _)| *ended).map(|(_, why)| why);
        self.history.push(line);
        self.epoch += 1;
        Ok(())
    }

    /// The score on the validation rows, if there are any; None where an interrupt came first.
    fn validate(&self, interrupt: Option<&Interrupt>) -> Result<Option<Option<Score>>> {
        let source = self.training.validation;
        if source.rows() == 0 {
            return Ok(Some(None));
        }
        let mut scorer = Scorer::default();
        for block in 0..source.blocks() {
            if interrupt.is_some_and(Interrupt::is_requested) {
                return Ok(None);
            }
            let mut rows = source.block(block)?;
            self.normalization.apply_to(&mut rows.features);
            let probabilities = self.engine.predict(&rows.features, &rows.valid_len)?;
            scorer.add(&probabilities, &rows.labels, &rows.weights);
        }
        Ok(Some(Some(scorer.score())))
    }

    /// What has to be known to go on from here.
    pub fn state(&self) -> State {
        let OptimizerState { step, first_moment, second_moment } = self.engine.optimizer();
        State {
            epoch: self.epoch,
            sums: self.sums,
            callbacks: self.callbacks.clone(),
            history: self.history.clone(),
            ended: self.ended,
            optimizer_steps: step,
            parameters: self.engine.parameters(),
            best: self.best.clone(),
            moments: [first_moment, second_moment],
        }
    }
}
