//! The pose formats that everybody uses: which joint is which number, and what it hangs on.

/// A pose format: its name, what three values of a joint are, and its joints with the joint each hangs on.
pub struct Known {
    /// Name such as `body25`.
    pub name: &'static str,
    /// What the detector writes for a joint where there are three values: x, y, confidence, or x, y, z.
    pub three: &'static str,
    /// Each joint in the detector's order, with the joint it hangs on; the root hangs on "".
    pub joints: &'static [(&'static str, &'static str)],
}

macro_rules! skeleton {
    ($name:literal, $three:literal: $($joint:literal < $parent:literal),* $(,)?) => {
        Known { name: $name, three: $three, joints: &[$(($joint, $parent)),*] }
    };
}

/// Names are those of the person's own left and right, as all these detectors count. Some traps: MoveNet has COCO's joints
/// but writes y first; OpenPose writes 0, 0, 0 for a joint that it did not find; what is stored of MediaPipe as x, y,
/// visibility cannot be told from x, y, z by its number: say `mediapipe33:xyc`.
pub const KNOWN: &[Known] = &[
    // OpenPose BODY_25: order of
    // https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md, bones of POSE_BODY_25's
    // part pairs in src/openpose/pose/poseParameters.cpp of the same repository, hung on the hip.
    skeleton!("body25", "xyc":
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
    skeleton!("coco17", "xyc":
        "nose" < "", "left_eye" < "nose", "right_eye" < "nose", "left_ear" < "left_eye", "right_ear" < "right_eye",
        "left_shoulder" < "left_ear", "right_shoulder" < "right_ear",
        "left_elbow" < "left_shoulder", "right_elbow" < "right_shoulder",
        "left_wrist" < "left_elbow", "right_wrist" < "right_elbow",
        "left_hip" < "left_shoulder", "right_hip" < "right_shoulder",
        "left_knee" < "left_hip", "right_knee" < "right_hip", "left_ankle" < "left_knee", "right_ankle" < "right_knee",
    ),
    // OpenPose COCO (18 parts): POSE_COCO_BODY_PARTS and its part pairs,
    // https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/src/openpose/pose/poseParameters.cpp
    skeleton!("openpose18", "xyc":
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
    skeleton!("mediapipe33", "xyz":
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
    // Human3.6M, the 17 joints that move of its 32: order, parents and sides as VideoPose3D keeps them (remove_joints
    // and the rewired shoulders), https://github.com/facebookresearch/VideoPose3D/blob/main/common/h36m_dataset.py,
    // names after https://github.com/open-mmlab/mmpose/blob/main/mmpose/datasets/datasets/body3d/h36m_dataset.py, whose
    // 'foot' is the joint between shin and foot: ankle here, as in the other skeletons.
    skeleton!("h36m17", "xyz":
        "mid_hip" < "",
        "right_hip" < "mid_hip", "right_knee" < "right_hip", "right_ankle" < "right_knee",
        "left_hip" < "mid_hip", "left_knee" < "left_hip", "left_ankle" < "left_knee",
        "spine" < "mid_hip", "thorax" < "spine", "neck_base" < "thorax", "head" < "neck_base",
        "left_shoulder" < "thorax", "left_elbow" < "left_shoulder", "left_wrist" < "left_elbow",
        "right_shoulder" < "thorax", "right_elbow" < "right_shoulder", "right_wrist" < "right_elbow",
    ),
    // NTU RGB+D (Kinect v2): order and names of JointType,
    // https://learn.microsoft.com/en-us/previous-versions/windows/kinect/dn758663(v=ieb.10), bones of connecting_joint in
    // https://github.com/shahroudy/NTURGB-D/blob/master/Matlab/show_skeleton_on_RGB_frames.m, which counts from 1, hung
    // on the base of the spine.
    skeleton!("ntu25", "xyz":
        "spine_base" < "", "spine_mid" < "spine_base", "neck" < "spine_shoulder", "head" < "neck",
        "left_shoulder" < "spine_shoulder", "left_elbow" < "left_shoulder", "left_wrist" < "left_elbow",
        "left_hand" < "left_wrist",
        "right_shoulder" < "spine_shoulder", "right_elbow" < "right_shoulder", "right_wrist" < "right_elbow",
        "right_hand" < "right_wrist",
        "left_hip" < "spine_base", "left_knee" < "left_hip", "left_ankle" < "left_knee", "left_foot" < "left_ankle",
        "right_hip" < "spine_base", "right_knee" < "right_hip", "right_ankle" < "right_knee",
        "right_foot" < "right_ankle",
        "spine_shoulder" < "spine_mid",
        "left_hand_tip" < "left_hand", "left_thumb" < "left_hand",
        "right_hand_tip" < "right_hand", "right_thumb" < "right_hand",
    ),
];
