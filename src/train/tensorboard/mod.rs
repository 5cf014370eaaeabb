//! Scalars for TensorBoard: the event files that it reads, in the folders and under the names that Keras gives them.
//!
//! Keras' callback (`keras/src/callbacks/tensorboard.py`, `_log_epoch_metrics`) makes two runs, `train` and `validation`,
//! writes `epoch_<name>` for a metric `<name>` or `val_<name>`, and counts epochs from 0: so do we, and a chart shows
//! both runs, and those of Keras, in one. Our learning rate is the one used in the epoch; that of Keras is read after
//! the epoch, when ReduceLROnPlateau may already have reduced it.

mod event;
mod logs;
mod record;

use prost::Message;

use self::event::Event;
pub use self::logs::RunLogs;
use super::fit::Epoch;

/// Names of charts, each with its value.
pub type Scalars = [(&'static str, f32); 3];

/// The scalars of an epoch: those of the run `train`, and those of `validation` if there are validation rows.
pub fn scalars(epoch: &Epoch) -> (Scalars, Option<Scalars>) {
    let train = [
        ("epoch_loss", epoch.loss as f32),
        ("epoch_accuracy", epoch.accuracy as f32),
        ("epoch_learning_rate", epoch.learning_rate as f32),
    ];
    let seen = epoch.val_loss.zip(epoch.val_accuracy).zip(epoch.val_loss_weighted);
    let validation = seen.map(|((loss, accuracy), weighted)| {
        [("epoch_loss", loss as f32), ("epoch_accuracy", accuracy as f32), ("epoch_loss_weighted", weighted as f32)]
    });
    (train, validation)
}

/// The step of an epoch, from 0.
pub fn step(epoch: &Epoch) -> i64 {
    epoch.epoch as i64 - 1
}

/// The name of an event file that was begun at `wall_time`, in seconds since 1970.
///
/// TensorBoard reads every file whose name contains `tfevents`, in the order of their names.
pub fn file_name(wall_time: f64) -> String {
    format!("events.out.tfevents.{:010}{OURS}", wall_time as u64)
}

/// How the names of our event files end.
const OURS: &str = ".posequel";

/// The bytes that an event file begins with.
pub fn version_record(wall_time: f64) -> Vec<u8> {
    record::encode(&Event::version(wall_time).encode_to_vec())
}

/// The bytes to append for the scalars of a step.
pub fn scalars_record(step: i64, wall_time: f64, scalars: &[(&str, f32)]) -> Vec<u8> {
    record::encode(&Event::scalars(step, wall_time, scalars).encode_to_vec())
}

/// What of an event file still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// So many bytes.
    pub length: usize,
    /// The first step that is not among them.
    pub next_step: i64,
}

/// What holds of an event file when `steps` steps were done: the records up to the first that is torn, damaged, or of a
/// later step.
pub fn kept(bytes: &[u8], steps: i64) -> Kept {
    let mut kept = Kept { length: 0, next_step: 0 };
    for (data, end) in record::decode(bytes) {
        match Event::decode(data) {
            Ok(Event { summary: None, .. }) => kept.length = end,
            Ok(Event { step, .. }) if step < steps => kept = Kept { length: end, next_step: step + 1 },
            _ => break,
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_those_of_tensorboards_own_writer() {
        // from tensorboard.compat.proto.event_pb2 import Event
        // from tensorboard.compat.proto.summary_pb2 import Summary
        // from tensorboard.summary.writer.record_writer import RecordWriter          # tensorboard 2.21.0
        // out = io.BytesIO()
        // RecordWriter(out).write(Event(wall_time=1700000000.25, file_version="brain.Event:2").SerializeToString())
        // n = len(out.getvalue()); print(out.getvalue().hex())
        // values = [Summary.Value(tag="epoch_loss", simple_value=0.5), Summary.Value(tag="epoch_accuracy", simple_value=0.0)]
        // RecordWriter(out).write(Event(wall_time=1700000001.5, step=300, summary=Summary(value=values)).SerializeToString())
        // print(out.getvalue()[n:].hex())
        let version = "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9";
        let scalars = "3800000000000000a3797d570900006040fc54d94110ac022a2a0a110a0a65706f63685f6c6f7373150000003f\
                       0a150a0e65706f63685f6163637572616379150000000094793c40";
        assert_eq!(hex(&version_record(1_700_000_000.25)), version);
        let values = [("epoch_loss", 0.5), ("epoch_accuracy", 0.0)];
        assert_eq!(hex(&scalars_record(300, 1_700_000_001.5, &values)), scalars);
    }

    #[test]
    fn an_epoch_has_the_tags_of_keras() {
        let epoch = Epoch { epoch: 7, ..an_epoch() };
        let (train, validation) = scalars(&epoch);
        assert_eq!(step(&epoch), 6);
        assert_eq!(train, [("epoch_loss", 1.5), ("epoch_accuracy", 0.25), ("epoch_learning_rate", 0.001)]);
        let expected = [("epoch_loss", 1.75), ("epoch_accuracy", 0.5), ("epoch_loss_weighted", 2.0)];
        assert_eq!(validation, Some(expected));
        assert_eq!(scalars(&Epoch { val_loss: None, val_accuracy: None, val_loss_weighted: None, ..epoch }).1, None);
    }

    #[test]
    fn what_is_torn_or_later_is_not_kept() {
        let parts =
            [version_record(0.0), scalars_record(0, 1.0, &[("a", 0.5)]), scalars_record(1, 2.0, &[("a", 0.25)])];
        let ends = [parts[0].len(), parts[0].len() + parts[1].len(), parts.concat().len()];
        let at = |part: usize, next_step| Kept { length: ends[part], next_step };
        let bytes = parts.concat();
        assert_eq!([0, 1, 2, 9].map(|steps| kept(&bytes, steps)), [at(0, 0), at(1, 1), at(2, 2), at(2, 2)]);
        assert_eq!(kept(&bytes[..ends[2] - 1], 9), at(1, 1));
        assert_eq!(kept(&bytes[..ends[0] - 1], 9), Kept { length: 0, next_step: 0 });
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    fn an_epoch() -> Epoch {
        Epoch {
            epoch: 1,
            loss: 1.5,
            accuracy: 0.25,
            val_loss: Some(1.75),
            val_accuracy: Some(0.5),
            val_loss_weighted: Some(2.0),
            learning_rate: 1e-3,
            seconds: 1.0,
            best: true,
        }
    }
}
