//! What a net and the baselines say about the rows of a side, asked block by block in one pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{StringArray, StringBuilder};

use crate::error::{Result, data_err};
use crate::evaluate::baseline::statistics::Statistics;
use crate::evaluate::baseline::{Baseline, Fitted};
use crate::evaluate::{Predictions, Report, evaluate};
use crate::interrupt::Interrupt;
use crate::nn::temperature;
use crate::split::side::Side;
use crate::store::table::predictions::Side as PredictedSide;
use crate::train::predictor::Predictor;
use crate::train::source::Source;
use crate::train::table::{Rows, Table, column, texts};

/// Who is asked.
pub struct Panel<'a> {
    /// The net, before its temperature is known.
    pub predictor: &'a Predictor,
    /// The baselines.
    pub baselines: &'a [(Baseline, Fitted)],
}

/// The rows of one side, and what was said about them.
pub struct Answers {
    /// Which.
    pub side: Side,
    /// Window, video and subject of each row.
    keys: [StringArray; 3],
    /// Truth, and what the net says.
    predictions: Predictions,
    /// The class that each baseline names for each row; none on train, which they were fitted to.
    pub baselines: Vec<Vec<u32>>,
}

impl Panel<'_> {
    /// Asks everybody about every row of a side; `told` hears how many rows each block had.
    ///
    /// # Errors
    /// A net that answers NaN, by the first window; rows that cannot be read back; an interrupt.
    pub fn ask(
        &self,
        table: &Table,
        side: Side,
        interrupt: &Interrupt,
        mut told: impl FnMut(usize),
    ) -> Result<Answers> {
        let (part, classes) = (table.part(side), &table.classes);
        let mut predictions = Predictions { labels: classes.clone(), ..Predictions::default() };
        let judges = if side == Side::Train { &[][..] } else { self.baselines };
        let mut baselines = vec![vec![]; judges.len()];
        let mut known: BTreeMap<String, Arc<str>> = BTreeMap::new();
        // Copied: a column of a batch that was read from a file holds on to the whole batch.
        let mut keys = [StringBuilder::new(), StringBuilder::new(), StringBuilder::new()];
        for index in 0..part.blocks() {
            interrupt.check()?;
            let batch = part.batch(index)?;
            let rows = part.rows_of(&batch);
            let probabilities = self.predictor.probabilities(rows.features, rows.valid_len)?;
            if let Some(place) = probabilities.iter().position(|p| !p.is_finite()) {
                let window = rows.names().nth(place / classes.len()).unwrap_or_default();
                let answer = probabilities[place];
                return data_err!("training: the net answers {answer} for window {window}: lower learning_rate");
            }
            predictions.truth.extend(rows.labels());
            predictions.probabilities.extend(probabilities);
            say(judges, &rows, table, &mut baselines);
            // Each name once, however many rows have it.
            for recording in texts(&batch, column::RECORDING).iter().flatten() {
                let name = match known.get(recording) {
                    Some(name) => name,
                    None => known.entry(recording.to_owned()).or_insert_with(|| recording.into()),
                };
                predictions.recording.push(Arc::clone(name));
            }
            for (place, keys) in [column::WINDOW, column::VIDEO, column::SUBJECT].into_iter().zip(&mut keys) {
                texts(&batch, place).iter().for_each(|text| keys.append_option(text));
            }
            told(batch.num_rows());
        }
        if predictions.recording.len() < part.rows() {
            predictions.recording.clear();
        }
        Ok(Answers { side, keys: keys.map(|mut keys| keys.finish()), predictions, baselines })
    }
}

/// What each baseline says about the rows of a block.
fn say(judges: &[(Baseline, Fitted)], rows: &Rows<'_>, table: &Table, said: &mut [Vec<u32>]) {
    if judges.is_empty() {
        return;
    }
    let mut statistics = vec![0.0; Statistics::new(table.dim).columns()];
    let mut probabilities = vec![0.0; table.classes.len()];
    for (window, valid) in rows.windows().zip(rows.valid_len) {
        Statistics::of_window(window, table.width, table.dim, *valid as usize, &mut statistics);
        for (said, (_, fitted)) in said.iter_mut().zip(judges) {
            said.push(fitted.predict(&statistics, &mut probabilities));
        }
    }
}

impl Answers {
    /// The temperature that fits what the net said; None where it does not matter.
    pub fn temperature(&self) -> Option<f64> {
        let Predictions { probabilities, truth, labels, .. } = &self.predictions;
        temperature::fit(probabilities, truth, labels.len()).map(|fitted| fitted.temperature)
    }

    /// Makes the net as sure as `temperature` says, and measures it.
    ///
    /// # Errors
    /// An interrupt.
    pub fn judge(mut self, temperature: Option<f64>, seed: u64, interrupt: &Interrupt) -> Result<Judged> {
        let classes = self.predictions.labels.len();
        if let Some(temperature) = temperature {
            temperature::apply(&mut self.predictions.probabilities, classes, temperature);
        }
        // Of equals the first.
        let best = |p: &[f32]| (0..p.len()).rev().max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap_or_default() as u32;
        self.predictions.predicted = self.predictions.probabilities.chunks(classes).map(best).collect();
        let report = evaluate(&self.predictions, seed, interrupt)?;
        Ok(Judged { answers: self, report })
    }
}

/// The rows of one side, judged.
pub struct Judged {
    /// What was said.
    pub answers: Answers,
    /// What was measured of the net.
    pub report: Report,
}

impl Judged {
    /// Which side.
    pub fn side(&self) -> Side {
        self.answers.side
    }

    /// Truth and prediction of each row.
    pub fn predictions(&self) -> &Predictions {
        &self.answers.predictions
    }

    /// Who is seen in each recording, where both are known: the name that sorts first.
    pub fn subjects(&self) -> BTreeMap<Arc<str>, Arc<str>> {
        let mut subjects: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        for (recording, subject) in self.predictions().recording.iter().zip(&self.answers.keys[2]) {
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
        let [window, video, subject] = &self.answers.keys;
        PredictedSide {
            split: self.side().name(),
            window_id: Some(window),
            video: Some(video),
            subject: Some(subject),
            predictions: self.predictions(),
        }
    }
}
