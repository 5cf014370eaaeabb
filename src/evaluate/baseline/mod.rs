//! Baselines: what can be had without a neural network, from five statistics of each feature. A model that does not
//! beat them has learnt nothing from the order of the frames.

use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::nn::loss::argmax;

mod centroid;
mod cholesky;
mod cross_entropy;
mod logistic;
mod majority;
mod newton;
mod panels;
mod standard;
pub mod statistics;

pub use logistic::Logistic;
pub use standard::Standard;

use centroid::Centroids;
use majority::Majority;
use statistics::Statistics;

/// A simple classifier of windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// The class that is most frequent in train, ties by the order of the labels; probabilities are the shares of
    /// train.
    Majority,
    /// The class whose mean is nearest among the standardised statistics; probabilities are `softmax(-distance^2 / 2)`,
    /// good for their order only.
    NearestCentroid,
    /// Multinomial logistic regression on the standardised statistics, L2 penalty with C = 1.
    Logistic,
}

/// A baseline that has seen train.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    standard: Standard,
    model: Model,
}

#[derive(Debug, Clone, PartialEq)]
enum Model {
    Majority(Majority),
    NearestCentroid(Centroids),
    Logistic(Logistic),
}

impl Baseline {
    /// Every baseline, the simplest first: the one list.
    pub const ALL: [Self; 3] = [Self::Majority, Self::NearestCentroid, Self::Logistic];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Majority => "majority",
            Self::NearestCentroid => "nearest_centroid",
            Self::Logistic => "logistic_regression",
        }
    }

    /// Learns from train windows and their `labels`, `[rows]` with classes below K. NULL without rows; of `Logistic` also where classes, rows and
    /// statistics are so many that it would take long ([`Logistic::is_within_reach`]).
    ///
    /// Depends on the rows and their order alone. `Logistic` takes some seconds for 20,000 rows of 60 statistics and 7
    /// classes, the others next to none.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    ///
    /// ```
    /// use posequel::evaluate::baseline::{Baseline, statistics::Statistics};
    /// use posequel::interrupt::Interrupt;
    /// let mut train = Statistics::new(1);
    /// for window in [[0.0, 1.0], [1.0, 0.0], [5.0, 9.0], [6.0, 9.0]] {
    ///     train.push(&window, 2, 2);
    /// }
    /// let fitted = Baseline::Logistic.fit(&train, &[0, 0, 1, 1], 2, &Interrupt::default())?.unwrap();
    /// let mut probabilities = [0.0; 2];
    /// let mut window = [0.0; 5];
    /// Statistics::of_window(&[5.0, 8.0], 2, 1, 2, &mut window);
    /// assert_eq!(fitted.predict(&window, &mut probabilities), 1);
    /// assert!(probabilities[1] > 0.5);
    /// # Ok::<(), posequel::error::Error>(())
    /// ```
    pub fn fit(
        self,
        train: &Statistics,
        labels: &[u32],
        classes: usize,
        interrupt: &Interrupt,
    ) -> Result<Option<Fitted>> {
        if labels.is_empty() {
            return Ok(None);
        }
        interrupt.check()?;
        let (columns, values) = (train.columns(), train.values());
        if self == Self::Logistic && !Logistic::is_within_reach(columns, labels) {
            return Ok(None);
        }
        let standard = Standard::fit(values, columns);
        let model = match self {
            Self::Majority => Model::Majority(Majority::fit(labels, classes)),
            Self::NearestCentroid => {
                Model::NearestCentroid(Centroids::fit(&standard.apply_all(values), columns, labels, classes))
            }
            Self::Logistic => Model::Logistic(Logistic::fit(&standard.apply_all(values), columns, labels, interrupt)?),
        };
        Ok(Some(Fitted { standard, model }))
    }
}

impl Fitted {
    /// Whether learning came to its end; only logistic regression can fail to.
    pub fn converged(&self) -> bool {
        if let Model::Logistic(logistic) = &self.model { logistic.converged() } else { true }
    }

    /// The class of a window by its statistics [D * 5], and its probabilities into `probabilities`, `[K]`. A class that
    /// train lacks gets 0.
    ///
    /// The class is the most probable one, the first of equals in the order of the labels.
    pub fn predict(&self, statistics: &[f64], probabilities: &mut [f32]) -> u32 {
        let mut row = vec![0.0; statistics.len()];
        let mut out = vec![0.0; probabilities.len()];
        self.standard.apply(statistics, &mut row);
        match &self.model {
            Model::Majority(majority) => majority.probabilities(&mut out),
            Model::NearestCentroid(centroids) => centroids.probabilities(&row, &mut out),
            Model::Logistic(logistic) => logistic.probabilities(&row, &mut out),
        }
        probabilities.iter_mut().zip(out).for_each(|(p, exact)| *p = exact as f32);
        argmax(probabilities) as u32
    }
}

#[cfg(test)]
mod tests;
