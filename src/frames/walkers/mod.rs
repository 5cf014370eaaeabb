//! Synthetic people who move: frames without files, for manuals, benches and tests of scale. No claim to be anybody's gait.

pub mod activity;
pub mod body;
pub mod pose_walkers;
pub mod recording;
