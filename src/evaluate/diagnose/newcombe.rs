//! The 95 % interval of the difference of two shares.

/// The two-sided 95 % point of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share of rows, and how many independent rows it comes from (need not be whole).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// In [0, 1].
    pub value: f64,
    /// Above 0.
    pub rows: f64,
}

impl Share {
    /// Wilson's 95 % interval, [low, high] in [0, 1]. Wilson 1927, doi:10.1080/01621459.1927.10502953
    pub fn wilson(self) -> (f64, f64) {
        let (p, n, z2) = (self.value, self.rows, Z * Z);
        let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        ((centre - half).clamp(0.0, p), (centre + half).clamp(p, 1.0))
    }

    /// The 95 % interval of `self - other`, two shares of unrelated rows.
    ///
    /// Method 10 of Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I: good down to
    /// few rows, and never of width 0.
    pub fn minus(self, other: Self) -> (f64, f64) {
        let ((l1, u1), (l2, u2)) = (self.wilson(), other.wilson());
        let (p1, p2) = (self.value, other.value);
        let below = ((p1 - l1).powi(2) + (u2 - p2).powi(2)).sqrt();
        let above = ((u1 - p1).powi(2) + (p2 - l2).powi(2)).sqrt();
        (p1 - p2 - below, p1 - p2 + above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::interval::wilson;

    fn share(hits: u64, n: u64) -> Share {
        Share { value: hits as f64 / n as f64, rows: n as f64 }
    }

    #[test]
    fn a_share_of_whole_rows_has_the_interval_of_the_table_metrics() {
        for (hits, n) in [(0, 34), (34, 34), (41, 57), (1, 9)] {
            let ((low, high), (wilson_low, wilson_high)) = (share(hits, n).wilson(), wilson(hits, n).unwrap());
            assert!((low - wilson_low).abs() < 1e-15 && (high - wilson_high).abs() < 1e-15, "{hits} of {n}");
        }
    }

    #[test]
    fn the_difference_of_two_shares_is_that_of_newcombe() {
        // Newcombe 1998, table II, row 10, its pairs (a), (b), (g) and (h).
        for (one, other, low, high) in [
            (share(56, 70), share(48, 80), 0.0524, 0.3339),
            (share(9, 10), share(3, 10), 0.1705, 0.8090),
            (share(10, 10), share(0, 20), 0.6791, 1.0000),
            (share(10, 10), share(0, 10), 0.6075, 1.0000),
        ] {
            let (l, h) = one.minus(other);
            assert!((l - low).abs() < 5e-5 && (h - high).abs() < 5e-5, "{l} {h}");
        }
    }

    #[test]
    fn the_gap_of_the_seed_is_that_of_scipy() {
        // 27 of 48 against 1 of 9, from scipy's two Wilson intervals: tests/oracles/diagnose.py
        let (low, high) = share(27, 48).minus(share(1, 9));
        assert!(
            (low - 0.098_637_084_589_494_94).abs() < 1e-12 && (high - 0.610_599_652_141_012_5).abs() < 1e-12,
            "{low} {high}"
        );
    }
}
