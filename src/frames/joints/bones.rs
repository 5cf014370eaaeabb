//! Bones: each joint seen from the joint it hangs on.

use super::middle::rounded;

/// For each joint its coordinates minus those of its parent: the bone vector of 2s-AGCN (Shi, Zhang, Cheng and Lu
/// 2019, arXiv:1805.07694, section 3.3), in the unit of the coordinates.
///
/// `frame` has `values` numbers for each joint, of which those at the places `axes` are coordinates; `parents` has the
/// number of the joint that each joint hangs on. The root hangs on itself: its bone is 0, so there are as many bones as
/// joints. A bone is missing (NaN) where the joint is, with its bits, else where the parent is.
///
/// All other values are taken as confidences, and a bone has the lesser of its two joints': it is no surer than its
/// worse end. pyskl and mmaction2 (`JointToBone` in `pose_related.py`, `pose_transforms.py`) take the mean of the two,
/// with which a joint that was seen well (0.9) lifts one that was not seen at all (0) over a threshold of 0.3; the
/// code of 2s-AGCN subtracts them like a coordinate.
pub fn bones(frame: &[f32], values: usize, axes: &[usize], parents: &[Option<usize>], bones: &mut [f32]) {
    let joints = frame.chunks_exact(values);
    for ((joint, bone), parent) in joints.zip(bones.chunks_exact_mut(values)).zip(parents) {
        let parent = parent.map_or(joint, |parent| &frame[parent * values..][..values]);
        for (place, ((bone, &x), &from)) in bone.iter_mut().zip(joint).zip(parent).enumerate() {
            *bone = match (x.is_nan(), from.is_nan()) {
                (true, _) => x,
                (_, true) => from,
                _ if axes.contains(&place) => rounded(f64::from(x) - f64::from(from)),
                _ if from < x => from,
                _ => x,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bones_of(frame: &[f32], values: usize, axes: &[usize], parents: &[Option<usize>]) -> Vec<f32> {
        let mut result = vec![7.0; frame.len()];
        bones(frame, values, axes, parents, &mut result);
        result
    }

    fn bits(frame: &[f32]) -> Vec<u32> {
        frame.iter().map(|x| x.to_bits()).collect()
    }

    const ARM: [Option<usize>; 3] = [Some(1), None, Some(0)];

    #[test]
    fn a_bone_points_from_the_parent_to_the_joint() {
        let arm = [4.0, 6.0, 0.75, 1.0, 2.0, 0.5, 4.5, 9.0, 0.875];
        assert_eq!(bones_of(&arm, 3, &[0, 1], &ARM), [3.0, 4.0, 0.5, 0.0, 0.0, 0.5, 0.5, 3.0, 0.75]);
    }

    #[test]
    fn bones_from_the_root_on_add_up_to_the_pose() {
        // Coordinates that are multiples of 1/8 below 2^20: no rounding on the way.
        let pose = [4.125, 6.0, -3.5, 1.0, 2.0, 512.0, 4.5, 9.0, 0.625];
        let bones = bones_of(&pose, 3, &[0, 1, 2], &ARM);
        for axis in 0..3 {
            let root = pose[3 + axis];
            assert_eq!(root + bones[axis], pose[axis]);
            assert_eq!(root + bones[axis] + bones[6 + axis], pose[6 + axis]);
        }
    }

    #[test]
    fn what_is_missing_stays_missing_also_at_the_root() {
        let (null, nan) = (f32::from_bits(0x7fc0_6e75), f32::NAN);
        let arm = [4.0, 6.0, nan, null, 2.0, 0.5, nan, 9.0, 0.875];
        let expected = [null, 4.0, nan, null, 0.0, 0.5, nan, 3.0, nan];
        assert_eq!(bits(&bones_of(&arm, 3, &[0, 1], &ARM)), bits(&expected));
    }

    #[test]
    fn extremes() {
        let ends = [f32::MAX, -f32::MAX, f32::INFINITY, f32::INFINITY];
        let expected = [0.0, -f32::INFINITY, f32::INFINITY, f32::NAN];
        assert_eq!(bits(&bones_of(&ends, 1, &[0], &[None, Some(0), Some(0), Some(2)])), bits(&expected));
        assert!(bones_of(&[], 2, &[0, 1], &[]).is_empty());
    }
}
