//! 11 predict: windows in, what a model takes them for out, and where it looked.

pub mod pose_attention;
pub mod pose_diagnose;
pub mod pose_predict;
pub mod pose_timeline;
pub mod timeline;
mod windows;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::scalar::udf;
use crate::store::models::Models;

/// The scalar functions of this stage, over the models of a session.
pub fn functions(models: &Arc<Models>) -> [ScalarUDF; 2] {
    [
        udf(pose_predict::PosePredict { models: Arc::clone(models) }),
        udf(pose_attention::PoseAttention { models: Arc::clone(models) }),
    ]
}
