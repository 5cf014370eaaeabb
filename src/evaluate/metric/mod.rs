//! One metric per file: what it says, its unit, direction and range, and where its formula comes from.

use super::tally::Tally;

pub mod accuracy;
pub mod average_precision;
pub mod balanced_accuracy;
pub mod brier;
pub mod confusion;
pub mod ece;
pub mod f1;
pub mod kappa;
pub mod log_loss;
pub mod margins;
pub mod mcc;
pub mod precision;
pub mod recall;
pub mod roc_auc;
pub mod top_k;

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Larger is better.
    Higher,
    /// Smaller is better.
    Lower,
    /// Nearer to 0 is better.
    Zero,
}

impl Better {
    /// The word in the `metrics` table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::Zero => "zero",
        }
    }
}

/// A number that says how good predictions are, from sums `S`.
#[derive(Debug, Clone)]
pub struct Metric<S = Tally> {
    /// The name in the `metrics` table.
    pub name: &'static str,
    /// What it is counted in: `share` (of rows or pairs, or a mean of such), `nats`, or `1` for a plain number.
    pub unit: &'static str,
    /// Which way it gets better.
    pub better: Better,
    /// The least and the largest value it can take.
    pub range: (f64, f64),
    /// Its value for some rows; NULL where the formula divides by 0.
    pub value: fn(&S) -> Option<f64>,
}

/// Every metric, in the order of the `metrics` table: the one list.
pub const METRICS: [Metric; 16] = [
    accuracy::METRIC,
    balanced_accuracy::METRIC,
    precision::MACRO,
    precision::WEIGHTED,
    recall::MACRO,
    recall::WEIGHTED,
    f1::MACRO,
    f1::WEIGHTED,
    kappa::METRIC,
    mcc::METRIC,
    log_loss::METRIC,
    brier::METRIC,
    top_k::METRIC,
    ece::METRIC,
    roc_auc::METRIC,
    average_precision::METRIC,
];

/// `a / b`, NULL where `b` is 0.
pub(super) fn ratio(a: f64, b: f64) -> Option<f64> {
    (b != 0.0).then(|| a / b)
}

#[cfg(test)]
mod oracle_tests;
