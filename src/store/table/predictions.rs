//! `predictions`: what the model says about every row it was given, for those who want to look at its errors.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float32Builder, Float64Array, ListBuilder, RecordBatch, StringArray};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, SchemaRef};

use super::{batch_of, field, nullable, schema_of, texts};
use crate::error::{Error, Result};
use crate::evaluate::Predictions;
use crate::schema::{LABEL, RECORDING, SPLIT, SUBJECT, VIDEO, WINDOW_ID};

/// The rows of one side of a split. Columns that the dataset has not are empty.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// train, validation or test.
    pub split: &'a str,
    /// The window of each row, \[rows\].
    pub window_id: Option<&'a StringArray>,
    /// The recording of each row, \[rows\].
    pub video: Option<&'a StringArray>,
    /// The person of each row, \[rows\].
    pub subject: Option<&'a StringArray>,
    /// Truth and prediction.
    pub predictions: &'a Predictions,
}

/// split, window_id, video, subject, label (the true class), predicted, probability (of the predicted class),
/// probabilities (in the order of table `labels`), recording (`source/video`).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        nullable(WINDOW_ID, DataType::Utf8),
        nullable(VIDEO, DataType::Utf8),
        nullable(SUBJECT, DataType::Utf8),
        field(LABEL, DataType::Utf8),
        field("predicted", DataType::Utf8),
        nullable("probability", DataType::Float64),
        nullable("probabilities", DataType::List(Arc::new(Field::new_list_field(DataType::Float32, true)))),
        nullable(RECORDING, DataType::Utf8),
    ])
}

/// The rows of each side, in the given order.
///
/// # Errors
/// [`Error::Internal`] for columns of different lengths: the caller made them.
pub fn batch(sides: &[Side<'_>]) -> Result<RecordBatch> {
    sides.iter().try_for_each(Side::check)?;
    let keys = |column: for<'a> fn(&Side<'a>) -> Option<&'a StringArray>| -> Result<ArrayRef> {
        let of = |side: &Side<'_>| column(side).cloned().unwrap_or_else(|| StringArray::new_null(side.rows()));
        let arrays: Vec<StringArray> = sides.iter().map(of).collect();
        let arrays: Vec<&dyn Array> = arrays.iter().map(|array| array as &dyn Array).collect();
        match arrays.is_empty() {
            true => Ok(Arc::new(StringArray::new_null(0))),
            false => concat(&arrays).map_err(|e| Error::Internal(format!("predictions: {e}"))),
        }
    };
    let classes = |column: fn(&Predictions) -> &[u32]| {
        texts(sides.iter().flat_map(move |side| {
            let labels = &side.predictions.labels;
            column(side.predictions).iter().map(move |class| labels[*class as usize].as_str())
        }))
    };
    let splits = texts(sides.iter().flat_map(|side| std::iter::repeat_n(side.split, side.rows())));
    let top = sides.iter().flat_map(|side| (0..side.rows()).map(move |row| side.top(row)));
    let top: ArrayRef = Arc::new(top.collect::<Float64Array>());
    let mut lists = ListBuilder::new(Float32Builder::new());
    for side in sides {
        (0..side.rows())
            .for_each(|row| lists.append_option(side.probabilities(row).map(|p| p.iter().copied().map(Some))));
    }
    let (label, predicted) = (classes(|p| &p.truth), classes(|p| &p.predicted));
    let (window_id, video, subject) = (keys(|s| s.window_id)?, keys(|s| s.video)?, keys(|s| s.subject)?);
    let recordings = sides.iter().flat_map(|side| (0..side.rows()).map(move |row| side.predictions.recording.get(row)));
    let recording: ArrayRef = Arc::new(StringArray::from_iter(recordings));
    let lists: ArrayRef = Arc::new(lists.finish());
    batch_of(schema(), vec![splits, window_id, video, subject, label, predicted, top, lists, recording])
}

impl Side<'_> {
    fn rows(&self) -> usize {
        self.predictions.truth.len()
    }

    fn probabilities(&self, row: usize) -> Option<&[f32]> {
        let classes = self.predictions.labels.len();
        self.predictions.probabilities.get(row * classes..(row + 1) * classes)
    }

    fn top(&self, row: usize) -> Option<f64> {
        let class = self.predictions.predicted[row] as usize;
        self.probabilities(row).map(|p| f64::from(p[class]))
    }

    fn check(&self) -> Result<()> {
        let (rows, classes) = (self.rows(), self.predictions.labels.len());
        let lengths = [self.window_id, self.video, self.subject].map(|keys| keys.map_or(rows, Array::len));
        let mut indices = self.predictions.truth.iter().chain(&self.predictions.predicted);
        let fit = lengths.iter().all(|len| *len == rows)
            && self.predictions.predicted.len() == rows
            && [0, rows * classes].contains(&self.predictions.probabilities.len())
            && indices.all(|class| (*class as usize) < classes);
        let split = self.split;
        if fit { Ok(()) } else { Err(Error::Internal(format!("{rows} predictions of {split} with keys {lengths:?}"))) }
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;

    use super::*;

    #[test]
    fn a_row_says_what_was_and_what_was_taken_for_it() {
        let predictions = Predictions {
            labels: vec!["run".into(), "walk".into()],
            truth: vec![0, 1],
            predicted: vec![1, 1],
            probabilities: vec![0.25, 0.75, 0.0, 1.0],
            recording: vec![],
        };
        let video = StringArray::from(vec![Some("v1"), None]);
        let side =
            Side { split: "test", window_id: None, video: Some(&video), subject: None, predictions: &predictions };
        let shown = pretty_format_batches(&[batch(&[side]).unwrap()]).unwrap().to_string();
        assert!(
            shown.contains("| test  |           | v1    |         | run   | walk      | 0.75        | [0.25, 0.75]"),
            "{shown}"
        );
        assert!(
            shown.contains("| test  |           |       |         | walk  | walk      | 1.0         | [0.0, 1.0]"),
            "{shown}"
        );
        let short = video.slice(0, 1);
        let short = Side { video: Some(&short), ..side };
        assert!(matches!(batch(&[short]), Err(Error::Internal(_))));
    }
}
