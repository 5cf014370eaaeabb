//! Training over small nets: what is learned, kept, cut off, gone on with, begun with.

use std::ops::ControlFlow;

use super::callbacks::Callbacks;
use super::fit::*;
use super::state::State;
use super::transfer::{Donor, Heir};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::nn::config::ModelConfig;
use crate::nn::loss::score;
use crate::options::training::TrainingOptions;
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
    interrupt: Interrupt,
}

impl Watch for Impatient {
    fn step(&mut self, _: &Progress) {
        self.steps += 1;
        if self.steps >= self.after_step {
            self.interrupt.request();
        }
    }

    fn epoch(&mut self, epoch: &Epoch) -> Result<ControlFlow<()>> {
        Ok(if epoch.epoch == self.after_epoch { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn interrupt(&self) -> Option<&Interrupt> {
        Some(&self.interrupt)
    }
}

#[test]
fn a_watcher_can_stop_and_cancel() {
    let mut watch = Impatient { after_epoch: 2, after_step: usize::MAX, steps: 0, interrupt: Interrupt::default() };
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
    interrupt: Interrupt,
}

impl Watch for Kept {
    fn step(&mut self, _: &Progress) {
        self.steps += 1;
        if Some(self.steps) == self.cancel_after {
            self.interrupt.request();
        }
    }

    fn resume(&mut self, config: &ModelConfig) -> Result<Option<State>> {
        self.state.as_ref().map(|bytes| State::decode(bytes, config)).transpose()
    }

    fn due(&self) -> bool {
        true
    }

    fn checkpoint(&mut self, state: &State) {
        self.save(state).unwrap();
    }

    fn save(&mut self, state: &State) -> Result<Option<String>> {
        self.state = Some(state.encode("toy")?);
        Ok(Some("memory".to_owned()))
    }

    fn interrupt(&self) -> Option<&Interrupt> {
        Some(&self.interrupt)
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
        temperature: None,
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
