//! Centre: a pose with its origin in the middle of some of its joints.

use super::middle::{middle, rounded};

/// Subtracts from each joint's coordinates the mean of those of the `origin` joints (both hips, the root): x' = x - m.
///
/// `frame` has `values` numbers for each joint, of which those at the places `axes` are coordinates; `centred` gets as
/// many. The other values, such as confidences, are copied. The unit stays. `origin` names at least one joint.
///
/// Where a joint of the origin is missing (NaN) along an axis, so are all coordinates along it, with its bits; a value
/// that was missing before keeps its own.
pub fn center(frame: &[f32], values: usize, axes: &[usize], origin: &[usize], centred: &mut [f32]) {
    centred.copy_from_slice(frame);
    for &axis in axes {
        let middle = middle(frame, values, axis, origin);
        for x in centred.iter_mut().skip(axis).step_by(values).filter(|x| !x.is_nan()) {
            *x = match middle {
                Ok(middle) => rounded(f64::from(*x) - middle),
                Err(missing) => missing,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn centred(frame: &[f32], values: usize, axes: &[usize], origin: &[usize]) -> Vec<f32> {
        let mut centred = vec![7.0; frame.len()];
        center(frame, values, axes, origin, &mut centred);
        centred
    }

    fn bits(frame: &[f32]) -> Vec<u32> {
        frame.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn the_middle_of_the_origin_becomes_0() {
        // p = np.array([[1, 2], [4, 8], [.1, 7.5]], 'f4')
        // (p.astype('f8') - p[[0, 1]].astype('f8').mean(0)).astype('f4')
        let expected = [-1.5, -3.0, 0.9, 1.5, 3.0, 0.5, -2.4, 2.5, 0.25];
        assert_eq!(centred(&[1.0, 2.0, 0.9, 4.0, 8.0, 0.5, 0.1, 7.5, 0.25], 3, &[0, 1], &[0, 1]), expected);
    }

    #[test]
    fn a_missing_origin_leaves_that_axis_missing_and_each_value_its_bits() {
        let (null, nan) = (f32::from_bits(0x7fc0_6e75), f32::NAN);
        let frame = [null, 2.0, 0.9, 4.0, 8.0, null, nan, 7.0, 0.25];
        let expected = [null, 0.0, 0.9, null, 6.0, null, nan, 5.0, 0.25];
        assert_eq!(bits(&centred(&frame, 3, &[0, 1], &[0])), bits(&expected));
    }

    #[test]
    fn a_missing_joint_elsewhere_moves_nothing() {
        let frame = [1.0, 2.0, f32::NAN, 8.0, 5.0, 6.0];
        assert_eq!(bits(&centred(&frame, 2, &[0, 1], &[0])), bits(&[0.0, 0.0, f32::NAN, 6.0, 4.0, 4.0]));
    }

    #[test]
    fn extremes_do_not_spoil_their_neighbours() {
        let (max, tiny) = (f32::MAX, f32::from_bits(1));
        assert_eq!(centred(&[max, max, -max], 1, &[0], &[0, 1]), [0.0, 0.0, -f32::INFINITY]);
        assert_eq!(centred(&[tiny, 3.0 * tiny], 1, &[0], &[0]), [0.0, 2.0 * tiny]);
        let infinite = centred(&[f32::INFINITY, 1.0, 3.0, 4.0], 2, &[0, 1], &[0]);
        assert_eq!(bits(&infinite), bits(&[f32::NAN, 0.0, -f32::INFINITY, 3.0]));
        assert!(centred(&[], 2, &[0, 1], &[]).is_empty());
    }
}
