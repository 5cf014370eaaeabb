//! 1 frames: what a recording is made of: sequence keys, frame numbers, labels, joints.

pub mod columns;
pub mod pass;
pub mod series;
pub mod skeletons;
