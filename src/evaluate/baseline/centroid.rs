//! The baseline that knows one point for each class: the nearest mean of train.

use crate::nn::softmax_exact::softmax;

/// The mean of each class's standardised train rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Centroids {
    /// [D * 5] for each class; NULL for one that train lacks.
    means: Vec<Option<Vec<f64>>>,
}

impl Centroids {
    /// Means of `rows`, [rows, columns], by their `labels`, [rows] with classes below K.
    pub fn fit(rows: &[f64], columns: usize, labels: &[u32], classes: usize) -> Self {
        let mut sums = vec![(0.0, vec![0.0; columns]); classes];
        for (row, label) in rows.chunks_exact(columns.max(1)).zip(labels) {
            let (n, sum) = &mut sums[*label as usize];
            *n += 1.0;
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        let mean = |(n, sum): (f64, Vec<f64>)| (n > 0.0).then(|| sum.into_iter().map(|x| x / n).collect());
        Self { means: sums.into_iter().map(mean).collect() }
    }

    /// `softmax(-distance^2 / 2)` over the classes, [K], of one standardised row; the Euclidean nearest is the most
    /// probable. A class that train lacks gets 0.
    ///
    /// That is Bayes' rule for classes equally common that spread by 1 in every statistic, independently. They do
    /// neither, so the order can be believed and the confidence cannot.
    pub fn probabilities(&self, row: &[f64], out: &mut [f64]) {
        let squared = |mean: &Vec<f64>| mean.iter().zip(row).map(|(m, x)| (x - m) * (x - m)).sum::<f64>();
        let logit = |mean: &Option<Vec<f64>>| mean.as_ref().map_or(f64::NEG_INFINITY, |mean| -0.5 * squared(mean));
        out.iter_mut().zip(&self.means).for_each(|(out, mean)| *out = logit(mean));
        softmax(out);
    }
}
