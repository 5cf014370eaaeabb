//! 2 windows: frames become windows of fixed width, inside segments that never cross a recording, a gap or (by default) a label.
//!
//! [`slicer`], [`rule`] and [`interleave`] are pure, [`fill`] knows the matrix alone; the others are Arrow, a worker of a pass ([`crate::frames::pass`]).

pub mod cutter;
pub mod fill;
pub mod fills;
pub mod frames;
pub mod interleave;
pub mod label_rule;
pub mod labels;
pub mod matrix;
pub mod no_windows;
pub mod pose_segments;
pub mod pose_tensor;
pub mod pose_window_stats;
pub mod pose_windows;
pub mod rule;
pub mod slicer;
pub mod sparse;
pub mod spec;
pub mod tally;
pub mod writer;

use datafusion::logical_expr::ScalarUDF;

use crate::scalar::udf;

/// The scalar functions of this stage.
pub fn functions() -> Vec<ScalarUDF> {
    vec![udf(pose_tensor::PoseTensor)]
}
