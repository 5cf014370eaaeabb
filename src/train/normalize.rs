//! Features on a common scale: learned from the training rows, stored with the model, applied to every window.

use serde::{Deserialize, Serialize};

use super::source::Source;
use crate::error::{Error, Result};

/// `(x - mean) / std` for each feature; empty vectors change nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// Mean of each feature, in its own unit.
    pub mean: Vec<f64>,
    /// Standard deviation of each feature (of the population); 1 where a feature never changes.
    pub std: Vec<f64>,
}

impl Normalization {
    /// The z-score over the first `valid_len` frames of each row.
    ///
    /// Sums run in f64 in the order of the rows, in two passes over the blocks: equal rows give equal bytes.
    pub fn zscore(source: &dyn Source) -> Result<Self> {
        let (mut count, mut mean) = (0usize, Vec::new());
        for_each_frame(source, |frame| {
            count += 1;
            mean.resize(frame.len(), 0.0);
            mean.iter_mut().zip(frame).for_each(|(m, &x): (&mut f64, _)| *m += f64::from(x));
        })?;
        let count = count.max(1) as f64;
        mean.iter_mut().for_each(|m| *m /= count);
        let mut std = vec![0.0; mean.len()];
        for_each_frame(source, |frame| {
            for ((s, m), &x) in std.iter_mut().zip(&mean).zip(frame) {
                *s += (f64::from(x) - m).powi(2);
            }
        })?;
        for (s, m) in std.iter_mut().zip(&mean) {
            let root = (*s / count).sqrt();
            // What is left of a constant feature is rounding; dividing by it would blow that up.
            *s = if root > 1e-12 * m.abs().max(f64::MIN_POSITIVE) { root } else { 1.0 };
        }
        Ok(Self { mean, std })
    }

    /// Puts `features` [rows, width, dim] on the common scale.
    pub fn apply_to(&self, features: &mut [f32]) {
        if self.mean.is_empty() {
            return;
        }
        for frame in features.chunks_exact_mut(self.mean.len()) {
            for ((x, m), s) in frame.iter_mut().zip(&self.mean).zip(&self.std) {
                *x = ((f64::from(*x) - m) / s) as f32;
            }
        }
    }

    /// `features` [rows, width, dim] on the common scale.
    pub fn apply(&self, features: &[f32]) -> Vec<f32> {
        if self.mean.is_empty() {
            return features.to_vec();
        }
        let frames = features.chunks_exact(self.mean.len());
        let scaled = |((&x, m), s): ((&f32, &f64), &f64)| ((f64::from(x) - m) / s) as f32;
        frames.flat_map(|frame| frame.iter().zip(&self.mean).zip(&self.std).map(scaled)).collect()
    }

    /// Refuses a stored normalisation that does not fit windows of `dim` features.
    pub fn check(&self, dim: usize) -> Result<()> {
        let fits = |values: &[f64]| values.is_empty() || values.len() == dim;
        if self.mean.len() == self.std.len() && fits(&self.mean) {
            return Ok(());
        }
        let (mean, std) = (self.mean.len(), self.std.len());
        Err(Error::Model(format!("the model normalises {mean} means and {std} deviations of {dim} features")))
    }
}

/// The recorded frames of every row.
fn for_each_frame(source: &dyn Source, mut f: impl FnMut(&[f32])) -> Result<()> {
    for index in 0..source.blocks() {
        let rows = source.block(index)?;
        for (window, &valid) in rows.features.chunks_exact(rows.width * rows.dim).zip(&rows.valid_len) {
            window[..valid as usize * rows.dim].chunks_exact(rows.dim).for_each(&mut f);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::examples::Examples;

    fn two() -> Examples {
        let keys = vec!["a".to_owned(), "b".to_owned()];
        Examples { labels: vec![0, 1], weights: vec![1.0; 2], keys, ..Examples::default() }
    }

    #[test]
    fn mean_and_deviation_are_those_of_numpy_over_valid_frames() {
        // Two windows of 2 frames with 2 features; the last frame of the second is padding.
        let features = [1.0, 5.0, 2.0, 5.0, 6.0, 5.0, 99.0, 99.0];
        let rows = Examples { width: 2, dim: 2, features: features.to_vec(), valid_len: vec![2, 1], ..two() };
        let n = Normalization::zscore(&rows).unwrap();
        // numpy: x = np.array([1., 2., 6.]); x.mean(), x.std()
        assert_eq!(n.mean, [3.0, 5.0]);
        assert!((n.std[0] - 2.160_246_899_469_287).abs() < 1e-12);
        assert_eq!(n.std[1], 1.0, "a constant feature keeps its scale");
        assert_eq!(n.apply(&[3.0, 5.0, 3.0, 7.0]), [0.0, 0.0, 0.0, 2.0]);
    }

    #[test]
    fn without_statistics_nothing_changes() {
        assert_eq!(Normalization::default().apply(&[1.0, 2.0]), [1.0, 2.0]);
    }

    #[test]
    fn a_stored_scale_of_other_features_is_refused() {
        let n = Normalization { mean: vec![0.0; 3], std: vec![1.0; 3] };
        assert!(n.check(3).is_ok() && n.check(2).is_err());
    }
}
