//! The messages of an event file, as far as scalars need them.
//!
//! Names and tags are those of `Event` in `tensorflow/core/util/event.proto` and of `Summary` in
//! `tensorflow/core/framework/summary.proto` (TensorBoard carries copies in `tensorboard/compat/proto`). Fields that are
//! left out are skipped when reading. The members of a `oneof` are optional fields here, of which at most one is set:
//! the bytes are the same.

use prost::Message;

/// What stands first in every event file, so that readers know how to read on.
const FILE_VERSION: &str = "brain.Event:2";

/// One record of an event file.
#[derive(Clone, PartialEq, Message)]
pub struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    /// Where on the horizontal axis.
    #[prost(int64, tag = "2")]
    pub step: i64,
    /// In the first record alone.
    #[prost(string, optional, tag = "3")]
    pub file_version: Option<String>,
    /// In all others.
    #[prost(message, optional, tag = "5")]
    pub summary: Option<Summary>,
}

/// Values of one step.
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    /// In the order in which they were given.
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<Value>,
}

/// A named number.
#[derive(Clone, PartialEq, Message)]
pub struct Value {
    /// Its name: the title of a chart.
    #[prost(string, tag = "1")]
    pub tag: String,
    /// Written even if it is 0.
    #[prost(float, optional, tag = "2")]
    pub simple_value: Option<f32>,
}

impl Event {
    /// The first event of a file.
    pub fn version(wall_time: f64) -> Self {
        Self { wall_time, file_version: Some(FILE_VERSION.to_owned()), ..Self::default() }
    }

    /// The scalars of a step.
    pub fn scalars(step: i64, wall_time: f64, scalars: &[(&str, f32)]) -> Self {
        let value = |&(tag, value): &(&str, f32)| Value { tag: tag.to_owned(), simple_value: Some(value) };
        let summary = Summary { value: scalars.iter().map(value).collect() };
        Self { wall_time, step, summary: Some(summary), ..Self::default() }
    }
}
