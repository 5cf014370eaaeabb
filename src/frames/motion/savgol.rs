//! Savitzky and Golay: a series smoothed by polynomials that are fitted to its windows.

use super::runs::runs;

/// The smoothing filter of Savitzky and Golay (1964, Analytical Chemistry 36, 1627) for evenly spaced frames.
///
/// Each value is replaced by that of the polynomial of `order` which fits the `width` values around it best (least
/// squares). Near the ends it is the polynomial of the first or last full window: scipy.signal.savgol_filter(values,
/// width, order, mode='interp'). Polynomials of that order or less pass unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct SavitzkyGolay {
    width: usize,
    /// [width / 2 + 1, width]: what each value of a window weighs in the polynomial's value at its first places, up to
    /// the middle. At the places behind the middle the weights are the same from behind.
    weights: Vec<f64>,
}

impl SavitzkyGolay {
    /// The filter of windows of `width` frames, odd, and polynomials of `order`, less than `width`.
    ///
    /// The fitted values are Q Qᵀ y for columns Q that are orthonormal and span the polynomials. These come from
    /// multiplying by x and taking out what lies along the columns before (Arnoldi's process; Brubeck, Nakatsukasa and
    /// Trefethen 2021, SIAM Review 63, 405), which unlike powers of x keeps all digits.
    pub fn new(width: usize, order: usize) -> Self {
        let half = width / 2;
        let places: Vec<f64> = (0..width).map(|i| (i as f64 - half as f64) / half.max(1) as f64).collect();
        let mut columns = vec![unit(vec![1.0; width])];
        for k in 0..order {
            let mut column: Vec<f64> = columns[k].iter().zip(&places).map(|(q, x)| q * x).collect();
            for other in &columns {
                let along = dot(&column, other);
                column.iter_mut().zip(other).for_each(|(x, q)| *x -= along * q);
            }
            columns.push(unit(column));
        }
        let weight = |place: usize, i: usize| columns.iter().map(|q| q[place] * q[i]).sum();
        let weights = (0..=half).flat_map(|place| (0..width).map(move |i| (place, i))).map(|(p, i)| weight(p, i));
        Self { width, weights: weights.collect() }
    }

    /// Smooths `values` into as many `smoothed`, in the same unit.
    ///
    /// A missing value (NaN) stays missing, and each run of values between missing ones is a series of its own, ends
    /// included. A run shorter than the window stays as it is. An infinite value spoils the windows that hold it.
    pub fn smooth(&self, values: &[f64], smoothed: &mut [f64]) {
        smoothed.copy_from_slice(values);
        let (width, half) = (self.width, self.width / 2);
        for run in runs(values).filter(|run| run.len() >= width) {
            for t in run.clone() {
                let start = t.saturating_sub(half).clamp(run.start, run.end - width);
                let window = &values[start..][..width];
                let place = t - start;
                smoothed[t] = if place <= half {
                    dot(self.weights(place), window)
                } else {
                    self.weights(width - 1 - place).iter().zip(window.iter().rev()).map(|(w, x)| w * x).sum()
                };
            }
        }
    }

