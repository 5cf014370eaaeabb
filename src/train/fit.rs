//! Training, epoch by epoch: shuffle, step, validate, early stopping, learning rate, in Keras' order.

use std::sync::atomic::Ordering;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::callbacks::Callbacks;
pub use super::examples::Examples;
use super::loader::Loader;
use super::normalize::Normalization;
use super::source::Source;
use super::state::{State, Sums, bits};
use super::transfer::{Donor, Heir};
pub use super::watch::{Progress, Unwatched, Watch};
use crate::error::{Error, Result, data_err, query_err};
use crate::nn::config::ModelConfig;
use crate::nn::engine::{Engine, NamedTensor, OptimizerState};
use crate::nn::loss::{Score, Scorer};
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
    /// Rows that cannot be learned from; no epoch with a finite loss; [`Error::Interrupted`] where `watch` cancels.
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

struct Run<'a> {
    training: &'a Training<'a>,
    normalization: &'a Normalization,
    engine: Box<dyn Engine>,
    /// The epoch that is next or under way.
    epoch: usize,
    /// What of it is done.
    sums: Sums,
    callbacks: Callbacks,
    history: Vec<Epoch>,
    ended: Option<StoppedBecause>,
    best: Option<Vec<NamedTensor>>,
}

impl Run<'_> {
    fn epochs(&mut self, watch: &mut (dyn Watch + Send)) -> Result<StoppedBecause> {
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
                watch.save(&self.state())?;
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
            if watch.cancel().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                return Err(self.interrupted(watch)?);
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
                watch.save(&self.state())?;
            }
            Ok(())
        })
    }

    /// Keeps what there is, if anything is, and says how to go on.
    fn interrupted(&self, watch: &mut (dyn Watch + Send)) -> Result<Error> {
        let so_far = format!("training was interrupted in epoch {}", self.epoch);
        let kept = if self.epoch > 1 || self.sums.steps > 0 { watch.save(&self.state())? } else { None };
        let Some(place) = kept else { return Ok(Error::Interrupted(format!("{so_far}; nothing was kept"))) };
        let go_on = "To go on, run the same COPY with OPTIONS ('resume' 'true')";
        Ok(Error::Interrupted(match self.callbacks.early_stopping.best_epoch {
            0 => format!("{so_far}; its state is kept in {place}. {go_on}"),
            best => format!(
                "{so_far}; its state, with the best weights so far (epoch {best}), is kept in {place}. {go_on}; to publish \
                 the best so far, add 'epochs' '{}'",
                self.epoch - 1
            ),
        }))
    }

    /// Validation, callbacks, and the line of the history.
    fn end_epoch(&mut self, watch: &mut (dyn Watch + Send)) -> Result<()> {
        let started = Instant::now();
        let sums = std::mem::take(&mut self.sums);
        let learning_rate = self.callbacks.learning_rate();
        let scored = self.validate()?;
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

    fn validate(&self) -> Result<Option<Score>> {
        let source = self.training.validation;
        if source.rows() == 0 {
            return Ok(None);
        }
        let mut scorer = Scorer::default();
        for block in 0..source.blocks() {
            let mut rows = source.block(block)?;
            self.normalization.apply_to(&mut rows.features);
            let probabilities = self.engine.predict(&rows.features, &rows.valid_len)?;
            scorer.add(&probabilities, &rows.labels, &rows.weights);
        }
        Ok(Some(scorer.score()))
    }

    fn state(&self) -> State {
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

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::nn::loss::score;
    use crate::random::Stream;
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
        Training { config: &config, options, train: &toy(48, 1), validation, heritage: None }.fit(watch)
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

        fn epoch(&mut self, epoch: &Epoch) -> Result<ControlFlow<()>> {
            Ok(if epoch.epoch == self.after_epoch { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
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

    /// Keeps every state, and cancels after a step of the whole training.
    #[derive(Default)]
    struct Kept {
        state: Option<Vec<u8>>,
        cancel_after: Option<usize>,
        steps: usize,
        cancel: AtomicBool,
    }

    impl Watch for Kept {
        fn step(&mut self, _: &Progress) {
            self.steps += 1;
            self.cancel.store(Some(self.steps) == self.cancel_after, Ordering::Relaxed);
        }

        fn resume(&mut self, config: &ModelConfig) -> Result<Option<State>> {
            self.state.as_ref().map(|bytes| State::decode(bytes, config)).transpose()
        }

        fn due(&self) -> bool {
            true
        }

        fn save(&mut self, state: &State) -> Result<Option<String>> {
            self.state = Some(state.encode("toy")?);
            Ok(Some("memory".to_owned()))
        }

        fn cancel(&self) -> Option<&AtomicBool> {
            Some(&self.cancel)
        }
    }

    /// All but the wall time.
    fn timeless(fitted: Fitted) -> Fitted {
        let history = fitted.history.into_iter().map(|epoch| Epoch { seconds: 0.0, ..epoch });
        Fitted { history: history.collect(), ..fitted }
    }

    #[test]
    fn five_epochs_and_six_are_eleven() {
        let [five, eleven] = [5, 11].map(|epochs| TrainingOptions { epochs, ..options() });
        let whole = run(&eleven, &toy(9, 2), &mut Unwatched).unwrap();
        let mut kept = Kept::default();
        run(&five, &toy(9, 2), &mut kept).unwrap();
        assert!(timeless(run(&eleven, &toy(9, 2), &mut kept).unwrap()) == timeless(whole));
    }

    #[test]
    fn a_training_that_is_cut_off_in_an_epoch_goes_on_there() {
        // 48 rows in batches of 8: 6 steps an epoch; early stopping within the 12 epochs, so that its state counts.
        let options = TrainingOptions { early_stopping_patience: 3, learning_rate: 0.3, ..options() };
        let whole = timeless(run(&options, &toy(9, 2), &mut Unwatched).unwrap());
        assert_eq!(whole.stopped_because, StoppedBecause::EarlyStopping);
        for cut in [1, 5, 6, 7, 13, 20] {
            let mut kept = Kept { cancel_after: Some(cut), ..Kept::default() };
            let interrupted = run(&options, &toy(9, 2), &mut kept).unwrap_err();
            let told = interrupted.to_string();
            assert!(matches!(interrupted, Error::Interrupted(_)) && told.contains("is kept in memory"), "{told}");
            let mut kept = Kept { state: kept.state, ..Kept::default() };
            assert!(timeless(run(&options, &toy(9, 2), &mut kept).unwrap()) == whole, "cut after step {cut}");
        }
        // What had ended by itself has ended.
        let mut kept = Kept::default();
        run(&options, &toy(9, 2), &mut kept).unwrap();
        let steps = kept.steps;
        assert!(timeless(run(&options, &toy(9, 2), &mut kept).unwrap()) == whole);
        assert_eq!(kept.steps, steps);
    }

    #[test]
    fn the_best_so_far_can_be_taken_as_it_is_and_no_less() {
        let mut kept = Kept { cancel_after: Some(20), ..Kept::default() };
        run(&options(), &toy(9, 2), &mut kept).unwrap_err();
        let mut kept = Kept { state: kept.state, ..Kept::default() };
        let fewer = TrainingOptions { epochs: 2, ..options() };
        let error = run(&fewer, &toy(9, 2), &mut kept).unwrap_err().to_string();
        assert_eq!(error, "option epochs: the state that is gone on from has 3 epochs already (was 2)");
        let three = TrainingOptions { epochs: 3, ..options() };
        let taken = run(&three, &toy(9, 2), &mut kept).unwrap();
        let whole = run(&three, &toy(9, 2), &mut Unwatched).unwrap();
        assert_eq!((taken.best == whole.best, taken.history.len(), taken.last), (true, 3, vec![]));
    }

    #[test]
    fn a_state_of_another_net_or_of_garbage_is_refused() {
        let mut kept = Kept::default();
        run(&TrainingOptions { epochs: 1, ..options() }, &toy(9, 2), &mut kept).unwrap();
        let wider = TrainingOptions { units: vec![48, 16], ..options() };
        let error = run(&wider, &toy(9, 2), &mut kept).unwrap_err().to_string();
        assert!(error.contains("tensor parameters.lstm1.weight_ih_l0 is F32 [128, 2]"), "{error}");
        kept.state = Some(b"pose".to_vec());
        assert!(matches!(run(&options(), &toy(9, 2), &mut kept), Err(Error::Model(_))));
    }

    #[test]
    fn a_net_begins_with_another_and_keeps_what_is_frozen() {
        let config = ModelConfig::new(8, 2, 2, &options()).unwrap();
        let first = run(&options(), &toy(20, 2), &mut Unwatched).unwrap();
        let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        let donor = Donor {
            name: "toy@1".into(),
            config: config.clone(),
            features: names(["noise", "slope"]),
            labels: names(["rise", "fall"]),
            normalization: first.normalization.clone(),
            weights: first.best.clone(),
        };
        // The features changed places, the classes their names.
        let mut swapped = toy(48, 1);
        swapped.features.chunks_exact_mut(2).for_each(|frame| frame.swap(0, 1));
        let (features, labels) = (names(["slope", "noise"]), names(["up", "down"]));
        let heir = Heir { config: &config, features: &features, labels: &labels, freeze: &[] };
        let freeze: Vec<String> = ["lstm1", "lstm2", "dense1"].map(str::to_owned).to_vec();
        let options = TrainingOptions { freeze, epochs: 20, weight_decay: 0.01, ..options() };
        let heritage = Some((&donor, heir));
        let tuned = Training { config: &config, options: &options, train: &swapped, validation: &toy(0, 1), heritage };
        let tuned = tuned.fit(&mut Unwatched).unwrap();
        let mean = &donor.normalization.mean;
        assert_eq!(tuned.normalization.mean, [mean[1], mean[0]]);
        for (new, old) in tuned.last.iter().zip(&donor.weights) {
            if new.name == "lstm1.weight_ih_l0" {
                assert!(new.data.chunks(2).zip(old.data.chunks(2)).all(|(new, old)| [new[1], new[0]] == old));
            } else {
                assert_eq!(new == old, !new.name.starts_with("output"), "{}", new.name);
            }
        }
        // Only the output had to be learned.
        assert!(tuned.history.last().unwrap().accuracy > 0.9);
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
