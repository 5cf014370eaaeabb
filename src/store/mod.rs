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
//!     _unfinished/                   of trainings that run or were cut off: history so far, and state to go on from
//! ```
//!
//! Readers start from `_versions/` and trust manifests only. What a crash leaves in `runs/` is never seen.

pub mod contents;
pub mod layout;
pub mod location;
pub mod manifest;
pub mod models;
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

mod durable;
