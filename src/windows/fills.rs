//! The labels of frames whose values were missing, until these are filled.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray, UInt64Array};
use arrow::compute::take;

use crate::account::classes::names_of;
use crate::account::columns::value;
use crate::error::Result;
use crate::frames::pass::internal;
use crate::frames::pass::segmenter::column;

/// What counts filled values, for messages.
const FUNCTION: &str = "pose_window_stats";

/// The name of a class; None where a frame has none.
pub type Label = Option<Arc<str>>;

/// Rows with missing values, rising, each with its label.
#[derive(Default)]
pub struct Fills {
    rows: VecDeque<(u64, Label)>,
    last: Label,
}

impl Fills {
    /// Remembers rows of a batch whose first row is number `from`; `rows` rise, and may be there twice.
    ///
    /// # Errors
    /// A label that is no class.
    pub fn note(
        &mut self,
        batch: &RecordBatch,
        label: Option<&str>,
        from: u64,
        rows: impl Iterator<Item = u64>,
    ) -> Result<()> {
        let is_new = |row: &u64| self.rows.back().is_none_or(|(last, _)| last != row);
        let mut rows: Vec<u64> = rows.filter(is_new).collect();
        rows.dedup();
        let labels = label.filter(|_| !rows.is_empty()).map(|label| classes(batch, label, from, &rows)).transpose()?;
        for (place, row) in rows.into_iter().enumerate() {
            let label = value(&labels, place);
            // Mostly the label is that of the row before.
            if self.last.as_deref() != label {
                self.last = label.map(Arc::from);
            }
            self.rows.push_back((row, self.last.clone()));
        }
        Ok(())
    }

    /// The label of a row that was remembered.
    pub fn label(&self, row: u64) -> Label {
        let place = self.rows.partition_point(|(known, _)| *known < row);
        self.rows.get(place).and_then(|(_, label)| label.clone())
    }

    /// Forgets the rows before `row`.
    pub fn forget(&mut self, row: u64) {
        while self.rows.pop_front_if(|(known, _)| *known < row).is_some() {}
    }
}

/// The classes of these rows of a batch whose first row is number `from`.
fn classes(batch: &RecordBatch, label: &str, from: u64, rows: &[u64]) -> Result<StringArray> {
    let places: UInt64Array = rows.iter().map(|row| row - from).collect();
    let labels = take(column(batch, label)?, &places, None).map_err(internal)?;
    names_of(FUNCTION, label, &labels)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Float64Array};

    use super::*;

    #[test]
    fn a_row_keeps_its_label_until_it_is_forgotten() {
        let labels: ArrayRef = Arc::new(StringArray::from(vec![Some("walk"), None, Some("run"), Some("run")]));
        let batch = RecordBatch::try_from_iter([("label", labels)]).unwrap();
        let mut fills = Fills::default();
        fills.note(&batch, Some("label"), 10, [10, 10, 11, 13].into_iter()).unwrap();
        fills.note(&batch, None, 14, [15].into_iter()).unwrap();
        let of = |fills: &Fills, row| fills.label(row).as_deref().map(str::to_owned);
        assert_eq!([10, 11, 13, 15].map(|row| of(&fills, row)), [Some("walk".into()), None, Some("run".into()), None]);
        fills.forget(13);
        assert_eq!((fills.rows.len(), of(&fills, 13)), (2, Some("run".into())));
    }

    #[test]
    fn a_label_is_named_as_classes_are_named() {
        let labels: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN, -0.0]));
        let batch = RecordBatch::try_from_iter([("label", labels)]).unwrap();
        let mut fills = Fills::default();
        // Only rows with missing values are looked at.
        fills.note(&batch, Some("label"), 5, [5, 7].into_iter()).unwrap();
        assert_eq!(
            [5, 7].map(|row| fills.label(row).as_deref().map(str::to_owned)),
            [Some("1".into()), Some("0".into())]
        );
        let error = fills.note(&batch, Some("label"), 8, [9].into_iter()).unwrap_err().to_string();
        assert!(error.starts_with("pose_window_stats: label is NaN in a row"), "{error}");
    }
}
