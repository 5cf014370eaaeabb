//! The baseline that weighs: multinomial logistic regression on the standardised statistics.

use super::cross_entropy::CrossEntropy;
use super::newton::minimise;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::nn::softmax_exact::softmax;

/// No part of the gradient is larger at the end. The penalty makes every weight as exact as that, or more.
const TOLERANCE: f64 = 1e-8;

/// Numbers of one pass, rows x statistics x classes, at the most: a fit takes some hundred passes, and each a tenth of a second then.
const MOST_NUMBERS: usize = 100_000_000;

/// Weights for each class that train has.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    /// The classes that train has, in order.
    present: Vec<usize>,
    /// [free, columns + 1], the intercept last; the first of two present classes is held at 0 and has none.
    weights: Vec<f64>,
    converged: bool,
}

impl Logistic {
    /// Whether a fit to as many rows, of `columns` statistics and of these classes, ends in a minute or so.
    pub fn is_within_reach(columns: usize, labels: &[u32]) -> bool {
        let classes = present(labels).len();
        labels.len().saturating_mul(columns + 1).saturating_mul(classes) <= MOST_NUMBERS
    }

    /// The weights that make `C * sum of cross-entropy + half the sum of squared weights` least, with C = 1 and
    /// intercepts that are not penalised.
    ///
    /// `rows` is [rows, columns], `labels` \[rows\], one row at least. The same minimum as scikit-learn's
    /// `LogisticRegression(C=1.0)`, which for two classes weighs only one of them; in float64 on one thread, so that it
    /// comes out the same everywhere.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn fit(rows: &[f64], columns: usize, labels: &[u32], interrupt: &Interrupt) -> Result<Self> {
        let present = present(labels);
        // Every label is present, so its place is where it would be inserted.
        let place = |class: &u32| present.partition_point(|other| *other < *class as usize);
        let mut loss = CrossEntropy::new(rows, columns, labels.iter().map(place).collect(), present.len(), interrupt);
        let mut weights = vec![0.0; loss.size()];
        let converged = minimise(&mut loss, &mut weights, TOLERANCE)?;
        Ok(Self { present, weights, converged })
    }

    /// Whether the least value was reached; the weights are usable, but not scikit-learn's, if it was not.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Probabilities \[K\] of one standardised row \[columns\]. A class that train lacks gets 0.
    pub fn probabilities(&self, row: &[f64], out: &mut [f64]) {
        let scores = self.weights.chunks_exact(row.len() + 1).map(|class| {
            let products = class.iter().zip(row).map(|(w, x)| w * x);
            products.sum::<f64>() + class[row.len()]
        });
        let held = usize::from(self.present.len() == 2);
        let mut logits: Vec<f64> = std::iter::repeat_n(0.0, held).chain(scores).collect();
        softmax(&mut logits);
        out.fill(0.0);
        self.present.iter().zip(logits).for_each(|(class, p)| out[*class] = p);
    }
}

/// The classes that occur, in order.
fn present(labels: &[u32]) -> Vec<usize> {
    let mut present: Vec<usize> = labels.iter().map(|class| *class as usize).collect();
    present.sort_unstable();
    present.dedup();
    present
}
