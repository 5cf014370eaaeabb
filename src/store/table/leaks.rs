//! `leaks`: what `pose_leaks` says of the table that was trained on.

pub use crate::split::pose_leaks::{batch, schema};
