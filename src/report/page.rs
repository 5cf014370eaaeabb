//! What a report tells, as plain values: the page before it has a form.

use serde::Serialize;

use super::rows::{
    BaselineRow, CellRow, ClassRow, CurvePoint, EpochRow, FeatureRow, FindingRow, InventoryRow, LeakRow, MetricRow,
    RecipeRow, ReliabilityRow,
};

/// Everything that a report on one version of a model says. Rows are shown in the order in which they stand.
///
/// None, or an empty list, means that nothing is known, and the page says so; it never means zero. Where a list may be
/// None, an empty one means that somebody looked and found nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Page {
    /// The name of the model, `gait`.
    pub title: String,
    /// Its version, from 1.
    pub version: u64,
    /// When it was published, ready to read: `2026-11-28 02:37 UTC`.
    pub created: String,
    /// What the model is, in one sentence or less: `LSTM 64, 32, both directions; 7 classes`.
    pub about: String,
    /// The result on test; None without test rows.
    pub headline: Option<Headline>,
    /// What was looked for and found; None when nobody looked.
    pub findings: Option<Vec<FindingRow>>,
    /// Further sentences that the reader must see, such as what could not be read.
    pub warnings: Vec<String>,
    /// What the accuracy on test is compared with.
    pub baselines: Vec<BaselineRow>,
    /// Every metric of every side.
    pub metrics: Vec<MetricRow>,
    /// Every class of every side.
    pub classes: Vec<ClassRow>,
    /// Every pair of classes of every side.
    pub confusion: Vec<CellRow>,
    /// Every bin of confidence of every side.
    pub reliability: Vec<ReliabilityRow>,
    /// Points of ROC curves; those of one class on one side stand together.
    pub curves: Vec<CurvePoint>,
    /// The epochs.
    pub history: Vec<EpochRow>,
    /// The epoch whose weights were kept.
    pub best_epoch: Option<u64>,
    /// How many windows each class has on each side.
    pub inventory: Vec<InventoryRow>,
    /// What crosses the sides of the split; None when nobody looked.
    pub leaks: Option<Vec<LeakRow>>,
    /// The features of a frame.
    pub features: Vec<FeatureRow>,
    /// What the training was told.
    pub recipe: Vec<RecipeRow>,
    /// The query that made the training table.
    pub sql: Option<String>,
}

/// The one number that a reader takes away: the accuracy on rows that nothing was chosen with.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Headline {
    /// Share of the windows that were predicted right, in [0, 1].
    pub accuracy: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub high: Option<f64>,
    /// How the interval was made, as in the `metrics` table.
    pub interval: Option<String>,
    /// Windows.
    pub windows: u64,
    /// Recordings they came from; None when unknown.
    pub recordings: Option<u64>,
    /// People they came from; None when unknown.
    pub subjects: Option<u64>,
    /// The accuracy of guessing, 1 / K for K classes.
    pub chance: Option<f64>,
    /// Why the number is not what it seems, in a sentence; None where nothing is known against it.
    pub caveat: Option<String>,
}
