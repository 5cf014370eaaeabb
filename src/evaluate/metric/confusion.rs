//! The confusion matrix: rows counted by true and predicted class.

/// How many rows of class i were predicted to be class j, for every pair, zeros included. Unit: rows.
///
/// C[i, j] of <https://scikit-learn.org/stable/modules/model_evaluation.html#confusion-matrix>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

impl Confusion {
    /// A matrix of zeros, [classes, classes].
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// K, the number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Adds `n` rows of class `truth` that were predicted to be `predicted`, both below K.
    pub fn add(&mut self, truth: usize, predicted: usize, n: u64) {
        self.counts[truth * self.classes + predicted] += n;
    }

    /// Adds a matrix of the same classes.
    pub fn add_all(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, n)| *sum += n);
    }

    /// Rows of class `truth` that were predicted to be `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes + predicted]
    }

    /// Rows of a class: its support.
    pub fn support(&self, class: usize) -> u64 {
        self.counts[class * self.classes..][..self.classes].iter().sum()
    }

    /// Rows predicted to be a class.
    pub fn predicted(&self, class: usize) -> u64 {
        (0..self.classes).map(|truth| self.count(truth, class)).sum()
    }

    /// Rows that were predicted right.
    pub fn correct(&self) -> u64 {
        (0..self.classes).map(|class| self.count(class, class)).sum()
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The mean of a class's number over the classes that were true or predicted somewhere.
    ///
    /// A number that is NULL counts as 0, which is scikit-learn's default: to leave it out would reward a model that never
    /// predicts a class. NULL without rows.
    pub fn macro_mean(&self, of: fn(&Self, usize) -> Option<f64>) -> Option<f64> {
        let seen: Vec<usize> = (0..self.classes).filter(|c| self.support(*c) + self.predicted(*c) > 0).collect();
        super::ratio(seen.iter().map(|c| of(self, *c).unwrap_or(0.0)).sum(), seen.len() as f64)
    }

    /// The mean of a class's number weighted by its support; a number that is NULL counts as 0. NULL without rows.
    pub fn weighted_mean(&self, of: fn(&Self, usize) -> Option<f64>) -> Option<f64> {
        let term = |c| self.support(c) as f64 * of(self, c).unwrap_or(0.0);
        super::ratio((0..self.classes).map(term).sum(), self.rows() as f64)
    }
}
