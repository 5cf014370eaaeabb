//! Early stopping and learning-rate reduction, as Keras 3 counts them.

use serde::{Deserialize, Serialize};

use crate::options::training::TrainingOptions;

/// Both callbacks in one state, saved and resumed with the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Callbacks {
    /// Stops when the monitored value no longer gets better.
    pub early_stopping: EarlyStopping,
    /// Reduces the learning rate when the validation loss no longer falls.
    pub reduce_lr: ReduceLrOnPlateau,
}

/// What the callbacks say after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The epoch was the best so far: keep its weights.
    pub best: bool,
    /// Train no more.
    pub stop: bool,
}

impl Callbacks {
    /// Callbacks that have seen no epoch.
    pub fn new(options: &TrainingOptions) -> Self {
        Self {
            early_stopping: EarlyStopping {
                patience: options.early_stopping_patience,
                best: None,
                best_epoch: 0,
                wait: 0,
            },
            reduce_lr: ReduceLrOnPlateau {
                patience: options.reduce_lr_patience,
                factor: options.reduce_lr_factor,
                min_delta: options.min_delta,
                cooldown: options.cooldown,
                min_lr: options.min_lr,
                learning_rate: options.learning_rate,
                best: None,
                wait: 0,
                cooling: 0,
            },
        }
    }

    /// The learning rate of the next epoch.
    pub fn learning_rate(&self) -> f64 {
        self.reduce_lr.learning_rate
    }

    /// After `epoch` (from 1): early stopping by `monitored` first, then the learning rate by `loss`, which is reduced even
    /// when training stops. Lower is better for both: an accuracy is given negated.
    pub fn epoch_end(&mut self, epoch: usize, monitored: f64, loss: f64) -> Verdict {
        let verdict = self.early_stopping.epoch_end(epoch, monitored);
        self.reduce_lr.epoch_end(loss);
        verdict
    }
}

/// Whether `value` is lower than `best` by more than `min_delta`. NaN counts as the worst value there is, so it
/// improves on nothing.
fn improves(value: f64, best: Option<f64>, min_delta: f64) -> bool {
    let value = if value.is_nan() { f64::INFINITY } else { value };
    value + min_delta < best.unwrap_or(f64::INFINITY)
}

/// Keras' `EarlyStopping(restore_best_weights=True, min_delta=0)` over a loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// Epochs without improvement before training stops; 0 never stops.
    pub patience: usize,
    /// The lowest loss; `None` until there is one.
    pub best: Option<f64>,
    /// Its epoch, from 1; 0 until there is one.
    pub best_epoch: usize,
    /// Epochs since.
    pub wait: usize,
}

impl EarlyStopping {
    fn epoch_end(&mut self, epoch: usize, value: f64) -> Verdict {
        self.wait += 1;
        let best = improves(value, self.best, 0.0);
        if best {
            (self.best, self.best_epoch, self.wait) = (Some(value), epoch, 0);
        }
        Verdict { best, stop: self.patience > 0 && self.wait >= self.patience && epoch > 1 }
    }
}

/// Keras' `ReduceLROnPlateau(mode="min")`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReduceLrOnPlateau {
    /// Epochs without improvement before a reduction; 0 never reduces.
    pub patience: usize,
    /// The learning rate is multiplied by this.
    pub factor: f64,
    /// Least improvement that counts.
    pub min_delta: f64,
    /// Epochs after a reduction in which none is counted.
    pub cooldown: usize,
    /// The learning rate never falls below this.
    pub min_lr: f64,
    /// The learning rate of the next epoch.
    pub learning_rate: f64,
    /// The lowest loss; `None` until there is one.
    pub best: Option<f64>,
    /// Epochs since, outside of cooldown.
    pub wait: usize,
    /// Epochs of cooldown left.
    pub cooling: usize,
}

