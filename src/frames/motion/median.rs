//! Median: a series without its outliers.

/// The median of the `width` frames around each frame, `width` being odd, in the unit of the values.
///
/// At the ends the window has only the frames that there are; missing values (NaN) inside it are left out, and of an
/// even number of values the median is the mean of the middle two: pandas'
/// `rolling(width, center=True, min_periods=1).median()`. But a value that is missing stays missing, since smoothing
/// invents no frames, and an infinite value is one like any other (pandas takes it for a missing one).
///
/// The values of the window are kept sorted while it moves: O(n · width) moves at worst, one allocation for all.
pub fn median(values: &[f64], width: usize, median: &mut [f64]) {
    let half = width / 2;
    let mut window = Vec::with_capacity(width.min(values.len()));
    let mut entered = 0;
    for (t, (median, &value)) in median.iter_mut().zip(values).enumerate() {
        let end = (t + half + 1).min(values.len());
        for x in values[entered..end].iter().filter(|x| !x.is_nan()) {
            window.insert(place(&window, x), *x);
        }
        entered = end;
        if let Some(left) = t.checked_sub(half + 1).map(|left| values[left]).filter(|x| !x.is_nan()) {
            window.remove(place(&window, &left));
        }
        *median = if value.is_nan() { value } else { middle(&window) };
    }
}

/// The first place in a sorted window where `x` is or would be.
fn place(window: &[f64], x: &f64) -> usize {
    window.partition_point(|other| other.total_cmp(x).is_lt())
}

/// The median of at least one sorted value.
fn middle(sorted: &[f64]) -> f64 {
    let upper = sorted[sorted.len() / 2];
    if sorted.len() % 2 == 1 { upper } else { sorted[sorted.len() / 2 - 1].midpoint(upper) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f64 = f64::NAN;

    fn smoothed(values: &[f64], width: usize) -> Vec<f64> {
        let mut smoothed = vec![7.0; values.len()];
        median(values, width, &mut smoothed);
        smoothed
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn medians_are_those_of_pandas_but_at_missing_values() {
        // pd.Series([5, 1, np.nan, 8, 2, 9, -3, 4, .5]).rolling(w, center=True, min_periods=1).median(), missing at 2
        let series = [5.0, 1.0, GAP, 8.0, 2.0, 9.0, -3.0, 4.0, 0.5];
        assert_eq!(bits(&smoothed(&series, 3)), bits(&[3.0, 3.0, GAP, 5.0, 8.0, 2.0, 4.0, 0.5, 2.25]));
        assert_eq!(bits(&smoothed(&series, 5)), bits(&[3.0, 5.0, GAP, 5.0, 5.0, 4.0, 2.0, 2.25, 0.5]));
    }

    #[test]
    fn it_is_the_middle_of_each_window_sorted_anew() {
        let series: Vec<f64> =
            (0..60u32).map(|i| if i % 11 == 3 { GAP } else { f64::from(i * 37 % 19) - 9.0 }).collect();
        for width in [1, 3, 7, 25, 59, 61, 201] {
            for (t, ours) in smoothed(&series, width).into_iter().enumerate() {
                if series[t].is_nan() {
                    assert!(ours.is_nan());
                    continue;
                }
                let window = &series[t.saturating_sub(width / 2)..(t + width / 2 + 1).min(60)];
                let mut present: Vec<f64> = window.iter().copied().filter(|x| !x.is_nan()).collect();
                present.sort_by(f64::total_cmp);
                let expected = (present[(present.len() - 1) / 2] + present[present.len() / 2]) / 2.0;
                assert_eq!(ours, expected, "width {width} at {t}");
            }
        }
    }

    #[test]
    fn a_spike_is_gone_and_a_step_stays() {
        assert_eq!(smoothed(&[1.0, 1.0, 99.0, 1.0, 5.0, 5.0], 3), [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]);
    }

    #[test]
    fn width_1_changes_no_bit() {
        let series = [1.0, -0.0, GAP, 0.0, f64::INFINITY];
        assert_eq!(bits(&smoothed(&series, 1)), bits(&series));
    }

    #[test]
    fn extremes() {
        assert_eq!(smoothed(&[f64::MAX, f64::MAX], 3), [f64::MAX; 2]);
        assert_eq!(smoothed(&[f64::INFINITY, 1.0, f64::NEG_INFINITY], 3)[1], 1.0);
        assert_eq!(smoothed(&[3.0, 1.0, 2.0], usize::MAX), [2.0; 3]);
        assert!(smoothed(&[GAP, GAP], 3).iter().all(|x| x.is_nan()));
        assert!(smoothed(&[], 3).is_empty());
    }
}
