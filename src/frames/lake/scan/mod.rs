//! From a table and a query to a plan over its files.

pub mod layout;
pub mod named;
pub mod plan;
pub mod pruning;
pub mod statistics;
