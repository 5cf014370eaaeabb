//! Sigmoid, tanh and softmax over slices, in plain arithmetic: the same bits on every platform, and loops that vectorise.

/// e^x for x in [-87, 88]; values beyond are clamped. Relative error below 2e-7; NaN stays NaN.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, then the Taylor polynomial of degree 7 (remainder 5e-9) times 2^n.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts; the first has few enough bits that its product with n is exact.
    const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = x.clamp(-87.0, 88.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN2[0]) - n * LN2[1];
    let mut series = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * r + coefficient;
    }
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits());
    series * f32::from_bits(exponent.wrapping_add(127) << 23)
}

/// 1 / (1 + e^-x), to 2e-7.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// tanh x = 1 - 2 / (e^2x + 1), to 3e-7 (absolute).
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// Turns each row of logits [rows, classes] into probabilities, in place. Sums are taken in f64.
pub fn softmax(logits: &mut [f32], classes: usize) {
    for row in logits.chunks_exact_mut(classes) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|z| libm::exp(f64::from(z - top))).sum();
        row.iter_mut().for_each(|z| *z = (libm::exp(f64::from(*z - top)) / sum) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error against f64 over [-20, 20].
    fn error(ours: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        (-200_000..=200_000)
            .map(|i| i as f32 * 1e-4)
            .map(|x| (f64::from(ours(x)) - exact(f64::from(x))).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn sigmoid_and_tanh_are_accurate() {
        assert!(error(sigmoid, |x| 1.0 / (1.0 + (-x).exp())) < 2e-7);
        assert!(error(tanh, f64::tanh) < 3e-7);
    }

    #[test]
    fn extremes_saturate_and_nan_stays() {
        assert_eq!((sigmoid(1e30), tanh(1e30), tanh(-1e30)), (1.0, 1.0, -1.0));
        assert!(sigmoid(-1e30) < 1e-37 && sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }

    #[test]
    fn softmax_of_equal_logits_is_uniform_however_large() {
        let mut rows = [1e4, 1e4, 1e4, 1e4, 0.0, f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY];
        softmax(&mut rows, 4);
        assert_eq!(rows, [0.25, 0.25, 0.25, 0.25, 0.5, 0.0, 0.5, 0.0]);
    }
}
