//! 2 windows: frames become windows of fixed width, inside segments that never cross a recording, a gap or (by default) a label.
//!
//! [`slicer`], [`rule`] and [`interleave`] are pure, [`fill`] knows the matrix alone; [`segmenter`], [`frames`], [`labels`], [`matrix`], [`writer`] and [`cutter`] are Arrow; [`node`] and [`exec`] are DataFusion.

pub mod cutter;
pub mod exec;
pub mod fill;
pub mod frames;
pub mod interleave;
pub mod labels;
pub mod matrix;
pub mod node;
pub mod pose_segments;
pub mod pose_windows;
pub mod rule;
pub mod segmenter;
pub mod slicer;
pub mod spec;
pub mod writer;
