//! Rows of a pass that makes something of each recording: where one ends and the next begins.

use arrow::array::RecordBatch;

use super::internal;
use super::segmenter::begins;
use crate::error::Result;

/// Cuts batches, whose recordings lie behind one another, into those.
pub struct Recordings {
    function: &'static str,
    by: Vec<String>,
    /// The keys of the last row.
    last: Option<RecordBatch>,
}

/// Rows of one recording.
pub struct Piece {
    /// At least one.
    pub rows: RecordBatch,
    /// Whether they are of the recording of the piece before.
    pub goes_on: bool,
}

impl Recordings {
    /// Of recordings that the columns `by` tell apart; `function` is the SQL name, for messages.
    pub fn new(function: &'static str, by: &[String]) -> Self {
        Self { function, by: by.to_vec(), last: None }
    }

    /// The recordings of a batch, in its order.
    ///
    /// # Errors
    /// A key of a type that cannot be compared.
    pub fn pieces(&mut self, batch: &RecordBatch) -> Result<Vec<Piece>> {
        if batch.num_rows() == 0 {
            return Ok(vec![]);
        }
        let mut starts = begins(self.function, self.last.as_ref(), batch, &self.by)?;
        let goes_on = self.last.is_some() && starts.first() != Some(&0);
        if starts.first() != Some(&0) {
            starts.insert(0, 0);
        }
        self.last = Some(self.key(&batch.slice(batch.num_rows() - 1, 1))?);
        let ends = starts.iter().skip(1).copied().chain([batch.num_rows()]);
        let piece = |(start, end): (usize, usize)| Piece {
            rows: batch.slice(start, end - start),
            goes_on: start == 0 && goes_on,
        };
        Ok(starts.iter().copied().zip(ends).map(piece).collect())
    }

    /// The keys of the first of these rows, as one row.
    ///
    /// # Errors
    /// A key that is gone from the plan.
    pub fn key(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let schema = rows.schema();
        let of = self.by.iter().map(|name| schema.index_of(name).map_err(internal));
        rows.slice(0, 1).project(&of.collect::<Result<Vec<_>>>()?).map_err(internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    fn rows(videos: &[&str]) -> RecordBatch {
        let videos: ArrayRef = Arc::new(StringArray::from_iter_values(videos));
        RecordBatch::try_from_iter([("video", videos)]).unwrap()
    }

    #[test]
    fn a_recording_goes_on_in_the_next_batch() {
        let mut recordings = Recordings::new("f", &["video".to_owned()]);
        let mut pieces = |videos: &[&str]| -> Vec<(usize, bool)> {
            let pieces = recordings.pieces(&rows(videos)).unwrap();
            pieces.iter().map(|piece| (piece.rows.num_rows(), piece.goes_on)).collect()
        };
        assert_eq!(pieces(&["a", "a", "b"]), [(2, false), (1, false)]);
        assert_eq!(pieces(&["b"]), [(1, true)]);
        assert_eq!(pieces(&[]), []);
        assert_eq!(pieces(&["b", "c"]), [(1, true), (1, false)]);
        assert_eq!(pieces(&["d"]), [(1, false)]);
    }
}
