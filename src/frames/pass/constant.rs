//! Guessed features that change in no recording: a person's number, age or height, which no rule knows by its name.
//!
//! A feature that nobody named, that has one value in all of each recording, and that of two recordings at least, tells a
//! net whose recording it reads. It is refused when the last partition has ended: where recordings lie, and in which
//! order they end, makes no difference. A sensor that was off in one recording changes in others, and stays.
//!
//! Most features change within the first batch: from then on they are not looked at. A query that stops reading early
//! (LIMIT) may never reach the end, and then nothing is refused.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Schema};

use super::internal;
use super::recordings::{Piece, Recordings};
use super::segmenter::column;
use crate::error::{Result, data_err};
use crate::frames::columns::{Features, FrameColumns};
use crate::notes::shortened;
use crate::schema::sql_name;

/// What the partitions of a plan have seen together.
#[derive(Debug)]
pub struct Shared {
    function: &'static str,
    by: Vec<String>,
    features: Vec<String>,
    /// Whether a feature has changed within a recording.
    changes: Vec<AtomicBool>,
    /// Of each partition that has ended, by feature: the recordings in which it has one value throughout.
    ended: Mutex<Vec<Option<Vec<u64>>>>,
}

impl Shared {
    /// Of the guessed features in `input`; nothing where they were named, or are not read.
    pub fn new(function: &'static str, columns: &FrameColumns, input: &Schema, partitions: usize) -> Option<Self> {
        let Features::Columns(features) = &columns.features else { return None };
        let is_read = features.iter().all(|name| input.index_of(name).is_ok());
        (columns.guess.is_some() && is_read).then(|| Self {
            function,
            by: columns.by.clone(),
            features: features.clone(),
            changes: features.iter().map(|_| AtomicBool::new(false)).collect(),
            ended: Mutex::new(vec![None; partitions]),
        })
    }

    fn changes(&self, feature: usize) -> bool {
        self.changes[feature].load(Ordering::Relaxed)
    }

    /// A partition begins, for the first time or again.
    fn begin(&self, partition: usize) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)[partition] = None;
    }

    /// A partition has ended. The last one refuses.
    fn end(&self, partition: usize, constant: Vec<u64>) -> Result<()> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended[partition] = Some(constant);
        let Some(all) = ended.iter().map(Option::as_ref).collect::<Option<Vec<_>>>() else { return Ok(()) };
        let recordings = |feature: usize| all.iter().map(|constant| constant[feature]).sum::<u64>();
        let refused = (0..self.features.len()).filter(|&feature| !self.changes(feature) && recordings(feature) > 1);
        let refused: Vec<(&str, u64)> = refused.map(|f| (self.features[f].as_str(), recordings(f))).collect();
        let Some((_, count)) = refused.first() else { return Ok(()) };
        let names: Vec<String> = refused.iter().map(|(name, _)| format!("'{name}'")).collect();
        let sql: Vec<_> = refused.iter().map(|(name, _)| sql_name(name)).collect();
        let others: Vec<_> =
            self.features.iter().filter(|name| refused.iter().all(|(other, _)| other != name)).collect();
        let others = others.into_iter().map(|name| format!("'{name}'")).collect::<Vec<_>>();
        let others = if others.is_empty() { vec!["'...'".to_owned()] } else { others };
        data_err!(
            "{}: {} changed in no recording ({count} have one value from their first frame to their last), so {} no movement, but can \
             tell a net whose recording it reads; leave {} out: SELECT * EXCLUDE ({}), or name the features: features => [{}]; where a model \
             needs all of them, name them all",
            self.function,
            shortened(&names),
            if names.len() == 1 { "it is" } else { "they are" },
            if names.len() == 1 { "it" } else { "them" },
            sql.join(", "),
            shortened(&others),
        )
    }
}

/// One partition that is looked at.
pub struct Look {
    shared: Arc<Shared>,
    partition: usize,
    recordings: Recordings,
    /// Of each feature, in the recording that is open.
    open: Vec<Values>,
    /// Of each feature: the recordings so far in which it has one value.
    constant: Vec<u64>,
}

/// What was seen of a feature in a recording.
#[derive(Debug, Clone, Copy, Default)]
struct Values {
    first: Option<f64>,
    /// Whether a second number was seen, and it was the same.
    again: bool,
}

impl Values {
    /// Takes numbers; says whether two of them differ. NULL, NaN and infinity are no numbers.
    fn differ(&mut self, numbers: impl Iterator<Item = Option<f64>>) -> bool {
        for number in numbers.flatten().filter(|number| number.is_finite()) {
            match self.first {
                None => self.first = Some(number),
                Some(first) if first != number => return true,
                Some(_) => self.again = true,
            }
        }
        false
    }
}

impl Look {
    /// Begins to look at a partition.
    pub fn new(shared: Arc<Shared>, partition: usize) -> Self {
        shared.begin(partition);
        let features = shared.features.len();
        Self {
            recordings: Recordings::new(shared.function, &shared.by),
            partition,
            open: vec![Values::default(); features],
            constant: vec![0; features],
            shared,
        }
    }

