//! What a net says about the rows of a side, and how right it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{StringArray, StringBuilder};

use crate::error::{Result, data_err};
use crate::evaluate::{Predictions, Report, evaluate};
use crate::interrupt::Interrupt;
use crate::split::side::Side;
use crate::store::table::predictions::Side as PredictedSide;
use crate::train::predictor::Predictor;
use crate::train::source::Source;
use crate::train::table::{Table, column, texts};

/// The rows of one side, judged.
pub struct Judged {
    /// Which.
    pub side: Side,
    /// Window, video and subject of each row.
    keys: [StringArray; 3],
    predictions: Predictions,
    /// What was measured.
    pub report: Report,
}

impl Judged {
    /// Truth and prediction of each row.
    pub fn predictions(&self) -> &Predictions {
        &self.predictions
    }

    /// Who is seen in each recording, where both are known: the name that sorts first.
    pub fn subjects(&self) -> BTreeMap<Arc<str>, Arc<str>> {
        let mut subjects: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        for (recording, subject) in self.predictions.recording.iter().zip(&self.keys[2]) {
            let Some(subject) = subject else { continue };
            match subjects.get(recording) {
                Some(known) if **known <= *subject => {}
                _ => drop(subjects.insert(Arc::clone(recording), subject.into())),
            }
        }
        subjects
    }

    /// For the table `predictions`.
    pub fn as_side(&self) -> PredictedSide<'_> {
        PredictedSide {
            split: self.side.name(),
            window_id: Some(&self.keys[0]),
            video: Some(&self.keys[1]),
            subject: Some(&self.keys[2]),
            predictions: &self.predictions,
        }
    }
}

/// Asks the net about the rows of a side.
///
/// # Errors
/// A net that answers NaN, by the first window.
pub fn judge(side: Side, table: &Table, predictor: &Predictor, seed: u64) -> Result<Judged> {
    let (part, classes) = (table.part(side), &table.classes);
    let mut predictions = Predictions { labels: classes.clone(), ..Predictions::default() };
    let best = |p: &[f32]| (0..p.len()).rev().max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap_or_default() as u32;
    let mut names: BTreeMap<String, Arc<str>> = BTreeMap::new();
    // Copied: a column of a batch that was read from a file holds on to the whole batch.
    let mut keys = [StringBuilder::new(), StringBuilder::new(), StringBuilder::new()];
    for index in 0..part.blocks() {
        let batch = part.batch(index)?;
        let rows = part.examples(&batch);
        let probabilities = predictor.probabilities(&rows.features, &rows.valid_len)?;
        if let Some(row) = probabilities.iter().position(|p| !p.is_finite()) {
            let window = &rows.keys[row / classes.len()];
            return data_err!(
                "training: the net answers {} for window {window}: lower learning_rate",
                probabilities[row]
            );
        }
        predictions.truth.extend(rows.labels);
        predictions.predicted.extend(probabilities.chunks(classes.len()).map(best));
        predictions.probabilities.extend(probabilities);
        // Each name once, however many rows have it.
        for recording in texts(&batch, column::RECORDING).iter().flatten() {
            let name = match names.get(recording) {
                Some(name) => name,
                None => names.entry(recording.to_owned()).or_insert_with(|| recording.into()),
            };
            predictions.recording.push(Arc::clone(name));
        }
        for (place, keys) in [column::WINDOW, column::VIDEO, column::SUBJECT].into_iter().zip(&mut keys) {
            texts(&batch, place).iter().for_each(|text| keys.append_option(text));
        }
    }
    if predictions.recording.len() < part.rows() {
        predictions.recording.clear();
    }
    let report = evaluate(&predictions, seed, &Interrupt::default())?;
    Ok(Judged { side, keys: keys.map(|mut keys| keys.finish()), report, predictions })
}