    fn weights(&self, place: usize) -> &[f64] {
        &self.weights[place * self.width..][..self.width]
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The vector of length 1 in the same direction.
fn unit(vector: Vec<f64>) -> Vec<f64> {
    let length = libm::sqrt(dot(&vector, &vector));
    vector.into_iter().map(|x| x / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: [f64; 11] = [2.0, -1.5, 3.25, 7.0, 6.5, -2.0, 0.0, 4.75, 1.0, 8.5, -3.0];

    fn smoothed(values: &[f64], width: usize, order: usize) -> Vec<f64> {
        let mut smoothed = vec![7.0; values.len()];
        SavitzkyGolay::new(width, order).smooth(values, &mut smoothed);
        smoothed
    }

    fn far(ours: &[f64], expected: &[f64]) -> f64 {
        assert_eq!(ours.len(), expected.len());
        ours.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn series_are_smoothed_as_by_scipy() {
        // scipy.signal.savgol_filter([2, -1.5, 3.25, 7, 6.5, -2, 0, 4.75, 1, 8.5, -3], width, order, mode='interp')
        #[rustfmt::skip]
        let expected: [(usize, usize, [f64; 11]); 4] = [
            (5, 0, [3.45, 3.45, 3.45, 2.65, 2.95, 3.25, 2.05, 2.45, 2.25, 2.25, 2.25]),
            (5, 2, [
                0.6642857142857134, 1.342857142857142, 2.7357142857142835, 7.042857142857141, 4.592857142857142,
                0.24999999999999734, 0.2999999999999986, 2.092857142857141, 5.285714285714284, 3.542857142857139,
                -1.2357142857142929,
            ]),
            (7, 3, [
                0.5595238095238146, 1.6547619047619044, 3.208333333333333, 4.428571428571432, 3.7500000000000027,
                2.464285714285716, 0.3809523809523816, 2.464285714285716, 5.678571428571435, 5.2857142857142785,
                -2.2142857142857606,
            ]),
            (11, 4, [
                -0.3444055944056661, 3.375874125874125, 3.9883449883450037, 3.216200466200469, 2.284382284382266,
                1.9195804195805368, 2.3502331002330354, 3.3065268065267315, 4.020396270396153, 3.225524475524286,
                -0.8426573426576205,
            ]),
        ];
        for (width, order, expected) in expected {
            assert!(far(&smoothed(&SERIES, width, order), &expected) < 1e-12, "{width}, {order}");
        }
    }

    #[test]
    fn weights_of_a_wide_window_are_exact() {
        // Normal equations of order 5 over 101 places in Python's fractions.Fraction, rounded at the end; scipy's own
        // savgol_coeffs(101, 5)[50] is off by 3e-11.
        let filter = SavitzkyGolay::new(101, 5);
        let at = |place: usize, i: [usize; 3]| i.map(|i| filter.weights(place)[i]);
        for (place, i, expected) in [
            (50, [50, 0, 25], [0.03482411097680682, 0.016149187734307412, 0.0037618014629007693]),
            (0, [0, 1, 100], [0.3012198349320965, 0.2515608594244453, -0.041926809904074214]),
            (3, [0, 50, 100], [0.16746523782752873, 0.003845044698644622, -0.0044944971388220754]),
        ] {
            assert!(far(&at(place, i), &expected) < 1e-15, "{place}: {:?}", at(place, i));
        }
    }

    #[test]
    fn the_example_of_the_paper() {
        // Savitzky and Golay 1964, table I, quadratic and cubic, 5 points: -3, 12, 17, 12, -3 over 35.
        for order in [2, 3] {
            let expected = [-3.0, 12.0, 17.0, 12.0, -3.0].map(|w| w / 35.0);
            assert!(far(SavitzkyGolay::new(5, order).weights(2), &expected) < 1e-15);
        }
    }

    #[test]
    fn polynomials_pass() {
        for (width, order) in (0..51).flat_map(|half| (0..=5).map(move |order| (2 * half + 1, order))) {
            let series: Vec<f64> = (0..width + 20).map(|t| (t as f64 / 50.0 - 1.0).powi(order)).collect();
            let order = order as usize;
            if order < width {
                let error = far(&smoothed(&series, width, order), &series);
                assert!(error < 1e-12, "width {width}, order {order}: {error}");
            }
        }
    }

    #[test]
    fn polynomials_that_pass_through_every_value_change_none() {
        let weights = SavitzkyGolay::new(101, 100).weights;
        for (i, weight) in weights.iter().enumerate() {
            let expected = if i / 101 == i % 101 { 1.0 } else { 0.0 };
            assert!((weight - expected).abs() < 1e-13, "{i}: {weight}");
        }
    }

    #[test]
    fn runs_are_series_of_their_own_and_short_ones_stay() {
        let mut series = SERIES.to_vec();
        series.extend([f64::NAN, 5.0, 1.0, 9.0, 2.0, f64::NAN]);
        series.extend(SERIES.map(|x| x + 100.0));
        let (alone, ours) = (smoothed(&SERIES, 5, 2), smoothed(&series, 5, 2));
        assert_eq!(ours[..11], alone);
        assert_eq!(ours[12..16], [5.0, 1.0, 9.0, 2.0]);
        assert!(ours[11].is_nan() && ours[16].is_nan());
        assert!(far(&ours[17..], &alone.iter().map(|x| x + 100.0).collect::<Vec<_>>()) < 1e-12);
    }

    #[test]
    fn extremes() {
        assert!(smoothed(&[], 5, 2).is_empty());
        assert_eq!(smoothed(&[3.5], 1, 0), [3.5]);
        assert!(smoothed(&[f64::NAN; 7], 3, 1).iter().all(|x| x.is_nan()));
        for scale in [3e38, 1e-45] {
            let ours = smoothed(&SERIES.map(|x| x * scale), 5, 2);
            assert!(far(&ours.iter().map(|x| x / scale).collect::<Vec<_>>(), &smoothed(&SERIES, 5, 2)) < 1e-12);
        }
        let ours = smoothed(&[1.0, 1.0, 1.0, f64::INFINITY, 1.0, 1.0, 1.0], 3, 1);
        assert!(far(&[ours[0], ours[1], ours[5], ours[6]], &[1.0; 4]) < 1e-15, "{ours:?}");
    }
}
