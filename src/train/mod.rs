//! 7 train: from batches of windows to a fitted model: rows in order, normalisation, epochs, callbacks, weights as safetensors.

pub mod callbacks;
pub mod cells;
pub mod checkpoint;
pub mod doubts;
pub mod examples;
pub mod feed;
pub mod filled;
pub mod fit;
pub mod loader;
pub mod normalize;
pub mod predictor;
pub mod progress;
mod run;
pub mod size;
pub mod source;
pub mod spill;
pub mod state;
pub mod table;
pub mod tensorboard;
pub mod transfer;
pub mod watch;

#[cfg(test)]
mod tests;
