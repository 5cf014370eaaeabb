//! Skeletons: which joint is which number, what it hangs on, and who its left or right twin is.

use crate::error::{Result, query_err, suggest};

/// A joint of a skeleton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joint {
    /// Name such as `left_knee`, with the person's own left, as all four detectors count it.
    pub name: &'static str,
    /// The joint it hangs on; the root has none.
    pub parent: Option<&'static str>,
}

/// The joints of one pose format, in the order in which its detector writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skeleton {
    /// Name such as `body25`.
    pub name: &'static str,
    /// Joints in the detector's order.
    pub joints: &'static [Joint],
}

impl Skeleton {
    /// The skeleton of this name; the error names the nearest.
    ///
    /// ```
    /// use posequel::frames::skeleton::Skeleton;
    /// let body = Skeleton::find("body25").unwrap();
    /// assert_eq!(body.joints[body.mirrored(4)].name, "left_wrist");
    /// assert!(Skeleton::find("body52").unwrap_err().to_string().contains("did you mean 'body25'"));
    /// ```
    pub fn find(name: &str) -> Result<&'static Self> {
        match SKELETONS.iter().find(|s| s.name == name) {
            Some(skeleton) => Ok(skeleton),
            None => query_err!("unknown skeleton '{name}'{}", suggest(name, SKELETONS.iter().map(|s| s.name))),
        }
    }

    /// The number of the joint of this name.
    pub fn index(&self, joint: &str) -> Option<usize> {
        self.joints.iter().position(|j| j.name == joint)
    }

    /// The number of the joint that hangs on nothing.
    pub fn root(&self) -> usize {
        self.joints.iter().position(|j| j.parent.is_none()).unwrap_or(0)
    }

    /// For each joint, the number of the joint it hangs on; None for the root.
    pub fn parents(&self) -> Vec<Option<usize>> {
        self.joints.iter().map(|j| j.parent.and_then(|p| self.index(p))).collect()
    }

    /// The number of the joint that takes this joint's place in a mirror: its left or right twin, or itself.
    pub fn mirrored(&self, joint: usize) -> usize {
        let name = self.joints[joint].name;
        let twin = if name.contains("left") { name.replace("left", "right") } else { name.replace("right", "left") };
        self.index(&twin).unwrap_or(joint)
    }

    /// The pairs (left, right) of joint numbers, in the order of the left ones.
    pub fn pairs(&self) -> Vec<(usize, usize)> {
        let left = |&i: &usize| self.joints[i].name.contains("left");
        (0..self.joints.len()).filter(left).map(|i| (i, self.mirrored(i))).collect()
    }

    /// How many values each joint has in a frame of `dim` values; x is the first of them.
    ///
    /// 2: x, y. 3: x, y and a score, or x, y, z. 4: x, y, z and a score. 5: with MediaPipe's visibility and presence.
    /// All values of a joint lie together: x0 y0 s0 x1 y1 s1 ...
    pub fn values_per_joint(&self, dim: usize) -> Result<usize> {
        let joints = self.joints.len();
        if (2..=5).any(|values| values * joints == dim) {
            return Ok(dim / joints);
        }
        query_err!(
            "skeleton '{}' has {joints} joints, so a frame has {}, {}, {} or {} values (x, y and perhaps z and scores for \
             each joint); this one has {dim}",
            self.name,
            2 * joints,
            3 * joints,
            4 * joints,
            5 * joints
        )
    }
}

/// A skeleton from (joint, the joint it hangs on) pairs; the root hangs on "".
macro_rules! skeleton {
    ($name:literal: $($joint:literal < $parent:literal),* $(,)?) => {
        Skeleton {
            name: $name,
            joints: &[$(Joint { name: $joint, parent: if $parent.is_empty() { None } else { Some($parent) } }),*],
        }
    };
}

