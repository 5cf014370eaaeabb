//! Features that lie so far from 0 in each window that 32 bits hold little of what changes there, however far they lie apart
//! from window to window. Pure.

use crate::frames::scale::{Doubt, FAR, OFFSET, step};

/// The windows of a feature.
#[derive(Debug, Clone, Default)]
pub struct Within {
    windows: u64,
    /// Those in which it hardly changes for its size.
    far: u64,
    /// Mean and standard deviation of the first of those.
    first: Option<(f64, f64)>,
}

impl Within {
    /// Takes the values of a window; one alone tells nothing.
    pub fn window(&mut self, values: impl Iterator<Item = f64> + Clone) {
        let count = values.clone().count();
        if count < 2 {
            return;
        }
        let n = count as f64;
        let mean = values.clone().sum::<f64>() / n;
        let spread = (values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / n).sqrt();
        let is_far = if spread > 0.0 { mean.abs() > OFFSET * spread } else { mean.abs() >= FAR };
        self.windows += 1;
        self.far += u64::from(is_far);
        if is_far {
            self.first.get_or_insert((mean, spread));
        }
    }

    /// The offset that hides what changes in all windows but one in a hundred (somebody may stand still in the others), as it is in the first of them. Where nothing is left of what
    /// changes, it is less than half of what lies between two f32.
    pub fn doubt<T>(&self) -> Option<Doubt<T>> {
        let (mean, spread) = self.first.filter(|_| self.far > 0 && 100 * (self.windows - self.far) <= self.windows)?;
        let spread = if spread > 0.0 { spread } else { step(mean) / 2.0 };
        Some(Doubt::Offset { mean, spread })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt(windows: &[&[f64]]) -> Option<Doubt<()>> {
        let mut within = Within::default();
        windows.iter().for_each(|window| within.window(window.iter().copied()));
        within.doubt()
    }

    #[test]
    fn all_windows_have_to_be_flat() {
        let (flat, other, lively) = ([4.5e8; 5], [9e8; 5], [1.0, 2.0, 3.0]);
        assert_eq!(doubt(&[&flat, &other]), Some(Doubt::Offset { mean: 4.5e8, spread: 16.0 }));
        assert_eq!(doubt(&[&flat, &lively]), None);
        // One frame never changes.
        assert_eq!((doubt(&[&[4.5e8]]), doubt(&[])), (None, None));
    }

    #[test]
    fn what_is_left_of_the_change_may_be_a_step_or_two() {
        // Mean 4,500,000.25 and deviation 0.25: 1.8e7 of it.
        assert_eq!(doubt(&[&[4.5e6, 4_500_000.5]]), Some(Doubt::Offset { mean: 4_500_000.25, spread: 0.25 }));
        assert_eq!(doubt(&[&[1000.0; 5], &[1000.0, 1001.0]]), None);
    }
}
