//! The margins of a confusion matrix and its diagonal: all that the metrics of classes are made of.

/// Of each class its rows, the rows that were predicted to be of it, and those of them that are both. Unit: rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Margins {
    support: Vec<u64>,
    predicted: Vec<u64>,
    right: Vec<u64>,
    rows: u64,
    correct: u64,
}

impl Margins {
    /// No rows of `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self::of(vec![0; classes], vec![0; classes], vec![0; classes])
    }

    /// From the three numbers of each class, `[classes]` each; `support` and `predicted` have one sum, and `right` is below both.
    pub fn of(support: Vec<u64>, predicted: Vec<u64>, right: Vec<u64>) -> Self {
        let (rows, correct) = (support.iter().sum(), right.iter().sum());
        Self { support, predicted, right, rows, correct }
    }

    /// Adds `n` rows of class `truth` that were predicted to be `predicted`.
    pub fn add(&mut self, truth: usize, predicted: usize, n: u64) {
        self.support[truth] += n;
        self.predicted[predicted] += n;
        self.rows += n;
        if truth == predicted {
            self.right[truth] += n;
            self.correct += n;
        }
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.support.len()
    }

    /// Rows of a class.
    pub fn support(&self, class: usize) -> u64 {
        self.support[class]
    }

    /// Rows predicted to be a class.
    pub fn predicted(&self, class: usize) -> u64 {
        self.predicted[class]
    }

    /// Rows of a class that were predicted to be it.
    pub fn right(&self, class: usize) -> u64 {
        self.right[class]
    }

    /// Rows that were predicted right.
    pub fn correct(&self) -> u64 {
        self.correct
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The mean of a class's number over the classes that were true or predicted somewhere.
    ///
    /// A number that is NULL counts as 0, which is scikit-learn's default: to leave it out would reward a model that never
    /// predicts a class. NULL without rows.
    pub fn macro_mean(&self, of: fn(&Self, usize) -> Option<f64>) -> Option<f64> {
        let (mut sum, mut seen) = (0.0, 0.0);
        for class in (0..self.classes()).filter(|class| self.support[*class] + self.predicted[*class] > 0) {
            sum += of(self, class).unwrap_or(0.0);
            seen += 1.0;
        }
        super::ratio(sum, seen)
    }

    /// The mean of a class's number weighted by its support; a number that is NULL counts as 0. NULL without rows.
    pub fn weighted_mean(&self, of: fn(&Self, usize) -> Option<f64>) -> Option<f64> {
        let term = |class| self.support[class] as f64 * of(self, class).unwrap_or(0.0);
        super::ratio((0..self.classes()).map(term).sum(), self.rows as f64)
    }
}
