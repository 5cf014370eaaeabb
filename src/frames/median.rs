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

    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.seen
    }

    /// The mean of the values about as large as the median, from half of it to half as much again: what values of a few digits
    /// were before they were rounded. Steps of 16 and 17 ms are 60 frames a second.
    pub fn mean_near(&self) -> Option<f64> {
        let median = self.value()?;
        let near: Vec<f64> =
            self.kept.iter().copied().filter(|value| (0.5 * median..=1.5 * median).contains(value)).collect();
        if near.is_empty() { Some(median) } else { Some(near.iter().sum::<f64>() / near.len() as f64) }
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
    fn rounded_steps_have_the_mean_of_what_they_were() {
        // Frames at 60 a second in whole milliseconds, one of which was lost.
        let times: Vec<f64> = (0..=60).filter(|n| *n != 30).map(|n| (f64::from(n) * 1000.0 / 60.0).round()).collect();
        let mut steps = Median::default();
        times.windows(2).for_each(|pair| steps.add(pair[1] - pair[0]));
        assert_eq!(steps.value(), Some(17.0));
        // 58 steps, which are 1000 ms but for the lost frame's 34.
        assert_eq!(steps.mean_near(), Some((1000.0 - 34.0) / 58.0));
        assert_eq!(Median::default().mean_near(), None);
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
