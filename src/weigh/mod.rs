//! 5 weigh: how much a row of each class counts in the loss.

pub mod class_weight;
pub mod pose_class_weight;
pub mod pose_weigh;
