//! The confusion matrix: rows counted by true and predicted class.

use std::collections::BTreeMap;

use super::margins::Margins;

/// With more classes than these, [`Confusion::cells`] leaves out pairs that never occur: all pairs of 5,000 classes would be 25 million.
pub const WHOLE: usize = 200;

/// How many rows of class i were predicted to be class j. Unit: rows. Only pairs that occur take room.
///
/// C[i, j] of <https://scikit-learn.org/stable/modules/model_evaluation.html#confusion-matrix>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    margins: Margins,
    /// By true and predicted class; none is 0.
    counts: BTreeMap<(u32, u32), u64>,
}

impl Confusion {
    /// A matrix of zeros, [classes, classes].
    pub fn new(classes: usize) -> Self {
        Self { margins: Margins::new(classes), counts: BTreeMap::new() }
    }

    /// Its margins and its diagonal.
    pub fn margins(&self) -> &Margins {
        &self.margins
    }

    /// K, the number of classes.
    pub fn classes(&self) -> usize {
        self.margins.classes()
    }

    /// Adds `n` rows of class `truth` that were predicted to be `predicted`, both below K.
    pub fn add(&mut self, truth: usize, predicted: usize, n: u64) {
        if n > 0 {
            self.margins.add(truth, predicted, n);
            *self.counts.entry((truth as u32, predicted as u32)).or_default() += n;
        }
    }

    /// Adds a matrix of the same classes.
    pub fn add_all(&mut self, other: &Self) {
        other.pairs().for_each(|(truth, predicted, n)| self.add(truth, predicted, n));
    }

    /// Rows of class `truth` that were predicted to be `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts.get(&(truth as u32, predicted as u32)).copied().unwrap_or(0)
    }

    /// The pairs that occur, (true class, predicted class, rows), in this order.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        self.counts.iter().map(|((truth, predicted), n)| (*truth as usize, *predicted as usize, *n))
    }

    /// The cells of the table `confusion`, (true class, predicted class, rows), in this order: every pair of classes, zeros included, of up to
    /// [`WHOLE`] classes; of more, the pairs that occur, and each class with itself.
    pub fn cells(&self) -> Vec<(usize, usize, u64)> {
        let k = self.classes();
        if k <= WHOLE {
            let pairs = (0..k).flat_map(|truth| (0..k).map(move |predicted| (truth, predicted)));
            return pairs.map(|(truth, predicted)| (truth, predicted, self.count(truth, predicted))).collect();
        }
        let zeros = (0..k).filter(|class| self.margins.right(*class) == 0).map(|class| (class, class, 0));
        let mut cells: Vec<_> = self.pairs().chain(zeros).collect();
        cells.sort_unstable();
        cells
    }

    /// Rows of a class: its support.
    pub fn support(&self, class: usize) -> u64 {
        self.margins.support(class)
    }

    /// Rows predicted to be a class.
    pub fn predicted(&self, class: usize) -> u64 {
        self.margins.predicted(class)
    }

    /// Rows that were predicted right.
    pub fn correct(&self) -> u64 {
        self.margins.correct()
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.margins.rows()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn sums_are_those_of_a_matrix_with_every_cell() {
        let mut stream = Stream::new(1, &["confusion"]);
        for k in [1, 2, 7, 40] {
            let (mut sparse, mut other, mut full) = (Confusion::new(k), Confusion::new(k), vec![vec![0u64; k]; k]);
            for turn in 0..100 {
                let mut draw = || stream.below(k as u64) as usize;
                let (truth, predicted) = (draw(), draw());
                let n = stream.below(3);
                if turn % 2 == 0 { &mut sparse } else { &mut other }.add(truth, predicted, n);
                full[truth][predicted] += n;
            }
            sparse.add_all(&other);
            for class in 0..k {
                assert_eq!(sparse.support(class), full[class].iter().sum::<u64>());
                assert_eq!(sparse.predicted(class), full.iter().map(|row| row[class]).sum::<u64>());
                assert_eq!(sparse.margins().right(class), full[class][class]);
            }
            assert_eq!(sparse.rows(), full.iter().flatten().sum::<u64>());
            assert_eq!(sparse.correct(), (0..k).map(|class| full[class][class]).sum::<u64>());
            let cells: Vec<_> = (0..k * k).map(|i| (i / k, i % k, full[i / k][i % k])).collect();
            assert_eq!(sparse.cells(), cells);
            assert_eq!(sparse.pairs().collect::<Vec<_>>(), cells.into_iter().filter(|c| c.2 > 0).collect::<Vec<_>>());
        }
    }

    #[test]
    fn of_many_classes_only_pairs_that_occur_and_the_diagonal_are_cells() {
        let mut matrix = Confusion::new(WHOLE);
        matrix.add(3, 1, 2);
        assert_eq!(matrix.cells().len(), WHOLE * WHOLE);
        let mut matrix = Confusion::new(WHOLE + 1);
        [(3, 1, 2), (3, 9, 1), (5, 5, 4)].into_iter().for_each(|(truth, called, n)| matrix.add(truth, called, n));
        let cells = matrix.cells();
        assert_eq!(cells[2..8], [(2, 2, 0), (3, 1, 2), (3, 3, 0), (3, 9, 1), (4, 4, 0), (5, 5, 4)]);
        assert_eq!(cells.len(), WHOLE + 1 + 2);
    }
}
