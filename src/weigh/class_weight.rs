//! Class weights from the rows of each class in train.
//!
//! K is the number of classes that have rows and N the number of rows. A class without rows has no weight, rather than a
//! silent 1. The mean weight over the rows is 1 under every method, so a weighted loss keeps its scale.

use std::collections::BTreeMap;

use crate::error::{Result, query_err, suggest};

/// How rare classes are made to count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// `(N / (K N_c))^power`, rescaled to mean 1: power 1 is scikit-learn's `balanced`, 0 is no weighting, 0.5 the way between.
    Balanced {
        /// The exponent, at least 0.
        power: f64,
    },
    /// `(1 - beta) / (1 - beta^N_c)`, rescaled to mean 1: the effective number of samples (Cui et al. 2019, arXiv:1901.05555).
    EffectiveNumber {
        /// In [0, 1): 0 is no weighting, towards 1 it becomes balanced.
        beta: f64,
    },
}

impl Method {
    /// The names that [`Method::new`] knows.
    pub const NAMES: [&str; 2] = ["balanced", "effective_number"];

    /// The method of a name; `power` counts for `balanced` and `beta` for `effective_number`.
    pub fn new(name: &str, power: f64, beta: f64) -> Result<Self> {
        match name {
            "balanced" if power.is_finite() && power >= 0.0 => Ok(Self::Balanced { power }),
            "balanced" => query_err!("power must be a number >= 0 (was {power})"),
            "effective_number" if (0.0..1.0).contains(&beta) => Ok(Self::EffectiveNumber { beta }),
            "effective_number" => query_err!("beta must be in [0, 1) (was {beta}); 0.99 to 0.9999 are usual"),
            _ => query_err!("method must be {} (was '{name}'){}", quoted_names(), suggest(name, Self::NAMES)),
        }
    }

    /// The weight of each class that has rows, from its number of rows.
    pub fn weights(self, counts: &BTreeMap<String, u64>) -> BTreeMap<String, f64> {
        let balanced = balanced(counts);
        match self {
            Self::Balanced { power: 1.0 } => balanced,
            Self::Balanced { power } => rescaled(counts, |class, _| libm::pow(balanced[class], power)),
            // The quotient's numerator is the same for all and leaves with the rescaling; expm1 keeps 1 - beta^N exact near beta = 1.
            Self::EffectiveNumber { beta: 0.0 } => rescaled(counts, |_, _| 1.0),
            Self::EffectiveNumber { beta } => rescaled(counts, |_, n| -1.0 / libm::expm1(n * libm::log(beta))),
        }
    }
}

fn quoted_names() -> String {
    Method::NAMES.map(|name| format!("'{name}'")).join(" or ")
}

/// `N / (K N_c)` for each class that has rows (King and Zeng 2001; scikit-learn's `class_weight='balanced'`).
pub fn balanced(counts: &BTreeMap<String, u64>) -> BTreeMap<String, f64> {
    let present = || counts.iter().filter(|(_, n)| **n > 0);
    let k = present().count() as f64;
    let total = present().map(|(_, n)| *n).sum::<u64>() as f64;
    present().map(|(class, n)| (class.clone(), total / (k * *n as f64))).collect()
}

/// Weights scaled so that their mean over the rows is 1.
fn rescaled(counts: &BTreeMap<String, u64>, weight: impl Fn(&str, f64) -> f64) -> BTreeMap<String, f64> {
    let raw: Vec<(&String, f64, f64)> =
        counts.iter().filter(|(_, n)| **n > 0).map(|(c, n)| (c, *n as f64, weight(c, *n as f64))).collect();
    let total: f64 = raw.iter().map(|(_, n, _)| n).sum();
    let sum: f64 = raw.iter().map(|(_, n, w)| n * w).sum();
    raw.into_iter().map(|(class, _, w)| (class.clone(), w * total / sum)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[u64]) -> BTreeMap<String, u64> {
        of.iter().enumerate().map(|(i, n)| (format!("class{i}"), *n)).collect()
    }

    fn assert_near(weights: &BTreeMap<String, f64>, expected: &[f64], tolerance: f64) {
        assert_eq!(weights.len(), expected.len());
        for (w, e) in weights.values().zip(expected) {
            assert!((w - e).abs() <= tolerance, "{weights:?}");
        }
    }

    #[test]
    fn balanced_weights_are_those_of_the_seed_system() {
        // compute_class_weight('balanced', classes=arange(7), y=repeat(arange(7), [3, 9, 8, 23, 16, 16, 16]))
        let seed = balanced(&counts(&[3, 9, 8, 23, 16, 16, 16]));
        assert_near(&seed, &[4.3333, 1.4444, 1.6250, 0.5652, 0.8125, 0.8125, 0.8125], 5e-5);
    }

    #[test]
    fn every_method_has_mean_1_over_rows() {
        let counts = counts(&[3, 9, 8, 23, 1000, 1]);
        for (name, p, b) in [
            ("balanced", 1.0, 0.0),
            ("balanced", 0.5, 0.0),
            ("effective_number", 0.0, 0.999),
            ("effective_number", 0.0, 0.0),
        ] {
            let weights = Method::new(name, p, b).unwrap().weights(&counts);
            let mean = weights.iter().map(|(c, w)| counts[c] as f64 * w).sum::<f64>() / 1044.0;
            assert!((mean - 1.0).abs() < 1e-12, "{name} {p} {b}: {mean}");
        }
    }

    #[test]
    fn power_and_effective_number_equal_numpy() {
        // n = np.array([3, 9, 8, 23]); w = (43 / (4 * n)) ** .5; w * 43 / (n * w).sum()
        let half = Method::Balanced { power: 0.5 }.weights(&counts(&[3, 9, 8, 23]));
        assert_near(&half, &[2.0091809503724156, 1.1600011625481823, 1.2303670323331477, 0.7256308881427794], 1e-12);
        // w = (1 - .99) / (1 - .99 ** n); w * 43 / (n * w).sum()
        let effective = Method::EffectiveNumber { beta: 0.99 }.weights(&counts(&[3, 9, 8, 23]));
        assert_near(
            &effective,
            &[3.4464938131221388, 1.183638468539465, 1.3250133694446922, 0.49598545166177677],
            1e-12,
        );
    }

    #[test]
    fn a_class_without_rows_has_no_weight() {
        assert_near(&balanced(&counts(&[5, 0, 5])), &[1.0, 1.0], 0.0);
        assert!(balanced(&counts(&[])).is_empty() && balanced(&counts(&[0])).is_empty());
    }

    #[test]
    fn bad_arguments_are_refused_by_name() {
        let message = |name, p, b| Method::new(name, p, b).unwrap_err().to_string();
        assert_eq!(message("balanced", -1.0, 0.0), "power must be a number >= 0 (was -1)");
        assert!(message("effective_number", 1.0, 1.0).starts_with("beta must be in [0, 1) (was 1)"));
        assert!(message("balance", 1.0, 0.0).ends_with("(was 'balance'); did you mean 'balanced'?"));
    }
}
