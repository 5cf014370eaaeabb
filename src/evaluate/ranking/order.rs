//! Rows in the order of one class's scores, each in a number that sorts as it ranks.
//!
//! ```text
//! bit  63 ......... 32   31                     30 .... 0
//!      falling score     0 own class, 1 other   0
//! ```
//!
//! Sorting such numbers is faster than sorting rows by their scores, and leaves equal rows side by side.

/// Set for a row of another class.
const OTHER: u64 = 1 << 31;

/// The keys of a class, best score first, of rows with a true class and a score; NULL if a score is not a number.
pub(super) fn keys<'a>(truth: &[u32], scores: impl Iterator<Item = &'a f32>, class: usize) -> Option<Vec<u64>> {
    let key = |(truth, score): (&u32, &f32)| {
        let other = if *truth as usize == class { 0 } else { OTHER };
        (!score.is_nan()).then(|| u64::from(falling(*score)) << 32 | other)
    };
    let mut keys = truth.iter().zip(scores).map(key).collect::<Option<Vec<_>>>()?;
    keys.sort_unstable();
    Some(keys)
}

/// The keys of one score, without those of other scores.
pub(super) fn ties(keys: &[u64]) -> impl Iterator<Item = &[u64]> {
    keys.chunk_by(|a, b| a >> 32 == b >> 32)
}

/// Keys of one score: those of the class, and the others.
pub(super) fn split(tie: &[u64]) -> (&[u64], &[u64]) {
    tie.split_at(tie.partition_point(|key| key & OTHER == 0))
}

/// The score of a key.
pub(super) fn score(key: u64) -> f32 {
    let rising = !((key >> 32) as u32);
    f32::from_bits(if rising >> 31 == 1 { rising ^ 1 << 31 } else { !rising })
}

/// Bits that fall as the score rises: a float's bits are in order but for the sign, and negative ones are upside down.
pub(super) fn falling(score: f32) -> u32 {
    // -0 + 0 = 0, which ties with it.
    let bits = (score + 0.0).to_bits();
    !(if bits >> 31 == 0 { bits | 1 << 31 } else { !bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fall_as_scores_rise_and_give_them_back() {
        let scores =
            [f32::INFINITY, 1.0, 0.5, f32::MIN_POSITIVE, 1e-45, 0.0, -1e-45, -0.5, f32::MIN, f32::NEG_INFINITY];
        assert!(scores.windows(2).all(|pair| falling(pair[0]) < falling(pair[1])));
        scores.iter().for_each(|s| assert_eq!(score(u64::from(falling(*s)) << 32).to_bits(), s.to_bits()));
        assert_eq!(falling(-0.0), falling(0.0));
    }
}
