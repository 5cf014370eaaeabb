//! 4 augment: copies of windows that could have been recorded too.

pub mod columns;
pub mod drawn;
pub mod feature_std;
pub mod frame;
pub mod interpolate;
pub mod joint_drop;
pub mod magnitude_warp;
pub mod mirror;
pub mod mirror_labels;
pub mod noise;
pub mod operation;
pub mod permutation;
pub mod policy;
pub mod pose_augment;
pub mod pose_augment_copy;
pub mod pose_joint_drop;
pub mod pose_magnitude_warp;
pub mod pose_mirror;
pub mod pose_mirror_label;
pub mod pose_noise;
pub mod pose_permutation;
pub mod pose_policy;
pub mod pose_rotate;
pub mod pose_scale;
pub mod pose_speed;
pub mod pose_time_mask;
pub mod pose_time_warp;
pub mod pose_window_slice;
pub mod present;
pub mod rotate;
pub mod scale;
pub mod single;
pub mod speed;
pub mod sums;
pub mod time_mask;
pub mod time_warp;
pub mod window_slice;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod sql;

use datafusion::logical_expr::ScalarUDF;

use crate::frames::skeletons::Skeletons;
use crate::scalar::udf;

/// The scalar functions of this stage, over the skeletons of a session.
pub fn functions(skeletons: &Skeletons) -> Vec<ScalarUDF> {
    vec![
        udf(pose_noise::PoseNoise),
        udf(pose_speed::PoseSpeed),
        udf(pose_mirror::PoseMirror { skeletons: skeletons.clone() }),
        udf(pose_mirror_label::PoseMirrorLabel),
        udf(pose_rotate::PoseRotate { skeletons: skeletons.clone() }),
        udf(pose_scale::PoseScale { skeletons: skeletons.clone() }),
        udf(pose_time_warp::PoseTimeWarp),
        udf(pose_magnitude_warp::PoseMagnitudeWarp),
        udf(pose_window_slice::PoseWindowSlice),
        udf(pose_time_mask::PoseTimeMask),
        udf(pose_joint_drop::PoseJointDrop { skeletons: skeletons.clone() }),
        udf(pose_permutation::PosePermutation),
        udf(pose_augment_copy::PoseAugmentCopy { skeletons: skeletons.clone() }),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Skeletons, feature_std, functions, sql};
    use crate::scalar::examples;

    #[tokio::test]
    async fn every_example_prints_what_it_says() {
        let session = sql::session(1, 8192, sql::windows());
        for function in functions(&Skeletons::default()) {
            examples::check(&session, function.documentation()).await;
        }
        examples::check(&session, feature_std::udaf().documentation()).await;
    }
}
