//! Training, epoch by epoch: shuffle, step, validate, early stopping, learning rate, in Keras' order.

use std::sync::atomic::Ordering;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::callbacks::Callbacks;
pub use super::examples::Examples;
use super::normalize::Normalization;
pub use super::watch::{Progress, Unwatched, Watch};
use crate::error::{Error, Result, data_err};
use crate::nn::config::ModelConfig;
use crate::nn::engine::{Engine, Minibatch, NamedTensor, StepLoss};
use crate::nn::loss::{Score, score};
use crate::nn::new_engine;
use crate::options::training::{Monitor, Normalize, TrainingOptions};
use crate::random::Stream;

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// The loss that was minimised, over the training rows as they were trained on, with weights and dropout (nats): by
    /// default the weighted cross-entropy. With `'reduction' 'weights'` the mean is one over weights, not over rows.
    pub loss: f64,
    /// Share of training rows predicted right, likewise.
    pub accuracy: f64,
    /// Unweighted cross-entropy over the validation rows, whatever loss is minimised; `None` without any.
    pub val_loss: Option<f64>,
    /// Share of validation rows predicted right.
    pub val_accuracy: Option<f64>,
    /// Weighted cross-entropy over the validation rows.
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
    /// The weights of the last epoch.
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

/// Trains a new net on `train`, watching `validation` (which may be empty: then the training rows are monitored).
///
/// Equal arguments give equal bytes, whatever `options.threads`.
pub fn fit(
    config: &ModelConfig,
    options: &TrainingOptions,
    train: &Examples,
    validation: &Examples,
    watch: &mut (dyn Watch + Send),
) -> Result<Fitted> {
    config.check()?;
    if train.is_empty() {
        return data_err!("there are no training windows: nothing to learn from");
    }
    train.check("train", config)?;
    validation.check("validation", config)?;
    let normalization = match options.normalize {
        Normalize::Zscore => Normalization::zscore(&train.features, &train.valid_len, config.width, config.features),
        Normalize::None => Normalization::default(),
    };
    let mut run = Run {
        options,
        engine: new_engine(config, options)?,
        train: train.normalized(&normalization),
        validation: validation.normalized(&normalization),
        callbacks: Callbacks::new(options),
    };
    let mut best = None;
    let mut history = Vec::new();
    let mut stopped_because = StoppedBecause::Epochs;
    for epoch in 1..=options.epochs {
        let mut line = run.epoch(epoch, watch)?;
        let loss = line.val_loss.unwrap_or(line.loss);
        let monitored = match options.monitor {
            Monitor::ValLoss => loss,
            Monitor::ValAccuracy => -line.val_accuracy.unwrap_or(line.accuracy),
        };
        let verdict = run.callbacks.epoch_end(epoch, monitored, loss);
        if verdict.best {
            best = Some(run.engine.parameters());
        }
        line.best = verdict.best;
        let watched = watch.epoch(&line);
        let diverged = !line.loss.is_finite();
        history.push(line);
        let end = [
            (diverged, StoppedBecause::Diverged),
            (verdict.stop, StoppedBecause::EarlyStopping),
            (watched.is_break(), StoppedBecause::Watcher),
        ];
        if let Some((_, why)) = end.into_iter().find(|(ended, _)| *ended) {
            stopped_because = why;
            break;
        }
    }
    let Some(best) = best else {
        return data_err!(
            "training diverged: no epoch had a finite loss; lower learning_rate (was {}) or set clip_norm (was {})",
            options.learning_rate,
            options.clip_norm
        );
    };
    Ok(Fitted {
        best,
        last: run.engine.parameters(),
        normalization,
        history,
        best_epoch: run.callbacks.early_stopping.best_epoch,
        stopped_because,
        monitored: match (options.monitor, validation.is_empty()) {
            (Monitor::ValLoss, false) => "val_loss",
            (Monitor::ValLoss, true) => "loss",
            (Monitor::ValAccuracy, false) => "val_accuracy",
            (Monitor::ValAccuracy, true) => "accuracy",
        },
    })
}

struct Run<'a> {
    options: &'a TrainingOptions,
    engine: Box<dyn Engine>,
    /// Normalised.
    train: Examples,
    /// Normalised.
    validation: Examples,
    callbacks: Callbacks,
}

