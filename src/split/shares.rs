//! How much of the data each side of a split shall get.

use super::side::Side;
use crate::error::{Result, query_err};
use crate::random::Stream;

/// The wanted shares of the rows, in the order train, validation, test: each in [0, 1], train above 0, their sum 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares([f64; 3]);

impl Shares {
    /// Checked shares. The sum may miss 1 by 1e-9, which `0.7, 0.2, 0.1` needs; they are then divided by it.
    pub fn new(train: f64, validation: f64, test: f64) -> Result<Self> {
        for (side, share) in Side::ALL.into_iter().zip([train, validation, test]) {
            // NaN fails this too.
            if !(0.0..=1.0).contains(&share) {
                return query_err!("{side} must be a share between 0 and 1 (was {share})");
            }
        }
        let sum = train + validation + test;
        if (sum - 1.0).abs() > 1e-9 {
            return query_err!(
                "train, validation and test must add up to 1 (were {train} + {validation} + {test} = {sum})"
            );
        }
        if train == 0.0 {
            return query_err!("train must be above 0 (was 0): a net cannot learn from nothing");
        }
        Ok(Self([train / sum, validation / sum, test / sum]))
    }

    /// The share of one side, in [0, 1].
    pub fn of(&self, side: Side) -> f64 {
        self.0[side as usize]
    }

    /// The sides that shall get rows: those with a share above 0.
    pub fn sides(&self) -> impl Iterator<Item = Side> + '_ {
        Side::ALL.into_iter().filter(|side| self.of(*side) > 0.0)
    }

    /// The side of one group by its name and the seed alone, so that old groups stay where they are as data grows.
    ///
    /// The shares hold in expectation over many groups; neither they nor the classes are balanced.
    pub fn by_hash(&self, group: &str, seed: u64) -> Side {
        let draw = Stream::new(seed, &["split by hash", group]).uniform();
        let mut bound = 0.0;
        let mut last = Side::Train;
        for side in self.sides() {
            bound += self.of(side);
            last = side;
            if draw < bound {
                break;
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_that_do_not_add_up_are_refused() {
        let message = |t, v, s| Shares::new(t, v, s).unwrap_err().to_string();
        assert_eq!(
            message(0.5, 0.25, 0.5),
            "train, validation and test must add up to 1 (were 0.5 + 0.25 + 0.5 = 1.25)"
        );
        assert_eq!(message(1.2, -0.2, 0.0), "train must be a share between 0 and 1 (was 1.2)");
        assert_eq!(message(0.8, f64::NAN, 0.2), "validation must be a share between 0 and 1 (was NaN)");
        assert_eq!(message(0.0, 0.5, 0.5), "train must be above 0 (was 0): a net cannot learn from nothing");
        assert!(Shares::new(0.7, 0.2, 0.1).is_ok() && Shares::new(1.0, 0.0, 0.0).is_ok());
    }

    #[test]
    fn by_hash_the_shares_hold_over_many_groups() {
        let shares = Shares::new(0.6, 0.4, 0.0).unwrap();
        let mut counts = [0f64; 3];
        (0..10_000).for_each(|i| counts[shares.by_hash(&format!("video{i}"), 7) as usize] += 1.0);
        // Four standard deviations of a binomial count: 4 sqrt(10000 * 0.6 * 0.4) = 196.
        assert!((counts[0] - 6000.0).abs() < 196.0 && counts[2] == 0.0, "{counts:?}");
    }

    #[test]
    fn by_hash_another_seed_is_another_split() {
        let shares = Shares::new(0.5, 0.25, 0.25).unwrap();
        let sides = |seed| (0..50).map(|i| shares.by_hash(&format!("video{i}"), seed)).collect::<Vec<_>>();
        assert_eq!(sides(1), sides(1));
        assert_ne!(sides(1), sides(2));
    }
}
