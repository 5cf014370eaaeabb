//! Holm's correction: what is left of several p values when the luckiest of many comparisons is looked at.

/// The p of several comparisons corrected for their number, in the order given.
///
/// The chance of even one wrong finding among all of them then stays below the level that each is held against. The
/// i-th smallest of m is multiplied by m - i + 1; none falls below a smaller one, nor rises above 1. Holm 1979,
/// <https://www.jstor.org/stable/4615733>
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|i, j| p[*i].total_cmp(&p[*j]));
    let mut corrected = vec![0.0; p.len()];
    let mut least = 0.0;
    for (rank, i) in order.into_iter().enumerate() {
        least = f64::max(least, (p[i] * (p.len() - rank) as f64).min(1.0));
        corrected[i] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_p_is_multiplied_by_those_not_smaller() {
        // By hand, sorted: 3 x 1/64, 2 x 1/32 and 1 x 1/2.
        assert_eq!(holm(&[0.5, 0.015625, 0.03125]), [0.5, 0.046875, 0.0625]);
    }

    #[test]
    fn none_falls_below_a_smaller_one_and_none_rises_above_1() {
        // By hand, sorted: 4 x 1/4 = 1, 3 x 1/4 = 3/4 lifted to 1, 2 x 1/2 = 1, 1 x 3/4 lifted to 1.
        assert_eq!(holm(&[0.75, 0.25, 0.5, 0.25]), [1.0; 4]);
        // 2 x 1/4 = 1/2, 1 x 3/8 lifted to 1/2.
        assert_eq!(holm(&[0.375, 0.25]), [0.5, 0.5]);
        assert!(holm(&[]).is_empty());
    }
}
