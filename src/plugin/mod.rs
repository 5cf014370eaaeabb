//! What makes a DataFusion session a posequel session.

pub mod catalog;
pub mod config;
mod copy_partitions;
mod declared_order;
pub mod float_bounds;
pub mod limits;
pub mod planner;
pub mod register;
pub mod relations;
pub mod safe;
pub mod stores;
pub mod table_function;
pub mod training;
