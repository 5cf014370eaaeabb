//! The labels of frames whose values were missing, until these are filled.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::util::display::array_value_to_string;

use crate::error::Result;
use crate::frames::pass::internal;
use crate::frames::pass::segmenter::column;

/// A label as text; None where a frame has none.
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
    /// A label that cannot be shown.
    pub fn note(
        &mut self,
        batch: &RecordBatch,
        label: Option<&str>,
        from: u64,
        rows: impl Iterator<Item = u64>,
    ) -> Result<()> {
        let labels = label.map(|label| column(batch, label)).transpose()?;
        for row in rows {
            if self.rows.back().is_some_and(|(last, _)| *last == row) {
                continue;
            }
            let place = (row - from) as usize;
            let text = match labels.filter(|labels| labels.is_valid(place)) {
                Some(labels) => Some(array_value_to_string(labels, place).map_err(internal)?),
                None => None,
            };
            // Mostly the label is that of the row before.
            if self.last.as_deref() != text.as_deref() {
                self.last = text.map(Arc::from);
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

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, StringArray};

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
}
