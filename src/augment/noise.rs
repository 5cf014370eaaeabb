//! Noise: a normal number added to each value.

use super::operation::{Call, Limits, Operation, Recorded};
use crate::error::Result;
use crate::random::Stream;
use std::fmt::{Result as Written, Write};

/// Adds N(0, (sigma · scale_d)²) to each value of a window, in place: x' = x + sigma · scale_d · z.
///
/// `scale` has one number for each of the D features, such as their standard deviation, or a single one for all.
/// A missing value (NaN) stays missing and a deviation of 0 changes no bit. Every value uses up its own draw, so that
/// the noise of one value does not depend on which others are missing.
pub fn add_noise(window: &mut [f32], sigma: f64, scale: &[f64], stream: &mut Stream) {
    let mut scale = scale.iter().cycle();
    for pair in window.chunks_mut(2) {
        let (first, second) = stream.normal_pair();
        for (value, z) in pair.iter_mut().zip([first, second]) {
            let deviation = sigma * scale.next().copied().unwrap_or(0.0);
            if deviation != 0.0 && !value.is_nan() {
                *value = (f64::from(*value) + deviation * z) as f32;
            }
        }
    }
}

#[derive(Debug)]
struct Noise {
    sigma: f64,
}

/// Reads `noise(sigma)`.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    let sigma = call.number("sigma in standard deviations", Limits::AtLeast0, "noise(0.02)")?;
    Ok(Box::new(Noise { sigma }))
}

impl Operation for Noise {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> Written {
        changed.copy_from_slice(window.values);
        add_noise(changed, self.sigma, window.units, stream);
        write!(drawn, "{}", self.sigma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(window: &[f32], sigma: f64, scale: &[f64]) -> Vec<f32> {
        let mut window = window.to_vec();
        add_noise(&mut window, sigma, scale, &mut Stream::new(7, &["a window"]));
        window
    }

    #[test]
    fn no_noise_changes_no_bit() {
        let window = [1.0, -0.0, f32::NAN, f32::MIN_POSITIVE, f32::MAX];
        let bits = |w: &[f32]| w.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&noisy(&window, 0.0, &[1.0])), bits(&window));
    }

    #[test]
    fn each_feature_has_its_own_deviation() {
        let noisy = noisy(&[0.0; 40_000], 0.25, &[0.0, 2.0]);
        let (still, moved): (Vec<_>, Vec<_>) = noisy.chunks(2).map(|frame| (frame[0], f64::from(frame[1]))).unzip();
        let variance = moved.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        assert!(still.iter().all(|&x: &f32| x == 0.0));
        // The variance of n squared normals is 2 σ⁴ / n; 4 standard errors.
        assert!((variance - 0.25).abs() < 4.0 * 0.25 * (2.0f64 / 20_000.0).sqrt(), "variance {variance}");
    }

    #[test]
    fn a_missing_value_stays_missing_and_shifts_no_other() {
        let (all, some) = (noisy(&[1.0, 2.0, 3.0], 0.1, &[1.0]), noisy(&[1.0, f32::NAN, 3.0], 0.1, &[1.0]));
        assert!(some[1].is_nan());
        assert_eq!((some[0], some[2]), (all[0], all[2]));
    }
}
