//! One pass over recordings: frames in their order in, rows made of them out. What windows, segments and resampling share.

pub mod constant;
pub mod exec;
pub mod node;
pub mod pieces;
pub mod recordings;
pub mod segmenter;

use std::fmt::Debug;
use std::hash::Hash;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

use crate::error::Result;
use crate::frames::columns::FrameColumns;
use crate::frames::pass::pieces::Pieces;

/// What is made of recordings, how.
pub trait Pass: Debug + Clone + PartialEq + Eq + Hash + PartialOrd + Send + Sync + 'static {
    /// What its [`Worker`]s count, as EXPLAIN ANALYZE shows it.
    const COUNTERS: &'static [&'static str];

    /// Whether frames have other numbers than they had: then nothing that the input says of them but their order holds.
    const RENUMBERS: bool = false;

    /// The names of the logical node and of the execution plan.
    fn names(&self) -> (&'static str, &'static str);

    /// One line for EXPLAIN.
    fn describe(&self) -> String;

    /// Which column of the frames is what.
    fn columns(&self) -> &FrameColumns;

    /// The SQL name of a function that refuses a guessed feature which changes in no recording, see [`constant`].
    fn refuses_constant(&self) -> Option<&'static str> {
        None
    }

    /// What is said of all that was read, once all partitions have ended.
    fn last_word(&self, _: &Pieces) -> Option<String> {
        None
    }

    /// The columns of the input without which the rows would be others.
    fn required(&self) -> Vec<&String>;

    /// The columns of the input that are read for a column of the result, but for those that are required.
    fn read_for<'s>(&'s self, output: &'s str) -> Vec<&'s str>;

    /// The column of the result that rises within a recording.
    fn ordered(&self) -> &str;

    /// The schema of the result over `input`, which may lack columns that nobody reads.
    ///
    /// # Errors
    /// An input column that has the name of one of ours.
    fn output(&self, input: &Schema) -> Result<SchemaRef>;

    /// A worker on frames of schema `input`, for batches of schema `output`: columns of [`Pass::output`].
    ///
    /// # Errors
    /// Columns that it cannot work on.
    fn worker(&self, input: &SchemaRef, output: SchemaRef, batch_size: usize) -> Result<Box<dyn Worker>>;
}

/// A pass at work on one partition: recordings one after the other, each in the order of its frames.
pub trait Worker: Send {
    /// Takes frames; they follow those taken before, and [`Worker::pop`] has given all that is ready.
    ///
    /// # Errors
    /// Data that is refused.
    fn push(&mut self, batch: &RecordBatch) -> Result<()>;

    /// No more frames will come.
    ///
    /// # Errors
    /// Data that is refused.
    fn finish(&mut self) -> Result<()>;

    /// The next batch of the result, if one is ready.
    ///
    /// # Errors
    /// Data that is refused.
    fn pop(&mut self) -> Result<Option<RecordBatch>>;

    /// Bytes held, to be accounted for.
    fn bytes(&self) -> usize;

    /// What was counted, in the order of [`Pass::COUNTERS`].
    fn counts(&self) -> Vec<u64>;

    /// What it was given and made, where it knows; asked when all is done.
    fn pieces(&self) -> Pieces {
        Pieces::default()
    }
}

/// An error of Arrow where no user could have caused one.
pub fn internal(error: arrow::error::ArrowError) -> crate::error::Error {
    crate::error::Error::Internal(error.to_string())
}
