//! 9 The store of models: weights, recipes and their tables, in versions that appear whole or not at all.
//!
//! ```text
//! models/                            posequel.models.location
//!   gait/                            a model
//!     runs/0193...-uuid7/            the blobs of one training, written first and never changed
//!       model.safetensors config.json history.parquet metrics.parquet ...
//!       manifest.json                length and blake3 of each blob
//!     _versions/
//!       00000000000000000001.json    the commit: the same manifest under the next free number
//!       00000000000000000002.json    an empty one is a number that was taken by a publication that was cut off
//!       00000000000000000003.removed.json    a version that was removed: its number is not given again
//!     _unfinished/                   of trainings that run or were cut off: history so far, state to go on from, and a lease that says who trains
//! ```
//!
//! Readers start from `_versions/` and trust manifests only. What a crash leaves in `runs/` is never seen.
//!
//! Whoever removes the newest file of `_versions/` by hand frees its number: nothing else knows it. `posequel models rm` leaves a tombstone.

pub mod age;
pub mod care;
pub mod contents;
pub mod disk;
pub mod layout;
pub mod lease;
pub mod location;
pub mod manifest;
pub mod models;
pub mod numbers;
pub mod overview;
pub mod publish;
pub mod read;
pub mod recipe;
pub mod reference;
pub mod replay;
pub mod resolve;
pub mod setting;
pub mod table;
pub mod unfinished;
pub mod wait;

mod commit;
mod durable;
#[cfg(test)]
pub(crate) mod faulty;
mod process;
