//! From a table and a query to a plan over its files.
//!
//! ```text
//! place     which column of a file is which of the table       fit       whether its type is one that the table holds
//! layout    what a reader is told that a file holds            lacking   columns that were declared, and are in no file
//! alike     files of one layout                                plan      one scan of these, and a projection above it
//! pruning, statistics: files that need not be read             named, opener, parquet, damaged, failure, records, lines: errors that name
//!                                                              the file
//! ```

pub mod alike;
pub mod damaged;
pub mod failure;
pub mod fit;
pub mod lacking;
pub mod layout;
pub mod lines;
pub mod named;
pub mod opener;
pub mod parquet;
pub mod place;
pub mod plan;
pub mod pruning;
pub mod records;
pub mod statistics;
