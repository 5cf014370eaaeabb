//! Normalize: a pose of its own size, wherever it stands in the image and however near the camera.

use super::distance::length;
use super::middle::{middle, rounded};

/// What a pose is measured by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Size {
    /// From the middle of the hips to the middle of the shoulders; for poses seen from any side.
    Torso {
        /// The joints whose mean is the middle of the shoulders: both, or a neck.
        shoulders: Vec<usize>,
        /// The joints whose mean is the middle of the hips: both, or a mid hip.
        hips: Vec<usize>,
    },
    /// From one hip to the other; for poses in space, since from the side a hip's width in the image is nearly 0.
    Hip {
        /// Both hips.
        hips: [usize; 2],
    },
    /// The longer side of the box around the joints that are there; for poses without a known skeleton.
    Bbox,
}

/// Moves the pose's middle to 0 and divides by its size: x' = (x - m) / size. The result has no unit.
///
/// The middle is that of the hips (torso, hip) or of the box, which is that of the joints which have all their
/// coordinates: for them x' is within [-1/2, 1/2]. `frame` has `values` numbers for each joint, of which those at the
/// places `axes`, 2 or 3, are coordinates; the others are copied.
///
/// Every frame has its own size. A frame without one has no coordinates: where a joint that it needs is missing (NaN),
/// all are missing with its bits, and where it is 0 or infinite, all are [`f32::NAN`]. A value that was missing before
/// keeps its bits.
///
/// How others do it:
///
/// * Pose classification of MediaPipe and ML Kit (`PoseEmbedding.java` of github.com/googlesamples/mlkit) centres at
///   the hips too, but divides by max(2.5 · torso, greatest distance of a joint from the middle) / 100, and has both
///   from x and y alone. Here a stretched arm does not shrink the pose, and the size is measured along all `axes`.
/// * `PreNormalize2D` of mmaction2 (`pose_transforms.py`) with 'auto' has one box for the whole clip and divides each
///   axis by half its own side, which changes the proportions; with 'fix', and in pyskl (`pose_related.py`), it divides
///   by half the image. Both write 0 for joints that are not there.
/// * `PreNormalize3D` of both, from 2s-AGCN, subtracts the middle of the spine in the first frame and turns the body
///   upright, but has no size. movement normalizes single vectors only (`utils/vector.py`).
pub fn normalize(frame: &[f32], values: usize, axes: &[usize], size: &Size, normalized: &mut [f32]) {
    normalized.copy_from_slice(frame);
    let place = place(frame, values, axes, size);
    for (i, &axis) in axes.iter().enumerate() {
        for x in normalized.iter_mut().skip(axis).step_by(values).filter(|x| !x.is_nan()) {
            *x = match place {
                Ok((middle, size)) => rounded((f64::from(*x) - middle[i]) / size),
                Err(missing) => missing,
            };
        }
    }
}

/// The middle of the pose and its size, or the value that all coordinates become.
fn place(frame: &[f32], values: usize, axes: &[usize], size: &Size) -> Result<([f64; 3], f64), f32> {
    let point = |joints: &[usize]| -> Result<_, f32> {
        let mut point = [0.0; 3];
        for (x, &axis) in point.iter_mut().zip(axes) {
            *x = middle(frame, values, axis, joints)?;
        }
        Ok(point)
    };
    let (middle, sides) = match size {
        Size::Torso { shoulders, hips } => {
            let hips = point(hips)?;
            (hips, less(point(shoulders)?, hips))
        }
        Size::Hip { hips: [left, right] } => (point(&[*left, *right])?, less(point(&[*left])?, point(&[*right])?)),
        Size::Bbox => {
            let [low, high] = bounds(frame, values, axes)?;
            (std::array::from_fn(|i| low[i] + 0.5 * (high[i] - low[i])), less(high, low))
        }
    };
    let size = if *size == Size::Bbox { sides.into_iter().fold(0.0, f64::max) } else { length(sides) };
    if sides.iter().all(|side| side.is_finite()) && size > 0.0 { Ok((middle, size)) } else { Err(f32::NAN) }
}

fn less(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| a[i] - b[i])
}

