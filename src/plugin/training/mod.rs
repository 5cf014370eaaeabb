//! `COPY (SELECT ...) TO 'models/gait' STORED AS LSTM`: a file format whose writer trains.

#[cfg(test)]
mod faults;
mod format;
mod naming;
mod no_rows;
mod replayed;
mod shape;
mod sink;

pub use format::{KINDS, TrainingFormatFactory};
