//! `COPY (SELECT ...) TO 'models/gait' STORED AS LSTM`: a file format whose writer trains.

mod format;
mod identity;
mod naming;
mod outcome;
mod sink;
mod watch;

pub use format::TrainingFormatFactory;
