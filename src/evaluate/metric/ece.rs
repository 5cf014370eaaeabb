//! Expected calibration error: how far the model's confidence is from how often it is right.

use super::{Better, Metric};

/// Bins of equal width over (0, 1].
pub const BINS: usize = 10;

/// Rows whose largest probability lies in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bin {
    /// Rows.
    pub rows: u64,
    /// Rows that were predicted right.
    pub correct: u64,
    /// Sum of their largest probabilities.
    pub confidence: f64,
}

impl Bin {
    /// Adds the rows of another bin.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.correct += other.correct;
        self.confidence += other.confidence;
    }
}

/// `sum over bins of n_b / n * |accuracy_b - mean confidence_b|`, 10 bins (lo, hi] on the largest probability.
/// A difference of shares in [0, 1], lower is better, 0 is calibrated. Bins bias it upwards when rows are few.
///
/// Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599
pub const METRIC: Metric = Metric {
    name: "ece",
    unit: "share",
    better: Better::Lower,
    range: (0.0, 1.0),
    value: |tally| tally.mean(tally.scored.bins.iter().map(|bin| (bin.correct as f64 - bin.confidence).abs()).sum()),
};

/// Adds one row to its bin.
pub fn add_row(bins: &mut [Bin; BINS], correct: bool, probabilities: &[f32]) {
    // `f64::max` would lose NaN, which must reach the metric and make it NULL.
    let larger = |top: f64, p: &f32| if top.is_nan() || f64::from(*p) <= top { top } else { f64::from(*p) };
    let top = probabilities.iter().fold(0.0, larger);
    // A float32 times 10 is exact in float64, so the bin borders are exact too. NaN goes to bin 0.
    let bin = ((top * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
    bins[bin].add(&Bin { rows: 1, correct: u64::from(correct), confidence: top });
}
