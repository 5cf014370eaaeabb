//! Distance: how far two joints are apart.

use super::middle::rounded;

/// The Euclidean distance of two points of as many coordinates, in their unit: √Σ (aᵢ - bᵢ)².
///
/// Missing (NaN) if a coordinate is, with the bits of the first that is missing, `a` before `b`.
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    match a.iter().chain(b).find(|x| x.is_nan()) {
        Some(&missing) => missing,
        None => rounded(length(a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b)))),
    }
}

/// The length of a vector: √Σ dᵢ².
///
/// No scaling as in hypot is needed for differences of f32: they are 0 or between 2^-149 and 2^129, and their squares
/// fit f64 with room to spare.
pub(super) fn length(sides: impl IntoIterator<Item = f64>) -> f64 {
    libm::sqrt(sides.into_iter().map(|d| d * d).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_in_the_plane_and_in_space() {
        assert_eq!(distance(&[1.0, 1.0], &[4.0, 5.0]), 5.0);
        // np.array(np.linalg.norm(np.array([1.5, -2, 7]) - np.array([.25, 3, -1])), 'f4')
        assert_eq!(distance(&[1.5, -2.0, 7.0], &[0.25, 3.0, -1.0]), 9.516433);
    }

    #[test]
    fn neither_huge_nor_tiny_points_overflow() {
        // 3, 4, 5 once more, times 2^124 and times 2^-149.
        let (huge, tiny) = (2f32.powi(124), f32::from_bits(1));
        for scale in [huge, tiny] {
            assert_eq!(distance(&[3.0 * scale, 0.0], &[0.0, 4.0 * scale]), 5.0 * scale);
        }
        assert_eq!(distance(&[f32::MAX, 0.0], &[-f32::MAX, 0.0]), f32::INFINITY, "it has no f32");
    }

    #[test]
    fn what_is_missing_stays_missing() {
        let null = f32::from_bits(0x7fc0_6e75);
        assert_eq!(distance(&[1.0, null], &[f32::NAN, 2.0]).to_bits(), null.to_bits());
        assert_eq!(distance(&[1.0, 2.0], &[f32::NAN, null]).to_bits(), f32::NAN.to_bits());
        assert_eq!(distance(&[f32::INFINITY], &[f32::INFINITY]).to_bits(), f32::NAN.to_bits());
        assert_eq!((distance(&[f32::INFINITY], &[0.0]), distance(&[], &[])), (f32::INFINITY, 0.0));
    }
}
