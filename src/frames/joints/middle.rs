//! What the kernels over joints share: the middle of some joints, and one rounding to f32.

/// The mean of the coordinates of `joints` along one axis; if one is missing (NaN), that one as the error.
pub(super) fn middle(frame: &[f32], values: usize, axis: usize, joints: &[usize]) -> Result<f64, f32> {
    let mut sum = 0.0;
    for &joint in joints {
        let x = frame[joint * values + axis];
        if x.is_nan() {
            return Err(x);
        }
        sum += f64::from(x);
    }
    Ok(sum / joints.len() as f64)
}

/// The f32 nearest to `x`. What is no number, such as ∞ - ∞, becomes [`f32::NAN`], because processors do not agree on
/// the bits of such a NaN.
pub(super) fn rounded(x: f64) -> f32 {
    if x.is_nan() { f32::NAN } else { x as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_mean_along_one_axis() {
        let frame = [1.0, 10.0, 4.0, 20.0, 7.0, 60.0];
        assert_eq!((middle(&frame, 2, 0, &[0, 1]), middle(&frame, 2, 1, &[0, 1, 2])), (Ok(2.5), Ok(30.0)));
    }

    #[test]
    fn the_first_missing_joint_is_named_by_its_bits() {
        let (null, nan) = (f32::from_bits(0x7fc0_6e75), f32::NAN);
        let bits = |joints: &[usize]| middle(&[1.0, null, nan], 1, 0, joints).map_err(f32::to_bits);
        assert_eq!((bits(&[0, 1, 2]), bits(&[2, 1])), (Err(null.to_bits()), Err(nan.to_bits())));
    }

    #[test]
    fn infinity_less_infinity_has_the_same_bits_everywhere() {
        assert_eq!(rounded(f64::INFINITY - f64::INFINITY).to_bits(), f32::NAN.to_bits());
        assert_eq!((rounded(1e300), rounded(-1e-300).to_bits()), (f32::INFINITY, (-0.0f32).to_bits()));
    }
}