impl Run<'_> {
    fn epoch(&mut self, epoch: usize, watch: &mut dyn Watch) -> Result<Epoch> {
        let started = Instant::now();
        let learning_rate = self.callbacks.learning_rate();
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        Stream::new(self.options.seed, &["shuffle", &epoch.to_string()]).shuffle(&mut order);
        let mut sum = StepLoss::default();
        let steps = order.len().div_ceil(self.options.batch_size);
        for (step, batch) in (1..).zip(order.chunks(self.options.batch_size)) {
            if watch.cancel().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                return Err(Error::Interrupted(format!("training was cancelled in epoch {epoch}; nothing was kept")));
            }
            let seen = self.step(epoch, batch, learning_rate)?;
            sum.loss += seen.loss;
            sum.divisor += seen.divisor;
            sum.correct += seen.correct;
            let epochs = self.options.epochs;
            watch.step(&Progress { epoch, epochs, step, steps, loss: sum.mean() });
        }
        let scored = self.validate()?;
        Ok(Epoch {
            epoch,
            loss: sum.mean(),
            accuracy: sum.correct as f64 / self.train.len() as f64,
            val_loss: scored.map(|s| s.loss),
            val_accuracy: scored.map(|s| s.accuracy),
            val_loss_weighted: scored.map(|s| s.weighted_loss),
            learning_rate,
            seconds: started.elapsed().as_secs_f64(),
            best: false,
        })
    }

    fn step(&mut self, epoch: usize, rows: &[usize], learning_rate: f64) -> Result<StepLoss> {
        let train = &self.train;
        let size = train.features.len() / train.len();
        let features: Vec<f32> =
            rows.iter().flat_map(|&row| &train.features[row * size..(row + 1) * size]).copied().collect();
        let valid_len: Vec<u32> = rows.iter().map(|&row| train.valid_len[row]).collect();
        let labels: Vec<u32> = rows.iter().map(|&row| train.labels[row]).collect();
        let weights: Vec<f32> = rows.iter().map(|&row| train.weights[row]).collect();
        let keys: Vec<&str> = rows.iter().map(|&row| train.keys[row].as_str()).collect();
        let batch = Minibatch {
            features: &features,
            valid_len: &valid_len,
            labels: &labels,
            weights: &weights,
            keys: &keys,
            epoch: epoch as u64,
        };
        self.engine.train_step(&batch, learning_rate)
    }

    fn validate(&self) -> Result<Option<Score>> {
        let rows = &self.validation;
        if rows.is_empty() {
            return Ok(None);
        }
        let probabilities = self.engine.predict(&rows.features, &rows.valid_len)?;
        Ok(Some(score(&probabilities, &rows.labels, &rows.weights)))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::train::checkpoint;
    use crate::train::predictor::Predictor;

    /// Two classes of noise that rises or falls over time, in feature 1 of 2; windows are ragged.
    fn toy(rows: usize, seed: u64) -> Examples {
        let mut draw = Stream::new(seed, &["toy"]);
        let mut toy = Examples { width: 8, dim: 2, ..Examples::default() };
        for row in 0..rows {
            let label = (row % 2) as u32;
            for t in 0..8 {
                let slope = if label == 0 { 1.0 } else { -1.0 };
                toy.features.push(draw.between(-1.0, 1.0) as f32);
                toy.features.push((100.0 + slope * (f64::from(t) - 3.5) + draw.between(-0.5, 0.5)) as f32);
            }
            toy.labels.push(label);
            toy.valid_len.push(6 + (row % 3) as u32);
            toy.weights.push(1.0);
            toy.keys.push(format!("toy:{row:03}"));
        }
        toy
    }

    fn options() -> TrainingOptions {
        TrainingOptions {
            epochs: 12,
            learning_rate: 1e-2,
            dropout: vec![0.1, 0.1],
            ..TrainingOptions::preset("tiny").unwrap()
        }
    }

    fn run(options: &TrainingOptions, validation: &Examples, watch: &mut (dyn Watch + Send)) -> Result<Fitted> {
        let config = ModelConfig::new(8, 2, 2, options).unwrap();
        fit(&config, options, &toy(48, 1), validation, watch)
    }

    #[test]
    fn a_rule_that_can_be_learned_is_learned() {
        let fitted = run(&options(), &toy(20, 2), &mut Unwatched).unwrap();
        assert_eq!(fitted.history.last().unwrap().val_accuracy, Some(1.0));
        let config = ModelConfig::new(8, 2, 2, &options()).unwrap();
        let predictor = Predictor::new(&config, &fitted.normalization, &fitted.best, 1).unwrap();
        let unseen = toy(20, 3);
        let p = predictor.probabilities(&unseen.features, &unseen.valid_len).unwrap();
        assert_eq!(score(&p, &unseen.labels, &unseen.weights).accuracy, 1.0);
    }

    #[test]
    fn a_seed_gives_the_same_bytes_with_any_number_of_threads() {
        let bytes = [(1, 42), (2, 42), (5, 42), (1, 43)].map(|(threads, seed)| {
            let options = TrainingOptions { threads, seed, epochs: 2, ..options() };
            checkpoint::encode(&run(&options, &toy(9, 2), &mut Unwatched).unwrap().best).unwrap()
        });
        assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2]);
        assert!(bytes[0] != bytes[3]);
    }

    #[test]
    fn the_best_epoch_is_kept_and_the_rate_written_is_the_one_used() {
        // A rate that leads away from any minimum: the first epochs are the best.
        let options = TrainingOptions {
            learning_rate: 0.5,
            epochs: 40,
            early_stopping_patience: 4,
            reduce_lr_patience: 2,
            ..options()
        };
        let validation = toy(20, 2);
        let fitted = run(&options, &validation, &mut Unwatched).unwrap();
        let losses: Vec<f64> = fitted.history.iter().filter_map(|e| e.val_loss).collect();
        let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
        assert_eq!(losses[fitted.best_epoch - 1], lowest);
        let mut callbacks = Callbacks::new(&options);
        for line in &fitted.history {
            assert_eq!(line.learning_rate, callbacks.learning_rate());
            callbacks.epoch_end(line.epoch, line.val_loss.unwrap(), line.val_loss.unwrap());
        }
        assert_eq!(fitted.stopped_because, StoppedBecause::EarlyStopping);
        let config = ModelConfig::new(8, 2, 2, &options).unwrap();
        let predictor = Predictor::new(&config, &fitted.normalization, &fitted.best, 1).unwrap();
        let p = predictor.probabilities(&validation.features, &validation.valid_len).unwrap();
        assert_eq!(score(&p, &validation.labels, &validation.weights).loss, lowest);
    }

    #[test]
    fn without_validation_the_training_loss_is_watched() {
        let fitted = run(&TrainingOptions { epochs: 2, ..options() }, &Examples::default(), &mut Unwatched).unwrap();
        assert_eq!((fitted.monitored, fitted.history[0].val_loss), ("loss", None));
        assert_eq!(fitted.stopped_because, StoppedBecause::Epochs);
    }

    /// Stops after an epoch, or cancels after a step.
    struct Impatient {
        after_epoch: usize,
        after_step: usize,
        steps: usize,
        cancel: AtomicBool,
    }

    impl Watch for Impatient {
        fn step(&mut self, _: &Progress) {
            self.steps += 1;
            self.cancel.store(self.steps >= self.after_step, Ordering::Relaxed);
        }

        fn epoch(&mut self, epoch: &Epoch) -> ControlFlow<()> {
            if epoch.epoch == self.after_epoch { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }

        fn cancel(&self) -> Option<&AtomicBool> {
            Some(&self.cancel)
        }
    }

    #[test]
    fn a_watcher_can_stop_and_cancel() {
        let mut watch = Impatient { after_epoch: 2, after_step: usize::MAX, steps: 0, cancel: AtomicBool::new(false) };
        let fitted = run(&options(), &toy(9, 2), &mut watch).unwrap();
        assert_eq!((fitted.history.len(), fitted.stopped_because, watch.steps), (2, StoppedBecause::Watcher, 12));
        let mut watch = Impatient { after_step: 4, steps: 0, ..watch };
        let cancelled = run(&options(), &toy(9, 2), &mut watch);
        assert!(matches!(cancelled, Err(Error::Interrupted(_))));
        assert_eq!(watch.steps, 4);
    }

    #[test]
    fn examples_that_cannot_be_learned_from_are_refused_by_name() {
        let refused = |spoil: fn(&mut Examples)| {
            let mut validation = toy(9, 2);
            spoil(&mut validation);
            run(&options(), &validation, &mut Unwatched).unwrap_err().to_string()
        };
        assert_eq!(refused(|e| e.labels[3] = 2), "validation: window toy:003 has class 2 of 2");
        assert_eq!(
            refused(|e| e.features[17] = f32::NAN),
            "validation: window toy:001 has a feature that is NaN or infinite"
        );
        assert_eq!(refused(|e| e.valid_len[0] = 9), "validation: window toy:000: valid_len must be in 1..=8 (was 9)");
    }
}
