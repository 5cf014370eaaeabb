//! Values that may be missing, and what is computed of those that are there.

/// The mean of the values that are there, summed in f64 in their order; None where none is.
///
/// A missing value (NaN) is not there, and neither is an infinite one, which would take all others with it.
pub fn mean(values: impl IntoIterator<Item = f32>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for x in values.into_iter().filter(|x| x.is_finite()) {
        sum += f64::from(x);
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

/// A value changed in f64 and rounded once; a missing or infinite one stays, to the bit.
///
/// What is past the range of f32 becomes infinite.
pub fn changed(x: f32, change: impl FnOnce(f64) -> f64) -> f32 {
    if x.is_finite() { change(f64::from(x)) as f32 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_infinite_values_are_not_in_a_mean() {
        assert_eq!(mean([1.0, f32::NAN, 4.0, f32::INFINITY]), Some(2.5));
        assert_eq!(mean([f32::NAN]), None);
        assert_eq!(mean([]), None);
    }

    #[test]
    fn the_mean_of_the_largest_values_is_finite() {
        assert_eq!(mean([f32::MAX; 1000]), Some(f64::from(f32::MAX)));
    }

    #[test]
    fn a_value_that_is_not_there_keeps_its_bits() {
        for bits in [0x7fc0_0000, 0xffc0_0001, 0x7fa0_0007, 0x7f80_0000] {
            assert_eq!(changed(f32::from_bits(bits), |x| x * 2.0).to_bits(), bits);
        }
        assert_eq!(changed(1.5, |x| x * 2.0), 3.0);
    }
}
