//! The schema of one file, and the one schema of many.

pub mod advice;
pub mod arrow;
pub mod csv;
pub mod file;
pub mod header;
pub mod json;
pub mod lines;
pub mod numbers;
pub mod reader;
pub mod sample;
pub mod text;
pub mod union;
pub mod widen;