impl ReduceLrOnPlateau {
    fn epoch_end(&mut self, value: f64) {
        if self.cooling > 0 {
            self.cooling -= 1;
            self.wait = 0;
        }
        if improves(value, self.best, self.min_delta) {
            (self.best, self.wait) = (Some(value), 0);
        } else if self.cooling == 0 {
            self.wait += 1;
            if self.patience > 0 && self.wait >= self.patience && self.learning_rate > self.min_lr {
                self.learning_rate = (self.learning_rate * self.factor).max(self.min_lr);
                (self.cooling, self.wait) = (self.cooldown, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The learning rate used in each epoch until the callbacks stop, then the one set last.
    fn rates(callbacks: &mut Callbacks, losses: &[f64]) -> Vec<f64> {
        let mut rates = vec![callbacks.learning_rate()];
        for (epoch, &loss) in (1..).zip(losses) {
            let stop = callbacks.epoch_end(epoch, loss, loss).stop;
            rates.push(callbacks.learning_rate());
            if stop {
                break;
            }
        }
        rates
    }

    fn worsening(epochs: i32) -> Vec<f64> {
        (0..epochs).map(|e| 1.0 + f64::from(e) * 0.1).collect()
    }

    #[test]
    fn the_golden_trace_of_the_seed() {
        // The seed's history: 11 epochs, the first the best; 1e-3 in 1-6, 5e-4 in 7-11, then set to 2.5e-4.
        let mut callbacks = Callbacks::new(&TrainingOptions::default());
        let expected = [vec![1e-3; 6], vec![5e-4; 5], vec![2.5e-4]].concat();
        assert_eq!(rates(&mut callbacks, &worsening(50)), expected);
        assert_eq!((callbacks.early_stopping.best_epoch, callbacks.early_stopping.wait), (1, 10));
    }

    #[test]
    fn nan_is_the_worst_even_when_it_comes_first() {
        let mut callbacks = Callbacks::new(&TrainingOptions::default());
        assert!(!callbacks.epoch_end(1, f64::NAN, f64::NAN).best);
        assert!(callbacks.epoch_end(2, 5.0, 5.0).best);
        assert!(!callbacks.epoch_end(3, f64::NAN, f64::NAN).best);
        assert_eq!(callbacks.early_stopping.best, Some(5.0));
    }

    #[test]
    fn an_equal_loss_is_no_improvement_and_min_delta_is_strict() {
        assert!(!improves(1.0, Some(1.0), 0.0));
        assert!(!improves(0.5, Some(1.0), 0.5) && improves(0.25, Some(1.0), 0.5));
    }

    #[test]
    fn cooldown_delays_the_next_reduction_and_min_lr_ends_them() {
        let options = TrainingOptions {
            reduce_lr_patience: 2,
            cooldown: 2,
            min_lr: 4e-4,
            early_stopping_patience: 0,
            ..Default::default()
        };
        // By hand from Keras' on_epoch_end. Waits: 0 1 2->reduce, cooling 2: epoch 4 cools to 1; epoch 5 to 0 and
        // counts again (wait 1); epoch 6 reduces, to min_lr.
        let expected = [1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 5e-4, 4e-4, 4e-4, 4e-4, 4e-4];
        assert_eq!(rates(&mut Callbacks::new(&options), &worsening(9)), expected);
    }

    #[test]
    fn a_state_that_was_saved_goes_on_as_if_nothing_had_happened() {
        let mut whole = Callbacks::new(&TrainingOptions::default());
        let all = rates(&mut whole, &worsening(11));
        let mut half = Callbacks::new(&TrainingOptions::default());
        rates(&mut half, &worsening(5));
        let mut resumed: Callbacks = serde_json::from_str(&serde_json::to_string(&half).unwrap()).unwrap();
        for (epoch, loss) in (1..).zip(worsening(11)).skip(5) {
            resumed.epoch_end(epoch, loss, loss);
            assert_eq!(resumed.learning_rate(), all[epoch]);
        }
        assert_eq!(resumed, whole);
    }
}
