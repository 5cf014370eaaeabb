//! Runs: the stretches of a series in which nothing is missing.

use std::ops::Range;

/// The longest stretches of values that are there, in order; between them at least one is missing (NaN).
///
/// What is missing may hide any movement. So the kernels treat each run as a series of its own and never reckon across
/// its end.
pub(super) fn runs(values: &[f64]) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next + values[next..].iter().position(|x| !x.is_nan())?;
        let length = values[start..].iter().position(|x| x.is_nan());
        next = length.map_or(values.len(), |length| start + length);
        Some(start..next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_lie_between_missing_values() {
        let found = |values: &[f64]| runs(values).collect::<Vec<_>>();
        let gap = f64::NAN;
        assert_eq!(found(&[gap, 1.0, 2.0, gap, gap, f64::INFINITY, gap]), [1..3, 5..6]);
        assert_eq!(found(&[1.0, gap, 2.0]), [0..1, 2..3]);
        assert_eq!(found(&[1.0, 2.0]), [Range { start: 0, end: 2 }]);
        assert!(found(&[gap, gap]).is_empty() && found(&[]).is_empty());
    }
}
