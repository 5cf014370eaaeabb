//! The schema of one file, and the one schema of many.

pub mod csv;
pub mod file;
pub mod sample;
pub mod text;
pub mod union;
pub mod widen;
