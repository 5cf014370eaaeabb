//! Pose sequences to trained models, in SQL, inside Apache DataFusion.
//!
//! ```text
//! frames -> windows -> split -> augment -> weigh -> train (COPY) -> models.<name>.* -> predict
//! ```
#![warn(missing_docs)]
#![deny(unsafe_code)]

pub mod account;
pub mod args;
pub mod error;
pub mod interrupt;
pub mod notes;
pub mod options;
pub mod random;
pub mod regular;
pub mod relation;
pub mod roots;
pub mod scalar;
pub mod schema;
pub mod secrets;
pub mod shown;

pub mod assess;
pub mod augment;
pub mod evaluate;
pub mod frames;
pub mod nn;
pub mod predict;
pub mod split;
pub mod store;
pub mod train;
pub mod weigh;
pub mod windows;

pub mod pipeline;
pub mod plugin;
pub mod report;

pub use plugin::register::{register, register_tables, session, session_with};
