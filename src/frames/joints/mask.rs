//! Mask: joints that the detector was not sure of are missing.

/// Writes `missing`, a NaN, for the coordinates of joints whose confidence is below `least` or missing itself.
///
/// `frame` has `values` numbers for each joint: coordinates at the places `axes`, the confidence at the place
/// `confidence`, in the detector's unit (mostly 0 to 1). What is no coordinate is copied, the confidence too, so a mask
/// can be looked at. A coordinate that was missing before keeps its bits.
///
/// `PreNormalize2D` of pyskl and mmaction2 writes 0 instead, which is a place in the image, and does so at the
/// threshold too; here a confidence of exactly `least` is enough.
pub fn mask(
    frame: &[f32],
    values: usize,
    axes: &[usize],
    confidence: usize,
    least: f32,
    missing: f32,
    masked: &mut [f32],
) {
    masked.copy_from_slice(frame);
    for joint in masked.chunks_exact_mut(values) {
        let sure = joint[confidence] >= least;
        for &axis in axes {
            if !sure && !joint[axis].is_nan() {
                joint[axis] = missing;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of a NaN that stands for NULL.
    const NULL: u32 = 0x7fc0_6e75;

    fn masked(frame: &[f32], least: f32) -> Vec<u32> {
        let mut masked = vec![7.0; frame.len()];
        mask(frame, 3, &[0, 1], 2, least, f32::from_bits(NULL), &mut masked);
        bits(&masked)
    }

    fn bits(frame: &[f32]) -> Vec<u32> {
        frame.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn unsure_joints_lose_their_coordinates_and_keep_their_confidence() {
        let null = f32::from_bits(NULL);
        let pose = [1.0, 2.0, 0.25, 3.0, 4.0, 0.3, 5.0, 6.0, 0.9];
        assert_eq!(masked(&pose, 0.3), bits(&[null, null, 0.25, 3.0, 4.0, 0.3, 5.0, 6.0, 0.9]));
        assert_eq!(masked(&pose, f32::NEG_INFINITY), bits(&pose));
    }

    #[test]
    fn a_missing_confidence_is_not_enough_and_a_missing_coordinate_keeps_its_bits() {
        let (null, nan) = (f32::from_bits(NULL), f32::NAN);
        let pose = [1.0, nan, nan, nan, 4.0, 0.9, 5.0, 6.0, null];
        assert_eq!(masked(&pose, 0.0), bits(&[null, nan, nan, nan, 4.0, 0.9, null, null, null]));
    }

    #[test]
    fn confidences_at_the_edges() {
        let null = f32::from_bits(NULL);
        let pose = [1.0, 2.0, -0.0, 3.0, 4.0, f32::INFINITY, 5.0, 6.0, -f32::from_bits(1)];
        assert_eq!(masked(&pose, 0.0)[..6], bits(&pose)[..6]);
        assert_eq!(masked(&pose, 0.0)[6..8], bits(&[null, null]));
        assert!(masked(&[], 0.5).is_empty());
    }
}
