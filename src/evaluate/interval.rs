//! 95 % intervals: Wilson's for a share, the bootstrap over recordings for any metric.

use super::draws::{Block, Draws, Lanes};
use crate::error::Result;
use crate::interrupt::Interrupt;

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
/// few groups the percentile interval is still too narrow, and with fewer than [`LEAST_GROUPS`] there is none, nor any call. `statistics`
/// gets draws, some blocks of them at a time, and returns for each draw, in their order, one value per statistic; a NULL value is left
/// out, and a statistic that was NULL in half of the draws or more gets a NULL interval.
/// Efron and Tibshirani 1993, chapter 13; Field and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x for groups.
///
/// # Errors
/// [`crate::error::Error::Interrupted`], and what `statistics` returns.
pub fn bootstrap(
    groups: usize,
    resamples: usize,
    seed: u64,
    interrupt: &Interrupt,
    mut statistics: impl FnMut(&[Block]) -> Result<Vec<Vec<Option<f64>>>>,
) -> Result<Vec<Option<(f64, f64)>>> {
    if groups < LEAST_GROUPS {
        return Ok(vec![]);
    }
    let mut draws = Draws::new(groups, resamples, seed);
    let mut values: Vec<Vec<f64>> = vec![];
    loop {
        let blocks = draws.next(interrupt)?;
        if blocks.is_empty() {
            break;
        }
        for drawn in statistics(&blocks)? {
            values.resize_with(drawn.len(), Vec::new);
            values.iter_mut().zip(drawn).for_each(|(values, value)| values.extend(value));
        }
    }
    let interval = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        (2 * values.len() > resamples).then(|| (percentile(&values, 0.025), percentile(&values, 0.975)))
    };
    Ok(values.into_iter().map(interval).collect())
}

/// The interval of one statistic that is made of sums over groups, [`bootstrap`] otherwise: `sums` gives them for a block, `value` makes
/// the statistic of those of one draw.
///
/// # Errors
/// As [`bootstrap`].
pub fn bootstrap_sums<const N: usize>(
    groups: usize,
    seed: u64,
    interrupt: &Interrupt,
    sums: impl Fn(&Block) -> Result<[Lanes; N]>,
    value: impl Fn([f64; N]) -> Option<f64>,
) -> Result<Option<(f64, f64)>> {
    let of_block = |block: &Block| {
        let sums = sums(block)?;
        Ok((0..block.draws()).map(|lane| vec![value(sums.map(|sum| sum[lane]))]).collect::<Vec<_>>())
    };
    let statistics = |blocks: &[Block]| Ok(blocks.iter().map(of_block).collect::<Result<Vec<_>>>()?.concat());
    Ok(bootstrap(groups, RESAMPLES, seed, interrupt, statistics)?.into_iter().next().flatten())
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
    use crate::error::Error;

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

    fn intervals(groups: usize, seed: u64, value: impl Fn(f64, usize) -> Option<f64>) -> Vec<Option<(f64, f64)>> {
        let mut turn = 0;
        bootstrap(groups, RESAMPLES, seed, &Interrupt::default(), |blocks| {
            let mut values = vec![];
            for block in blocks {
                let sums = block.sum((0..groups).map(|group| group as f64), &Interrupt::default())?;
                for sum in &sums[..block.draws()] {
                    turn += 1;
                    values.push(vec![value(*sum, turn), Some(2.0)]);
                }
            }
            Ok(values)
        })
        .unwrap()
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_the_normal_approximation() {
        // The mean of 400 draws from 0..400 has standard error 115.47 / sqrt(400) = 5.77, so the bounds lie 11.3 from 199.5.
        let mean = |seed| intervals(400, seed, |sum, _| Some(sum / 400.0))[0].unwrap();
        let (low, high) = mean(5);
        assert!((low - 188.2).abs() < 1.5 && (high - 210.8).abs() < 1.5, "{low} {high}");
        assert_eq!(mean(5), (low, high));
        assert_ne!(mean(6), (low, high));
    }

    #[test]
    fn a_statistic_that_is_mostly_undefined_has_no_interval() {
        let sometimes = intervals(5, 1, |_, turn| (turn % 2 == 0).then_some(1.0));
        assert_eq!(sometimes, [None, Some((2.0, 2.0))]);
    }

    #[test]
    fn few_groups_have_no_interval() {
        assert_eq!(intervals(LEAST_GROUPS - 1, 1, |sum, _| Some(sum)), []);
        assert!(intervals(LEAST_GROUPS, 1, |sum, _| Some(sum))[0].is_some());
    }

    #[test]
    fn an_end_that_was_asked_for_ends_the_draws() {
        let interrupt = Interrupt::default();
        interrupt.request();
        let none = bootstrap(9, RESAMPLES, 1, &interrupt, |_| Ok(vec![]));
        assert!(matches!(none, Err(Error::Interrupted(_))), "{none:?}");
    }
}
