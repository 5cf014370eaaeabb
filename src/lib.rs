//! Pose sequences to trained models, in SQL, inside Apache DataFusion.

pub mod error;
pub mod options;
pub mod random;
pub mod schema;

pub mod frames;
pub mod windows;
pub mod split;
pub mod augment;
pub mod weigh;
pub mod nn;
pub mod train;
pub mod evaluate;
pub mod store;
pub mod predict;

pub mod pipeline;
pub mod plugin;
