//! How many independent rows the rows of recordings are worth.

use super::facts::Score;

/// Rows that would tell as much about a share of correct rows if they were independent; from 1 to `rows`.
///
/// Windows of one recording resemble each other. `rows` is divided by the design effect, how many times larger the
/// variance of the share is between recordings than it would be of independent rows: Rao and Scott 1992,
/// doi:10.2307/2532311. It cannot be told from one recording, nor where all rows, or none, are right: then `rows`
/// comes back, which is too many.
pub fn effective_rows(rows: f64, recordings: &[Score]) -> f64 {
    let known: Vec<&Score> = recordings.iter().filter(|score| score.rows > 0).collect();
    let n: f64 = known.iter().map(|score| score.rows as f64).sum();
    let share = known.iter().map(|score| score.correct as f64).sum::<f64>() / n;
    let independent = share * (1.0 - share) / n;
    // Nothing known makes NaN, which is not above 0 either.
    if known.len() < 2 || independent.is_nan() || independent <= 0.0 {
        return rows;
    }
    let m = known.len() as f64;
    let residual = |score: &&Score| (score.correct as f64 - share * score.rows as f64).powi(2);
    let between = m / (m - 1.0) * known.iter().map(residual).sum::<f64>() / (n * n);
    (rows / (between / independent).max(1.0)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(pairs: &[(u64, u64)]) -> Vec<Score> {
        pairs.iter().map(|(correct, rows)| Score { rows: *rows, correct: *correct }).collect()
    }

    #[test]
    fn recordings_that_are_all_right_or_all_wrong_count_as_one_row_each() {
        // 4 recordings of 10 rows, two right: between = 4/3 * 4 * 5^2 / 40^2 = 1/12, independent = 1/160, so 40 /
        // (40/3) = 3: a mean of m values has m - 1 degrees of freedom.
        let all_or_none = scores(&[(10, 10), (10, 10), (0, 10), (0, 10)]);
        assert!((effective_rows(40.0, &all_or_none) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_design_effect_is_that_of_numpy() {
        // tests/oracles/diagnose.py
        let uneven = scores(&[(3, 9), (14, 15), (7, 12), (20, 21), (0, 5)]);
        assert!((effective_rows(62.0, &uneven) - 9.963_177_013_450_276).abs() < 1e-9);
    }

    #[test]
    fn recordings_that_agree_are_worth_no_more_than_their_rows() {
        assert_eq!(effective_rows(40.0, &scores(&[(5, 10), (5, 10), (5, 10), (5, 10)])), 40.0);
    }

    #[test]
    fn what_cannot_be_told_leaves_the_rows() {
        for recordings in [&[][..], &[(3, 9)], &[(0, 9), (0, 9)], &[(9, 9), (4, 4)], &[(0, 0), (0, 0)]] {
            assert_eq!(effective_rows(18.0, &scores(recordings)), 18.0);
        }
    }
}