/// The least and the greatest coordinates of the joints that have all of theirs; if none has, a missing one.
fn bounds(frame: &[f32], values: usize, axes: &[usize]) -> Result<[[f64; 3]; 2], f32> {
    let mut bounds = None;
    let mut missing = None;
    for joint in frame.chunks_exact(values) {
        match axes.iter().map(|&axis| joint[axis]).find(|x| x.is_nan()) {
            Some(x) => missing = missing.or(Some(x)),
            None => {
                let mut here = [0.0; 3];
                here.iter_mut().zip(axes).for_each(|(x, &axis)| *x = f64::from(joint[axis]));
                let [low, high]: [[f64; 3]; 2] = bounds.unwrap_or([here, here]);
                bounds =
                    Some([std::array::from_fn(|i| low[i].min(here[i])), std::array::from_fn(|i| high[i].max(here[i]))]);
            }
        }
    }
    bounds.ok_or(missing.unwrap_or(f32::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nose, left and right shoulder, left and right hip: x, y, confidence.
    const POSE: [f32; 15] =
        [310.0, 95.0, 0.9, 340.0, 150.0, 0.8, 280.0, 158.0, 0.7, 330.0, 290.0, 0.6, 295.0, 286.0, 0.5];

    fn torso() -> Size {
        Size::Torso { shoulders: vec![1, 2], hips: vec![3, 4] }
    }

    const HIP: Size = Size::Hip { hips: [3, 4] };

    fn normalized(frame: &[f32], size: &Size) -> Vec<f32> {
        let mut normalized = vec![7.0; frame.len()];
        normalize(frame, 3, &[0, 1], size, &mut normalized);
        normalized
    }

    fn coordinates(frame: &[f32]) -> Vec<f32> {
        frame.chunks(3).flat_map(|joint| [joint[0], joint[1]]).collect()
    }

    fn bits(frame: &[f32]) -> Vec<u32> {
        frame.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn a_pose_in_lengths_of_its_torso_hips_or_box() {
        // P = np.array([[310, 95], [340, 150], [280, 158], [330, 290], [295, 286]], 'f8')
        // hips, shoulders = P[3:].mean(0), P[1:3].mean(0)
        // ((P - hips) / np.linalg.norm(shoulders - hips)).astype('f4')
        let expected = [
            -0.018653471,
            -1.4400479,
            0.20518817,
            -1.0296715,
            -0.24249512,
            -0.9699805,
            0.13057429,
            0.014922776,
            -0.13057429,
            -0.014922776,
        ];
        assert_eq!(coordinates(&normalized(&POSE, &torso())), expected);
        // ((P - hips) / np.linalg.norm(P[3] - P[4])).astype('f4')
        let expected = [
            -0.070966616,
            -5.478623,
            0.7806328,
            -3.9173574,
            -0.92256606,
            -3.6902642,
            0.49676633,
            0.056773294,
            -0.49676633,
            -0.056773294,
        ];
        assert_eq!(coordinates(&normalized(&POSE, &HIP)), expected);
        // low, high = P.min(0), P.max(0); ((P - (low + high) / 2) / (high - low).max()).astype('f4')
        let expected =
            [0.0, -0.5, 0.15384616, -0.21794872, -0.15384616, -0.17692308, 0.102564104, 0.5, -0.07692308, 0.47948718];
        assert_eq!(coordinates(&normalized(&POSE, &Size::Bbox)), expected);
    }

    #[test]
    fn a_box_in_space_is_measured_by_its_longest_side() {
        // As above for [[0, 0, 0], [1, 2, 4], [3, 1, -2]].
        let mut normalized = [7.0; 9];
        let pose = [0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 3.0, 1.0, -2.0];
        normalize(&pose, 3, &[0, 1, 2], &Size::Bbox, &mut normalized);
        assert_eq!(normalized, [-0.25, -0.16666667, -0.16666667, -0.083333336, 0.16666667, 0.5, 0.25, 0.0, -0.5]);
    }

    #[test]
    fn place_and_size_in_the_image_do_not_matter() {
        // Powers of two and whole numbers: no rounding on the way.
        let moved: Vec<f32> =
            POSE.iter().enumerate().map(|(i, x)| if i % 3 < 2 { 4.0 * x + 64.0 } else { *x }).collect();
        for size in [torso(), HIP, Size::Bbox] {
            assert_eq!(bits(&normalized(&moved, &size)), bits(&normalized(&POSE, &size)), "{size:?}");
        }
    }

    #[test]
    fn a_missing_hip_leaves_no_coordinate_and_each_value_its_bits() {
        let null = f32::from_bits(0x7fc0_6e75);
        let mut pose = POSE;
        (pose[0], pose[2], pose[10]) = (f32::NAN, null, null);
        let mut expected = pose;
        for i in [1, 3, 4, 6, 7, 9, 12, 13] {
            expected[i] = null;
        }
        assert_eq!(bits(&normalized(&pose, &torso())), bits(&expected));
        assert_eq!(bits(&normalized(&pose, &HIP)), bits(&expected));
    }

    #[test]
    fn a_box_goes_round_the_joints_that_are_there() {
        let null = f32::from_bits(0x7fc0_6e75);
        let pose = [0.0, 0.0, 1.0, 8.0, 4.0, 1.0, null, 99.0, 1.0];
        let expected = [-0.5, -0.25, 1.0, 0.5, 0.25, 1.0, null, 12.125, 1.0];
        assert_eq!(bits(&normalized(&pose, &Size::Bbox)), bits(&expected));
        let halves = [null, 5.0, 1.0, 6.0, f32::NAN, 1.0];
        assert_eq!(bits(&normalized(&halves, &Size::Bbox)), bits(&[null, null, 1.0, null, f32::NAN, 1.0]));
    }

    #[test]
    fn a_pose_without_a_size_has_no_coordinates() {
        let point = [3.0, 4.0, 0.5].repeat(5);
        let mut folded = POSE;
        folded[3..].copy_from_slice(&point[3..]);
        for size in [torso(), HIP] {
            assert!(coordinates(&normalized(&folded, &size)).iter().all(|x| x.is_nan()), "{size:?}");
        }
        let mut infinite = POSE;
        (infinite[3], infinite[9]) = (f32::INFINITY, -f32::INFINITY);
        for (pose, size) in [&point[..], &infinite].into_iter().flat_map(|p| [(p, torso()), (p, HIP), (p, Size::Bbox)])
        {
            let normalized = normalized(pose, &size);
            assert!(coordinates(&normalized).iter().all(|x| x.to_bits() == f32::NAN.to_bits()), "{size:?}");
            assert_eq!(normalized[2], pose[2]);
        }
        assert!(normalized(&[], &Size::Bbox).is_empty());
    }

    #[test]
    fn huge_and_tiny_poses_have_sizes() {
        for scale in [f32::MAX, f32::from_bits(4)] {
            let pose = [-scale, -scale, 1.0, scale, scale, 1.0];
            assert_eq!(normalized(&pose, &Size::Bbox), [-0.5, -0.5, 1.0, 0.5, 0.5, 1.0]);
        }
    }
}