    /// Looks at frames: recordings lie one behind the other.
    ///
    /// # Errors
    /// Keys that cannot be compared.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let open: Vec<usize> = (0..self.open.len()).filter(|&feature| !self.shared.changes(feature)).collect();
        if open.is_empty() {
            return Ok(());
        }
        for Piece { rows, goes_on } in self.recordings.pieces(batch)? {
            if !goes_on {
                self.close();
            }
            for &feature in open.iter().filter(|&&feature| !self.shared.changes(feature)) {
                let numbers =
                    cast(column(&rows, &self.shared.features[feature])?, &DataType::Float64).map_err(internal)?;
                if self.open[feature].differ(numbers.as_primitive::<Float64Type>().iter()) {
                    self.shared.changes[feature].store(true, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }

    /// The partition has ended.
    ///
    /// # Errors
    /// It was the last one, and a feature has changed nowhere.
    pub fn finish(mut self) -> Result<()> {
        self.close();
        self.shared.end(self.partition, self.constant)
    }

    /// A recording has ended.
    fn close(&mut self) {
        for (values, constant) in self.open.iter_mut().zip(&mut self.constant) {
            *constant += u64::from(std::mem::take(values).again);
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Decimal128Array, Float32Array, Int64Array, StringArray};
    use arrow::datatypes::Field;

    use super::*;
    use crate::frames::feature_rule::Guess;

    /// (video, age, x) of each row, in partitions of batches.
    type Rows<'a> = &'a [(&'a str, Option<i64>, f32)];

    fn shared(guessed: bool, partitions: usize) -> Option<Shared> {
        let guess = Guess { taken: vec![], left_out: vec![], doubtful: vec![], texts: vec![] };
        let columns = FrameColumns {
            by: vec!["video".into()],
            order_by: "frame".into(),
            label: None,
            features: Features::Columns(vec!["age".into(), "x".into()]),
            guess: guessed.then_some(guess),
            carried: vec![],
        };
        let fields = [("video", DataType::Utf8), ("age", DataType::Int64), ("x", DataType::Float32)];
        let fields = fields.map(|(name, kind)| Field::new(name, kind, true));
        Shared::new("pose_windows", &columns, &Schema::new(fields.to_vec()), partitions)
    }

    fn batch(rows: Rows) -> RecordBatch {
        let videos: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0)));
        let ages: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>());
        let values: ArrayRef = Arc::new(Float32Array::from_iter_values(rows.iter().map(|row| row.2)));
        RecordBatch::try_from_iter([("video", videos), ("age", ages), ("x", values)]).unwrap()
    }

    /// What is refused, with the partitions begun and ended in this order, in batches of so many rows.
    fn refused(partitions: &[Rows], order: &[usize], size: usize) -> Option<String> {
        let shared = Arc::new(shared(true, partitions.len()).unwrap());
        let mut looks: Vec<_> = (0..partitions.len()).map(|p| Some(Look::new(Arc::clone(&shared), p))).collect();
        let ended = order.iter().map(|&p| {
            let mut look = looks[p].take().unwrap();
            partitions[p].chunks(size).for_each(|rows| look.push(&batch(rows)).unwrap());
            look.finish()
        });
        let results: Vec<_> = ended.collect();
        let (last, before) = results.split_last().unwrap();
        assert!(before.iter().all(Result::is_ok), "{results:?}");
        last.as_ref().err().map(ToString::to_string)
    }

    const A: Rows = &[("a", Some(30), 0.5), ("a", None, 1.5), ("a", Some(30), 2.5)];
    const B: Rows = &[("b", Some(41), 3.5), ("b", Some(41), 4.5)];
    const ONE_FRAME: Rows = &[("c", Some(52), 5.5)];

    #[test]
    fn a_feature_that_is_constant_in_each_recording_is_refused_wherever_they_lie() {
        let together = [A, B, ONE_FRAME].concat();
        let error = refused(&[&together], &[0], 100).unwrap();
        assert!(error.starts_with("pose_windows: 'age' changed in no recording (2 have one value"), "{error}");
        assert!(error.ends_with("SELECT * EXCLUDE (age), or name the features: features => ['x']; where a model needs all of them, name them all"), "{error}");
        for size in [1, 2, 100] {
            assert_eq!(refused(&[&together], &[0], size).as_ref(), Some(&error));
            for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
                assert_eq!(refused(&[A, &[], ONE_FRAME, B], &order, size).as_ref(), Some(&error));
            }
        }
    }

    #[test]
    fn one_recording_alone_or_one_in_which_it_changes_refuses_nothing() {
        assert_eq!(refused(&[A], &[0], 100), None);
        assert_eq!(refused(&[A, ONE_FRAME], &[1, 0], 100), None);
        let changing: Rows = &[("d", Some(1), 0.5), ("d", Some(2), 1.5)];
        for order in [[0, 1, 2], [2, 1, 0]] {
            assert_eq!(refused(&[A, B, changing], &order, 1), None);
        }
    }

    #[test]
    fn what_is_missing_throughout_is_no_value() {
        let missing: Rows = &[("a", None, 0.5), ("a", None, 1.5), ("b", None, 2.5), ("b", None, 3.5)];
        assert_eq!(refused(&[missing], &[0], 100), None);
    }

    #[test]
    fn features_that_were_named_or_are_not_read_are_not_looked_at() {
        assert!(shared(true, 1).is_some() && shared(false, 1).is_none());
    }

    #[test]
    fn decimals_are_compared_by_their_values() {
        let prices: ArrayRef = Arc::new(Decimal128Array::from(vec![150, 150]).with_precision_and_scale(5, 2).unwrap());
        let numbers = cast(&prices, &DataType::Float64).unwrap();
        let mut values = Values::default();
        assert!(!values.differ(numbers.as_primitive::<Float64Type>().iter()));
        assert_eq!((values.first, values.again), (Some(1.5), true));
    }

    #[test]
    fn a_partition_that_is_read_again_counts_once() {
        let shared = Arc::new(shared(true, 2).unwrap());
        for rows in [A, A] {
            let mut look = Look::new(Arc::clone(&shared), 0);
            look.push(&batch(rows)).unwrap();
            look.finish().unwrap();
        }
        assert!(Look::new(shared, 1).finish().is_ok(), "one recording alone");
    }
}
