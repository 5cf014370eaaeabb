//! 10 predict: windows in, what a model takes them for out, and where it looked.

pub mod pose_attention;
pub mod pose_predict;
mod windows;

#[cfg(test)]
mod tests;
