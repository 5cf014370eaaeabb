//! 95 % intervals: Wilson's for a share, the bootstrap over recordings for any metric.

use crate::random::Stream;

/// The two-sided 95 % point of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// How often recordings are drawn anew.
pub const RESAMPLES: usize = 1000;

/// Draws of fewer groups say nothing: of three, the interval would be the least and the largest of them.
pub const LEAST_GROUPS: usize = 5;

/// Wilson's 95 % interval of a share, [low, high] in [0, 1], for `hits` of `n` independent trials; NULL for no trials.
///
/// Never of width 0: 0 of 34 is [0, 10.2 %]. Wilson 1927, doi:10.1080/01621459.1927.10502953
pub fn wilson(hits: u64, n: u64) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let (n, p, z2) = (n as f64, hits as f64 / n as f64, Z * Z);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // On paper the bound is exact where there is nothing, or everything, to count; rounding misses it by a bit.
    let low = if hits == 0 { 0.0 } else { centre - half };
    let high = if hits as f64 == n { 1.0 } else { centre + half };
    Some((low, high))
}

/// 95 % percentile intervals of several statistics, by drawing as many groups as there are, with replacement, `resamples` times.
///
/// The group is the recording: its windows resemble each other, and intervals over windows would be far too narrow. With
/// few groups the percentile interval is still too narrow, and with fewer than [`LEAST_GROUPS`] there is none. `statistics` gets the indices of one draw and returns one value
/// per statistic; a NULL value is left out, and a statistic that was NULL in half of the draws or more gets a NULL interval.
/// Efron and Tibshirani 1993, chapter 13; Field and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x for groups.
pub fn bootstrap(
    groups: usize,
    resamples: usize,
    seed: u64,
    mut statistics: impl FnMut(&[usize]) -> Vec<Option<f64>>,
) -> Vec<Option<(f64, f64)>> {
    if groups < LEAST_GROUPS {
        return statistics(&(0..groups).collect::<Vec<_>>()).iter().map(|_| None).collect();
    }
    let mut stream = Stream::new(seed, &["bootstrap over recordings"]);
    let mut draw = vec![0; groups];
    let mut values: Vec<Vec<f64>> = vec![];
    for _ in 0..resamples {
        draw.fill_with(|| stream.below(groups as u64) as usize);
        let drawn = statistics(&draw);
        values.resize_with(drawn.len(), Vec::new);
        values.iter_mut().zip(drawn).for_each(|(values, value)| values.extend(value));
    }
    let interval = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        (2 * values.len() > resamples).then(|| (percentile(&values, 0.025), percentile(&values, 0.975)))
    };
    values.into_iter().map(interval).collect()
}

/// The value below which a share of the sorted, non-empty values lies, interpolated linearly as `numpy.quantile` does.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_right_of_34_excludes_guessing_among_7() {
        // With no hits the bounds are 0 and z^2 / (n + z^2) = 3.841459 / 37.841459.
        let (low, high) = wilson(0, 34).unwrap();
        assert!(low == 0.0 && (high - 0.101_514_56).abs() < 1e-7 && high < 1.0 / 7.0, "{low} {high}");
        let (low, high) = wilson(34, 34).unwrap();
        assert!(high == 1.0 && (low - (1.0 - 0.101_514_56)).abs() < 1e-7, "{low} {high}");
    }

    #[test]
    fn wilson_equals_scipy() {
        // scipy.stats.binomtest(41, 57).proportion_ci(method='wilson'), printed by tests/oracles/metrics.py
        let (low, high) = wilson(41, 57).unwrap();
        assert!((low - 0.5916980132395605).abs() < 1e-12 && (high - 0.8192060065617645).abs() < 1e-12, "{low} {high}");
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn a_percentile_lies_between_its_neighbours() {
        // numpy.quantile([1, 2, 4, 8], [0.025, 0.5, 0.975])
        let of = |share| percentile(&[1.0, 2.0, 4.0, 8.0], share);
        assert!((of(0.025) - 1.075).abs() < 1e-12 && of(0.5) == 3.0 && (of(0.975) - 7.7).abs() < 1e-12);
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_the_normal_approximation() {
        // The mean of 400 draws from 0..400 has standard error 115.47 / sqrt(400) = 5.77, so the bounds lie 11.3 from 199.5.
        let mean = |draw: &[usize]| vec![Some(draw.iter().sum::<usize>() as f64 / draw.len() as f64)];
        let (low, high) = bootstrap(400, RESAMPLES, 5, mean)[0].unwrap();
        assert!((low - 188.2).abs() < 1.5 && (high - 210.8).abs() < 1.5, "{low} {high}");
        assert_eq!(bootstrap(400, RESAMPLES, 5, mean), bootstrap(400, RESAMPLES, 5, mean));
        assert_ne!(bootstrap(400, RESAMPLES, 5, mean), bootstrap(400, RESAMPLES, 6, mean));
    }

    #[test]
    fn a_statistic_that_is_mostly_undefined_has_no_interval() {
        let mut even = false;
        let sometimes = |_: &[usize]| {
            even = !even;
            vec![even.then_some(1.0), Some(2.0)]
        };
        assert_eq!(bootstrap(5, 100, 1, sometimes), [None, Some((2.0, 2.0))]);
    }

    #[test]
    fn few_groups_have_no_interval() {
        let first = |draw: &[usize]| vec![Some(draw[0] as f64), Some(draw.len() as f64)];
        assert_eq!(bootstrap(LEAST_GROUPS - 1, 100, 1, first), [None, None]);
        assert!(bootstrap(LEAST_GROUPS, 100, 1, first)[0].is_some());
    }
}
