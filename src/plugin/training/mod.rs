//! `COPY (SELECT ...) TO 'models/gait' STORED AS LSTM`: a file format whose writer trains.

mod beside;
mod diagnosis;
mod ensemble;
mod format;
mod identity;
mod judged;
mod naming;
mod no_rows;
mod outcome;
mod replayed;
mod shape;
mod sink;
mod warnings;
mod watch;

pub use format::TrainingFormatFactory;
