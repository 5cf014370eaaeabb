//! 2 windows: frames become windows of fixed width, inside segments that never cross a recording, a gap or (by default) a label.
//!
//! [`slicer`], [`rule`] and [`interleave`] are pure, [`fill`] knows the matrix alone; the others are Arrow, a worker of a pass ([`crate::frames::pass`]).

pub mod cutter;
pub mod fill;
pub mod frames;
pub mod interleave;
pub mod label_rule;
pub mod labels;
pub mod matrix;
pub mod pose_segments;
pub mod pose_window_stats;
pub mod pose_windows;
pub mod rule;
pub mod slicer;
pub mod spec;
pub mod tally;
pub mod writer;
