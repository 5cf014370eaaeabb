//! 10 predict: windows in, what a model takes them for out.

pub mod pose_predict;
mod windows;

#[cfg(test)]
mod tests;
