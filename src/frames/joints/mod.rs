//! Joints of a pose: where they are, how far apart, and how they hang together.

pub mod angle;
pub mod bones;
pub mod center;
pub mod distance;
pub mod mask;
mod middle;
pub mod normalize;
pub mod pose_angle;
pub mod pose_bones;
pub mod pose_center;
pub mod pose_distance;
pub mod pose_mask;
pub mod pose_normalize;
pub mod pose_vector;
mod poses;

use datafusion::logical_expr::ScalarUDF;

use super::skeletons::Skeletons;
use super::skeletons::skeleton::Skeleton;
use crate::scalar::udf;

/// The scalar functions of joints, over the skeletons of a session.
pub fn functions(skeletons: &Skeletons) -> Vec<ScalarUDF> {
    vec![
        udf(pose_vector::PoseVector),
        udf(pose_center::PoseCenter { skeletons: skeletons.clone() }),
        udf(pose_normalize::PoseNormalize { skeletons: skeletons.clone() }),
        udf(pose_bones::PoseBones { skeletons: skeletons.clone() }),
        udf(pose_angle::PoseAngle { skeletons: skeletons.clone() }),
        udf(pose_distance::PoseDistance { skeletons: skeletons.clone() }),
        udf(pose_mask::PoseMask { skeletons: skeletons.clone() }),
    ]
}

/// The joints whose mean is the middle of the hips, if the skeleton has them.
fn hips(skeleton: &Skeleton) -> Option<Vec<usize>> {
    let middle = skeleton.joint("mid_hip").ok().map(|hip| vec![hip]);
    middle.or_else(|| both(skeleton, "hip").map(Vec::from))
}

/// The left and the right joint of this name, if the skeleton has both.
fn both(skeleton: &Skeleton, joint: &str) -> Option<[usize; 2]> {
    let side = |side| skeleton.joint(&format!("{side}_{joint}")).ok();
    Some([side("left")?, side("right")?])
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::{Skeletons, functions};
    use crate::scalar::examples;

    #[tokio::test]
    async fn every_example_prints_what_it_says() {
        let skeletons = Skeletons::default();
        let session = SessionContext::new();
        functions(&skeletons).into_iter().for_each(|function| session.register_udf(function));
        for function in functions(&skeletons) {
            examples::check(&session, function.documentation()).await;
        }
    }
}
