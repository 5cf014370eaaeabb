//! What rows add to the metrics: sums, so that recordings can be drawn again and added up, and one ranking of all.

use std::collections::BTreeMap;

use super::metric::confusion::Confusion;
use super::metric::{brier, ece, log_loss, top_k};
use super::ranking::{Ranked, Ranking};

/// The sums of the rows of one recording; sparse, because a recording meets few of the K x K pairs of classes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    pairs: BTreeMap<(usize, usize), u64>,
    scored: Scored,
}

/// The sums of the rows of many recordings, and how they rank.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Rows by true and predicted class.
    pub confusion: Confusion,
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
    /// Sum of [`log_loss::of_row`], in nats.
    pub log_loss: f64,
    /// Sum of [`brier::of_row`].
    pub brier: f64,
    /// Rows whose class is among the [`top_k::K`] most probable.
    pub top_k: u64,
    /// Rows by their largest probability.
    pub bins: [ece::Bin; ece::BINS],
}

impl Recording {
    /// Adds one row: class indices below K, and K probabilities if the model gives them.
    pub fn add_row(&mut self, truth: usize, predicted: usize, probabilities: Option<&[f32]>) {
        *self.pairs.entry((truth, predicted)).or_default() += 1;
        let Some(probabilities) = probabilities else { return };
        let scored = &mut self.scored;
        scored.rows += 1;
        scored.log_loss += log_loss::of_row(truth, probabilities);
        scored.brier += brier::of_row(truth, probabilities);
        scored.top_k += u64::from(top_k::of_row(truth, probabilities));
        ece::add_row(&mut scored.bins, truth == predicted, probabilities);
    }
}

impl Tally {
    /// The drawn ones of `recordings`, by their index, summed in the order drawn; one that comes twice counts twice.
    ///
    /// `ranking` knows the rows of all recordings by the same index.
    pub fn sum(recordings: &[Recording], ranking: &Ranking<'_>, drawn: &[usize]) -> Self {
        let mut weights = vec![0; recordings.len()];
        drawn.iter().for_each(|i| weights[*i] += 1);
        let (confusion, ranked) = (Confusion::new(ranking.classes()), ranking.macro_mean(&weights));
        let mut tally = Self { confusion, scored: Scored::default(), ranked };
        for recording in drawn.iter().map(|i| &recordings[*i]) {
            for (&(truth, predicted), rows) in &recording.pairs {
                tally.confusion.add(truth, predicted, *rows);
            }
            tally.scored.add(&recording.scored);
        }
        tally
    }

    /// A sum over the scored rows as their mean; NULL without such rows, or where a probability was not a number.
    pub fn mean(&self, sum: f64) -> Option<f64> {
        (self.scored.rows > 0 && sum.is_finite()).then(|| sum / self.scored.rows as f64)
    }
}

impl Scored {
    fn add(&mut self, more: &Self) {
        self.rows += more.rows;
        self.log_loss += more.log_loss;
        self.brier += more.brier;
        self.top_k += more.top_k;
        self.bins.iter_mut().zip(&more.bins).for_each(|(bin, more)| bin.add(more));
    }
}