/// All skeletons that are known by name.
pub const SKELETONS: &[Skeleton] = &[
    // OpenPose BODY_25: order of
    // https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md, bones of POSE_BODY_25's
    // part pairs in src/openpose/pose/poseParameters.cpp of the same repository, hung on the hip.
    skeleton!("body25":
        "nose" < "neck", "neck" < "mid_hip",
        "right_shoulder" < "neck", "right_elbow" < "right_shoulder", "right_wrist" < "right_elbow",
        "left_shoulder" < "neck", "left_elbow" < "left_shoulder", "left_wrist" < "left_elbow",
        "mid_hip" < "",
        "right_hip" < "mid_hip", "right_knee" < "right_hip", "right_ankle" < "right_knee",
        "left_hip" < "mid_hip", "left_knee" < "left_hip", "left_ankle" < "left_knee",
        "right_eye" < "nose", "left_eye" < "nose", "right_ear" < "right_eye", "left_ear" < "left_eye",
        "left_big_toe" < "left_ankle", "left_small_toe" < "left_big_toe", "left_heel" < "left_ankle",
        "right_big_toe" < "right_ankle", "right_small_toe" < "right_big_toe", "right_heel" < "right_ankle",
    ),
    // COCO keypoints: order and edges of the person category, https://cocodataset.org/#format-data. Its graph has
    // circles; this is a tree of its edges from the nose.
    skeleton!("coco17":
        "nose" < "", "left_eye" < "nose", "right_eye" < "nose", "left_ear" < "left_eye", "right_ear" < "right_eye",
        "left_shoulder" < "left_ear", "right_shoulder" < "right_ear",
        "left_elbow" < "left_shoulder", "right_elbow" < "right_shoulder",
        "left_wrist" < "left_elbow", "right_wrist" < "right_elbow",
        "left_hip" < "left_shoulder", "right_hip" < "right_shoulder",
        "left_knee" < "left_hip", "right_knee" < "right_hip", "left_ankle" < "left_knee", "right_ankle" < "right_knee",
    ),
    // OpenPose COCO (18 parts): POSE_COCO_BODY_PARTS and its part pairs,
    // https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/src/openpose/pose/poseParameters.cpp
    skeleton!("openpose18":
        "nose" < "neck", "neck" < "",
        "right_shoulder" < "neck", "right_elbow" < "right_shoulder", "right_wrist" < "right_elbow",
        "left_shoulder" < "neck", "left_elbow" < "left_shoulder", "left_wrist" < "left_elbow",
        "right_hip" < "neck", "right_knee" < "right_hip", "right_ankle" < "right_knee",
        "left_hip" < "neck", "left_knee" < "left_hip", "left_ankle" < "left_knee",
        "right_eye" < "nose", "left_eye" < "nose", "right_ear" < "right_eye", "left_ear" < "left_eye",
    ),
    // MediaPipe Pose Landmarker (33): order of
    // https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker, bones of its POSE_LANDMARKS connections.
    // Those leave face, mouth and body apart: mouth and shoulders hang on the nose here.
    skeleton!("mediapipe33":
        "nose" < "",
        "left_eye_inner" < "nose", "left_eye" < "left_eye_inner", "left_eye_outer" < "left_eye",
        "right_eye_inner" < "nose", "right_eye" < "right_eye_inner", "right_eye_outer" < "right_eye",
        "left_ear" < "left_eye_outer", "right_ear" < "right_eye_outer", "mouth_left" < "nose", "mouth_right" < "nose",
        "left_shoulder" < "nose", "right_shoulder" < "nose",
        "left_elbow" < "left_shoulder", "right_elbow" < "right_shoulder",
        "left_wrist" < "left_elbow", "right_wrist" < "right_elbow",
        "left_pinky" < "left_wrist", "right_pinky" < "right_wrist",
        "left_index" < "left_wrist", "right_index" < "right_wrist",
        "left_thumb" < "left_wrist", "right_thumb" < "right_wrist",
        "left_hip" < "left_shoulder", "right_hip" < "right_shoulder",
        "left_knee" < "left_hip", "right_knee" < "right_hip", "left_ankle" < "left_knee", "right_ankle" < "right_knee",
        "left_heel" < "left_ankle", "right_heel" < "right_ankle",
        "left_foot_index" < "left_heel", "right_foot_index" < "right_heel",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_skeleton_has_the_joints_of_its_name() {
        let counts: Vec<_> = SKELETONS.iter().map(|s| (s.name, s.joints.len())).collect();
        assert_eq!(counts, [("body25", 25), ("coco17", 17), ("openpose18", 18), ("mediapipe33", 33)]);
    }

    #[test]
    fn every_joint_hangs_on_the_root() {
        for skeleton in SKELETONS {
            let parents = skeleton.parents();
            assert_eq!(parents.iter().filter(|p| p.is_none()).count(), 1, "{}: one root", skeleton.name);
            for joint in 0..parents.len() {
                let top = (0..parents.len()).fold(joint, |j, _| parents[j].unwrap_or(j));
                assert_eq!(top, skeleton.root(), "{} of {}", skeleton.joints[joint].name, skeleton.name);
            }
        }
    }

    #[test]
    fn only_joints_on_the_midline_are_their_own_twin() {
        for skeleton in SKELETONS {
            for joint in 0..skeleton.joints.len() {
                let own = skeleton.mirrored(joint) == joint;
                let name = skeleton.joints[joint].name;
                assert_eq!(own, ["nose", "neck", "mid_hip"].contains(&name), "{name}");
                assert_eq!(skeleton.mirrored(skeleton.mirrored(joint)), joint, "{name}");
            }
        }
    }

    #[test]
    fn pairs_are_those_that_coco_flips() {
        // COCO's flip pairs, as in the annotations' names: odd numbers are left, the next even one its right twin.
        let expected: Vec<_> = (1..17).step_by(2).map(|left| (left, left + 1)).collect();
        assert_eq!(Skeleton::find("coco17").unwrap().pairs(), expected);
    }

    #[test]
    fn values_that_do_not_fill_the_joints_are_refused() {
        let body = Skeleton::find("body25").unwrap();
        assert_eq!((body.values_per_joint(50), body.values_per_joint(75)), (Ok(2), Ok(3)));
        for dim in [0, 25, 36, 51, 1500] {
            let message = body.values_per_joint(dim).unwrap_err().to_string();
            assert!(message.contains("25 joints") && message.contains(&format!("has {dim}")), "{message}");
        }
    }
}
