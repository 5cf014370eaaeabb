//! What is known about a training when it is over, or was refused.

use super::effective::effective_rows;
use super::missingness::Missingness;
use super::newcombe::Share;
use crate::evaluate::metric::confusion::Confusion;
use crate::evaluate::paired::Verdict;
use crate::split::side::Side;

/// The facts of one training. Any may be missing, and then what needs them is not checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// The classes, sorted by label; the index of a class is its place here. K of them.
    pub classes: Vec<Class>,
    /// Recordings on each side, by `Side as usize`; 0 where unknown.
    pub recordings: [u64; 3],
    /// Whether train rows have class weights.
    pub weighted: bool,
    /// Parameters of the net.
    pub parameters: Option<u64>,
    /// The history, in order.
    pub epochs: Vec<Epoch>,
    /// The epoch (from 1) whose weights were kept.
    pub best_epoch: Option<usize>,
    /// What the kept weights say about each side, by `Side as usize`.
    pub measured: [Measured; 3],
    /// What simpler models reach on the same rows.
    pub baselines: Vec<Baseline>,
    /// The sources of the windows.
    pub sources: Vec<Source>,
    /// Features that have one value in all of train.
    pub constant_features: Vec<String>,
    /// What the values that were missing tell by themselves.
    pub missingness: Vec<Missingness>,
    /// Features whose train values lie too far from 0 for 32 bits.
    pub offsets: Vec<Offset>,
    /// Train values that are larger than all others by orders of magnitude.
    pub wild_values: Vec<WildValue>,
    /// The lowest and the highest rate of a recording, frames a second, with its name; missing where they are the same or
    /// unknown.
    pub rates: Option<[(f64, String); 2]>,
    /// A sentence for each leak between the sides; none of a sound split.
    pub leaks: Vec<String>,
    /// What lies on several sides and may be meant to: a sentence about each thing, and what to do.
    pub shared: Vec<(String, String)>,
    /// How rows were split where that makes the result look too good: `by time inside recordings`.
    pub optimistic_split: Option<String>,
    /// How validation was made where pose_split did not: `1 of 5 folds inside train`.
    pub validation_made: Option<String>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Class {
    /// Its name.
    pub label: String,
    /// Its windows on each side, by `Side as usize`, without augmented copies.
    pub sides: [Count; 3],
    /// Its augmented copies, which are train rows.
    pub copies: u64,
}

/// The windows of a class on one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Count {
    /// Windows.
    pub windows: u64,
    /// Recordings they were cut from; 0 where unknown.
    pub recordings: u64,
    /// The names of these, where they are to be told.
    pub names: Vec<String>,
}

/// One epoch of the history. A loss may be NaN.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Epoch {
    /// What was minimised, nats.
    pub loss: f64,
    /// Share of train rows predicted right, with dropout on.
    pub accuracy: f64,
    /// Cross-entropy over validation rows, nats.
    pub val_loss: Option<f64>,
    /// Share of validation rows predicted right.
    pub val_accuracy: Option<f64>,
    /// The learning rate used in this epoch.
    pub learning_rate: Option<f64>,
}

/// What the kept weights say about one side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// Rows by true and predicted class; missing where nothing was measured.
    pub confusion: Option<Confusion>,
    /// 95 % interval of the accuracy, as the table `metrics` has it.
    pub interval: Option<(f64, f64)>,
    /// Rows of each recording and how many of them are right; none where unknown.
    pub recordings: Vec<Score>,
    /// Cross-entropy without weights, nats.
    pub loss: Option<f64>,
    /// Expected calibration error, in [0, 1].
    pub ece: Option<f64>,
    /// Mean of the largest probability of each row.
    pub confidence: Option<f64>,
}

/// How a model does on one recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// Its rows.
    pub rows: u64,
    /// Those predicted right.
    pub correct: u64,
}

/// A simpler model.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Its name: `majority`.
    pub name: String,
    /// The side it was measured on.
    pub split: Side,
    /// Its accuracy there, in [0, 1].
    pub accuracy: f64,
    /// Whether the net is better or worse over the same recordings; missing where these are unknown, or too few to
    /// tell anything.
    pub net_is: Option<Verdict>,
}

/// A feature far from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Offset {
    /// Its name.
    pub feature: String,
    /// The mean of its train values.
    pub mean: f64,
    /// Their standard deviation; 0 where none is left.
    pub spread: f64,
}

/// A value unlike all others.
#[derive(Debug, Clone, PartialEq)]
pub struct WildValue {
    /// The name of its feature.
    pub feature: String,
    /// The value.
    pub value: f64,
    /// A window that holds it.
    pub window: String,
    /// What the magnitude of the others stays below.
    pub others: f64,
}

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its windows on each side, by `Side as usize`, without augmented copies.
    pub windows: [u64; 3],
}

impl Facts {
    /// Windows of a side, without copies.
    pub(super) fn windows(&self, side: Side) -> u64 {
        self.classes.iter().map(|class| class.on(side).windows).sum()
    }

    /// Windows of all sides, without copies.
    pub(super) fn all_windows(&self) -> u64 {
        Side::ALL.into_iter().map(|side| self.windows(side)).sum()
    }

    pub(super) fn measured(&self, side: Side) -> &Measured {
        &self.measured[side as usize]
    }

    /// The sides on which something was measured, and their matrices.
    pub(super) fn matrices(&self) -> impl Iterator<Item = (Side, &Confusion)> {
        let matrix = |side: Side| self.measured(side).confusion.as_ref().filter(|m| m.rows() > 0).map(|m| (side, m));
        Side::ALL.into_iter().filter_map(matrix)
    }

    /// The name of a class.
    pub(super) fn label(&self, class: usize) -> &str {
        self.classes.get(class).map_or("?", |class| &class.label)
    }

    /// The largest share that one class has of train as it is trained on; NULL without rows.
    pub(super) fn largest_train_share(&self) -> Option<f64> {
        let rows = || self.classes.iter().map(Class::train_rows);
        let all: u64 = rows().sum();
        (all > 0).then(|| rows().max().unwrap_or(0) as f64 / all as f64)
    }
}

impl Class {
    pub(super) fn on(&self, side: Side) -> &Count {
        &self.sides[side as usize]
    }

    /// Windows on all sides.
    pub(super) fn windows(&self) -> u64 {
        self.sides.iter().map(|count| count.windows).sum()
    }

    /// Recordings on all sides; 0 where unknown. A recording is on one side, or the split leaks.
    pub(super) fn recordings(&self) -> u64 {
        self.sides.iter().map(|count| count.recordings).sum()
    }

    /// Train rows, copies included.
    pub(super) fn train_rows(&self) -> u64 {
        self.on(Side::Train).windows + self.copies
    }
}

impl Count {
    /// Windows of unknown recordings.
    pub fn windows(windows: u64) -> Self {
        Self { windows, ..Self::default() }
    }
}

impl Measured {
    /// The accuracy, and how many independent rows it is worth; NULL where nothing was measured.
    pub(super) fn accuracy(&self) -> Option<Share> {
        let matrix = self.confusion.as_ref().filter(|matrix| matrix.rows() > 0)?;
        let value = matrix.correct() as f64 / matrix.rows() as f64;
        Some(Share { value, rows: effective_rows(matrix.rows() as f64, &self.recordings) })
    }

    /// 95 % interval of the accuracy: the one that was given, else Wilson's.
    pub(super) fn bounds(&self) -> Option<(f64, f64)> {
        self.interval.or_else(|| self.accuracy().map(Share::wilson))
    }
}
