//! Motion: how values change from frame to frame.

pub mod acceleration;
pub mod median;
pub mod pose_acceleration;
pub mod pose_median;
pub mod pose_savgol;
pub mod pose_velocity;
mod runs;
pub mod savgol;
mod series;
mod stretches;
pub mod velocity;

use datafusion::logical_expr::WindowUDF;

use series::udwf;

/// The window functions of motion.
pub fn functions() -> Vec<WindowUDF> {
    vec![
        udwf(pose_velocity::PoseVelocity),
        udwf(pose_acceleration::PoseAcceleration),
        udwf(pose_median::PoseMedian),
        udwf(pose_savgol::PoseSavgol),
    ]
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::functions;
    use crate::scalar::examples;

    #[tokio::test]
    async fn every_example_prints_what_it_says() {
        let session = SessionContext::new();
        functions().into_iter().for_each(|function| session.register_udwf(function));
        for function in functions() {
            examples::check(&session, function.documentation()).await;
        }
    }
}
