//! What metrics are made of: sums over rows, and one ranking of all.

use super::metric::ece;
use super::metric::margins::Margins;
use super::ranking::Ranked;

/// The sums of the rows of many recordings, and how they rank.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// Rows by class: true, predicted, and both. Classes that are neither in any row may be missing.
    pub margins: Margins,
    /// Sums over the rows with probabilities.
    pub scored: Scored,
    /// How well probabilities rank them; the one thing that is no sum.
    pub ranked: Ranked,
}

/// Sums over rows that came with probabilities.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scored {
    /// Rows.
    pub rows: u64,
    /// Sum of [`log_loss::of_row`](super::metric::log_loss::of_row), in nats.
    pub log_loss: f64,
    /// Sum of [`brier::of_row`](super::metric::brier::of_row).
    pub brier: f64,
    /// Rows whose class is among the [`top_k::K`](super::metric::top_k::K) most probable.
    pub top_k: u64,
    /// Rows by their largest probability.
    pub bins: [ece::Bin; ece::BINS],
}

impl Tally {
    /// A sum over the scored rows as their mean; NULL without such rows, or where a probability was not a number.
    pub fn mean(&self, sum: f64) -> Option<f64> {
        (self.scored.rows > 0 && sum.is_finite()).then(|| sum / self.scored.rows as f64)
    }
}
