//! `COPY (SELECT ...) TO 'models/gait' STORED AS LSTM`: a file format whose writer trains.

mod beside;
mod diagnosis;
mod ensemble;
mod format;
mod identity;
mod judged;
mod naming;
mod outcome;
mod replayed;
mod sink;
mod watch;

pub use format::TrainingFormatFactory;
