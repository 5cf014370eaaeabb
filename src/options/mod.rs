//! The only defaults.

pub mod training;
