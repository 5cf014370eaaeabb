//! What is in the frames of each recording, before anything is made of them.

pub mod beside;
pub mod clock;
pub mod pass;
pub mod pose_inventory;
mod recording;
mod texts;
