//! Statistics brought to one scale: 0 is the mean of train, 1 its standard deviation.

/// What train said about each statistic, one of each column.
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    mean: Vec<f64>,
    /// Standard deviation; 0 where train had one value only, or none.
    deviation: Vec<f64>,
}

impl Standard {
    /// The mean and standard deviation of each column over the train rows that have it (all rows, not of a sample).
    ///
    /// scikit-learn's `StandardScaler`, with its bound on what rounding makes of a column that is constant.
    ///
    /// `train` is [rows, columns].
    pub fn fit(train: &[f64], columns: usize) -> Self {
        let (n, mean) = means(train, columns, |_, x| x);
        let (_, variance) = means(train, columns, |c, x| (x - mean[c]) * (x - mean[c]));
        let deviation = |c: usize| {
            let rounding = n[c] * f64::EPSILON * mean[c];
            let is_constant = variance[c] <= n[c] * f64::EPSILON * variance[c] + rounding * rounding;
            if n[c] == 0.0 || is_constant { 0.0 } else { variance[c].sqrt() }
        };
        Self { deviation: (0..columns).map(deviation).collect(), mean }
    }

    /// `(x - mean) / deviation` of one row into `out`, both [D * 5]. A statistic without a value counts as the mean,
    /// which is 0; one that was constant in train is 0 whatever it is now, since train cannot say what it would mean.
    pub fn apply(&self, row: &[f64], out: &mut [f64]) {
        for (c, (x, out)) in row.iter().zip(out).enumerate() {
            let known = self.deviation[c] > 0.0 && !x.is_nan();
            *out = if known { (x - self.mean[c]) / self.deviation[c] } else { 0.0 };
        }
    }

    /// Every row of `rows` at this scale, [rows, columns].
    pub fn apply_all(&self, rows: &[f64]) -> Vec<f64> {
        let (mut out, columns) = (vec![0.0; rows.len()], self.mean.len().max(1));
        rows.chunks_exact(columns).zip(out.chunks_exact_mut(columns)).for_each(|(row, out)| self.apply(row, out));
        out
    }
}

/// For each column how many rows have it, and the mean of `of` over them.
fn means(rows: &[f64], columns: usize, of: impl Fn(usize, f64) -> f64) -> (Vec<f64>, Vec<f64>) {
    let (mut n, mut mean) = (vec![0.0; columns], vec![0.0; columns]);
    for row in rows.chunks_exact(columns.max(1)) {
        for (c, x) in row.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
            n[c] += 1.0;
            mean[c] += of(c, *x);
        }
    }
    mean.iter_mut().zip(&n).for_each(|(mean, n)| *mean /= n);
    (n, mean)
}

#[cfg(test)]
mod tests {
    use super::super::statistics::Statistics;
    use super::*;

    /// Windows of one frame of one feature: mean, min and max are the value, std is 0, and there is no difference.
    fn rows(values: &[f32]) -> Vec<f64> {
        let mut rows = Statistics::new(1);
        values.iter().for_each(|value| rows.push(&[*value], 1, 1));
        rows.values().to_vec()
    }

    #[test]
    fn train_has_mean_0_and_deviation_1() {
        // 1, 3, 5: mean 3, deviation sqrt(8/3).
        let train = rows(&[1.0, 3.0, 5.0]);
        let z = Standard::fit(&train, 5).apply_all(&train);
        assert_eq!([z[0], z[5], z[10]], [-2.0 / (8.0f64 / 3.0).sqrt(), 0.0, 2.0 / (8.0f64 / 3.0).sqrt()]);
    }

    #[test]
    fn missing_and_constant_statistics_are_0() {
        let standard = Standard::fit(&rows(&[1.0, 3.0, f32::NAN]), 5);
        let mut out = [9.0; 5];
        standard.apply(&[f64::NAN, 7.0, 3.0, 2.0, 4.0], &mut out);
        // std was 0 in every row, and no row had a difference.
        assert_eq!(out, [0.0, 0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn rounding_does_not_make_a_constant_vary() {
        let train = rows(&[0.1; 7]);
        assert!(Standard::fit(&train, 5).apply_all(&train).iter().all(|z| *z == 0.0));
    }
}
