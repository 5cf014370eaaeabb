//! The rows of a report. Shares are in [0, 1]; None is NULL and is shown as a dash.

use std::ops::Deref;

use serde::Serialize;

use crate::evaluate;

/// A row of one side of the split.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OfSide<T> {
    /// The side.
    pub split: String,
    /// What was measured there.
    #[serde(flatten)]
    pub row: T,
}

impl<T> Deref for OfSide<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.row
    }
}

/// One class of one side.
pub type ClassRow = OfSide<evaluate::ClassRow>;
/// One cell of a confusion matrix.
pub type CellRow = OfSide<evaluate::CellRow>;
/// One bin of confidence, (low, high].
pub type ReliabilityRow = OfSide<evaluate::ReliabilityRow>;

/// Something that was looked for and found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FindingRow {
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// The name of the check.
    pub check: String,
    /// What was seen, with its numbers.
    pub message: String,
    /// What it comes from; may be empty.
    pub cause: String,
    /// What to do about it; may be empty.
    pub advice: String,
}

/// The accuracy on test of something simpler than the model, and how the model compares with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BaselineRow {
    /// What it is: `majority class`.
    pub name: String,
    /// Share of the windows that it gets right.
    pub accuracy: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub high: Option<f64>,
    /// Accuracy of the model less that of this, over the same recordings; None where these are unknown.
    pub difference: Option<f64>,
    /// Lower end of its 95 % interval over recordings.
    pub difference_low: Option<f64>,
    /// Upper end of it.
    pub difference_high: Option<f64>,
    /// Of the paired test over recordings.
    pub p: Option<f64>,
    /// What that test says of the model: `better`, `worse` or `no difference shown`.
    pub verdict: Option<String>,
}

/// One metric of one side.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MetricRow {
    /// The side of the split.
    pub split: String,
    /// Its name.
    pub metric: String,
    /// Its unit; `share` is shown in percent.
    pub unit: String,
    /// Which way it gets better: `higher` or `lower`.
    pub better: String,
    /// Its value.
    pub value: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub high: Option<f64>,
    /// How the interval was made; None when there is none.
    pub interval: Option<String>,
    /// Windows.
    pub n: u64,
    /// Recordings they came from; 0 when unknown.
    pub groups: u64,
}

/// One point of the ROC curve of a class against all others.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The side of the split.
    pub split: String,
    /// The class.
    pub label: String,
    /// Share of the other classes' windows above the threshold.
    pub false_positive_rate: f64,
    /// Share of its own windows above the threshold.
    pub true_positive_rate: f64,
}

/// One epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct EpochRow {
    /// Its number, from 1.
    pub epoch: u64,
    /// Mean training loss, with dropout on.
    pub loss: Option<f64>,
    /// Loss on validation.
    pub val_loss: Option<f64>,
    /// Accuracy on train, with dropout on.
    pub accuracy: Option<f64>,
    /// Accuracy on validation.
    pub val_accuracy: Option<f64>,
    /// The learning rate that was used.
    pub learning_rate: Option<f64>,
}

/// How much there is of one class on one side.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct InventoryRow {
    /// The side of the split.
    pub split: String,
    /// The class.
    pub label: String,
    /// Windows; copies are among them where `copies` is None.
    pub windows: u64,
    /// Augmented copies beside them; None when nobody told them apart.
    pub copies: Option<u64>,
    /// Recordings they came from; None when unknown.
    pub recordings: Option<u64>,
    /// People they came from; None when unknown.
    pub subjects: Option<u64>,
}

/// One thing that may cross the sides of the split.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LeakRow {
    /// The name of the check.
    pub check: String,
    /// `error`, `warning`, `ok` or `not checked`; anything else is shown as it is.
    pub severity: String,
    /// What was seen; empty for nothing.
    pub detail: String,
    /// Rows of validation and test that are touched.
    pub rows: u64,
    /// Their share of all rows of validation and test.
    pub share: Option<f64>,
}

/// One feature of a frame, and its scale: `(value - mean) / std` goes into the net.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FeatureRow {
    /// Its name; its place, from 0, when it has none.
    pub name: String,
    /// Its unit, if it was told.
    pub unit: Option<String>,
    /// Mean over train rows, in its own unit; None when it is not normalised.
    pub mean: Option<f64>,
    /// Standard deviation over train rows, in its own unit; None when it is not normalised.
    pub std: Option<f64>,
}

/// One setting of the training.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RecipeRow {
    /// Its name.
    pub key: String,
    /// Its value, ready to read.
    pub value: String,
}
