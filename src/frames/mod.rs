//! 1 frames: what a recording is made of: sequence keys, frame numbers, labels, joints.

pub mod columns;
pub mod distinct;
pub mod feature_rule;
pub mod inventory;
pub mod joints;
pub mod lake;
pub mod median;
pub mod motion;
pub mod numbering;
pub mod pass;
pub mod pose_frame;
pub mod pose_resample;
pub mod resample;
pub mod resampler;
pub mod scale;
pub mod series;
pub mod skeletons;
pub mod sorting;
pub mod times;
pub mod walkers;

use datafusion::logical_expr::ScalarUDF;

use crate::scalar::udf;

/// The scalar functions of this stage.
pub fn functions() -> Vec<ScalarUDF> {
    vec![udf(pose_frame::PoseFrame)]
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::functions;
    use crate::scalar::examples;

    #[tokio::test]
    async fn every_example_prints_what_it_says() {
        let session = SessionContext::new();
        for function in functions() {
            session.register_udf(function.clone());
            examples::check(&session, function.documentation()).await;
        }
    }
}
