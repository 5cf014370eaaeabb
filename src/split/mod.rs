//! 3 split: whole recordings or subjects to train, validation and test.

pub mod assign;
mod assign_udwf;
mod board;
mod coverage;
pub mod folds;
mod folds_udwf;
mod groups;
mod in_time;
pub mod leaks;
mod numpy;
mod plan;
pub mod pose_balance;
pub mod pose_folds;
pub mod pose_leaks;
pub mod pose_split;
pub(crate) mod quote;
pub mod shares;
pub mod side;
