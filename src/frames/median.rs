//! The median of a stream, in little memory.

/// Values that are held at the most.
const MOST: usize = 4096;

/// The lower median: exact of up to 4,095 values, of more that of every 2nd, 4th, 8th .. value, whichever keeps so few.
///
/// It depends on the values and their order alone.
#[derive(Debug, Clone)]
pub struct Median {
    kept: Vec<f64>,
    every: u64,
    seen: u64,
}

impl Default for Median {
    fn default() -> Self {
        Self { kept: vec![], every: 1, seen: 0 }
    }
}

impl Median {
    /// Takes a value.
    pub fn add(&mut self, value: f64) {
        if self.seen.is_multiple_of(self.every) {
            self.kept.push(value);
            if self.kept.len() == MOST {
                let mut place = 0;
                self.kept.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.every *= 2;
            }
        }
        self.seen += 1;
    }

    /// The median; none of no values.
    pub fn value(&self) -> Option<f64> {
        let mut kept = self.kept.clone();
        kept.sort_unstable_by(f64::total_cmp);
        kept.get(kept.len().checked_sub(1)? / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
        let mut median = Median::default();
        values.into_iter().for_each(|value| median.add(value));
        assert!(median.kept.len() < MOST);
        median.value()
    }

    #[test]
    fn few_values_have_an_exact_median() {
        assert_eq!((median([]), median([3.0]), median([1.0, 9.0, 2.0])), (None, Some(3.0), Some(2.0)));
        assert_eq!(median((0..4095).map(f64::from)), Some(2047.0));
    }

    #[test]
    fn many_values_have_one_of_a_part_of_them() {
        let of_many = median((0..1_000_000).map(f64::from)).unwrap();
        assert!((of_many - 500_000.0).abs() < 1_000.0, "{of_many}");
        // A pause now and then does not move it.
        assert_eq!(median((0..100_000).map(|n| if n % 10 == 0 { 9.0 } else { 0.02 })), Some(0.02));
    }
}
