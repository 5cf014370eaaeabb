//! 10 assess: from a table of windows to the files of a version: a net is fitted, and it and simpler models are asked about every row.
//!
//! ```text
//! table ─► survey     one pass over all rows: digests, statistics for the baselines
//!      ─► train/fit   epochs, with the keeper looking on: events, live history, state
//!      ─► answers     one pass over all rows: what the net and each baseline say about a block
//!      ─► baselines, diagnosis ─► outcome: the files of a version, for store/publish
//! ```

pub mod answers;
pub mod baselines;
pub mod diagnosis;
pub mod ensemble;
pub mod identity;
pub mod keeper;
pub mod missing;
pub mod outcome;
pub mod reporter;
pub mod survey;
pub mod warnings;
