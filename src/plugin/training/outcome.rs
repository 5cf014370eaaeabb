//! What a training gives: weights, history, and the predictions of every side with their metrics.

use super::watch::Reporter;
use crate::error::{Result, data_err};
use crate::evaluate::{Predictions, Report, evaluate};
use crate::nn::config::ModelConfig;
use crate::options::training::TrainingOptions;
use crate::split::side::Side;
use crate::store::contents::Contents;
use crate::store::manifest::Summary;
use crate::store::recipe::{Digest, Digests, Recipe, SCHEMA_VERSION, Versions};
use crate::store::table::labels::LabelRow;
use crate::store::table::predictions::Side as PredictedSide;
use crate::train::checkpoint;
use crate::train::feed::{Record, Table};
use crate::train::fit::{Examples, Fitted, fit};
use crate::train::predictor::Predictor;
use crate::train::progress::Event;

/// A fitted net and what it says about its table.
pub struct Outcome {
    recipe: Recipe,
    fitted: Fitted,
    sides: Vec<Judged>,
}

/// A file of a version: its name and its bytes.
type Blob = (String, Vec<u8>);

/// The rows of one side, judged.
struct Judged {
    side: Side,
    window: Vec<Option<String>>,
    video: Vec<Option<String>>,
    subject: Vec<Option<String>>,
    predictions: Predictions,
    report: Report,
}

impl Outcome {
    /// Fits a net to the train rows of the table, and judges it on every side.
    ///
    /// # Errors
    /// What [`fit`] refuses.
    pub fn train(
        kind: &str,
        table: &Table,
        names: &[String],
        options: &TrainingOptions,
        reporter: &mut Reporter,
    ) -> Result<Self> {
        let classes = table.classes();
        let config = ModelConfig::new(table.width, table.dim, classes.len(), options)?;
        let [train, validation, test] = Side::ALL.map(|side| examples(table, side, &classes));
        reporter.report(&Event::Start {
            epochs: options.epochs,
            parameters: config.parameter_count(),
            train: train.len(),
            validation: validation.len(),
            test: test.len(),
        });
        let fitted = fit(&config, options, &train, &validation, reporter)?;
        let predictor = Predictor::new(&config, &fitted.normalization, &fitted.best, options.threads)?;
        let judge = |(side, rows): (Side, &Examples)| judge(side, rows, table, &classes, &predictor, options.seed);
        let all = Side::ALL.into_iter().zip([&train, &validation, &test]);
        let sides = all.filter(|(_, rows)| !rows.is_empty()).map(judge).collect::<Result<Vec<_>>>()?;
        let rows = [&train, &validation, &test].map(|e| e.len() as u64);
        let recipe = Recipe {
            schema_version: SCHEMA_VERSION,
            kind: kind.to_owned(),
            architecture: config,
            options: options.clone(),
            features: (!names.is_empty()).then(|| names.to_vec()),
            labels: classes,
            normalization: fitted.normalization.clone(),
            rows: Side::ALL.map(|s| s.name().to_owned()).into_iter().zip(rows).collect(),
            digests: digests(table),
            versions: Versions::default(),
        };
        Ok(Self { recipe, fitted, sides })
    }

    /// The files of the version, and what the list of versions says of it.
    pub fn blobs(&self, table: &Table, created_ms: i64) -> Result<(Vec<Blob>, Summary)> {
        let reports: Vec<_> = self.sides.iter().map(|s| (s.side.name(), &s.report)).collect();
        let predictions: Vec<_> = self.sides.iter().map(Judged::as_side).collect();
        let contents = Contents {
            recipe: &self.recipe,
            fitted: &self.fitted,
            reports: &reports,
            predictions: &predictions,
            labels: &labels(table, &self.recipe.labels),
        };
        let summary = contents.summary(created_ms);
        let mut blobs = contents.blobs()?;
        blobs.push(("last.safetensors".to_owned(), checkpoint::encode(&self.fitted.last)?));
        Ok((blobs, summary))
    }
}

impl Judged {
    fn as_side(&self) -> PredictedSide<'_> {
        PredictedSide {
            split: self.side.name(),
            window_id: &self.window,
            video: &self.video,
            subject: &self.subject,
            predictions: &self.predictions,
        }
    }
}

fn examples(table: &Table, side: Side, classes: &[String]) -> Examples {
    let records: Vec<&Record> = table.side(side).collect();
    // Every label is one of the classes, which are those of the table.
    let class = |record: &&Record| classes.binary_search(&record.label).unwrap_or_default() as u32;
    Examples {
        width: table.width,
        dim: table.dim,
        features: records.iter().flat_map(|r| table.values(r)).copied().collect(),
        valid_len: records.iter().map(|r| r.valid_len).collect(),
        labels: records.iter().map(class).collect(),
        weights: records.iter().map(|r| r.weight).collect(),
        keys: records.iter().map(|r| r.window.clone()).collect(),
    }
}

fn judge(
    side: Side,
    rows: &Examples,
    table: &Table,
    classes: &[String],
    predictor: &Predictor,
    seed: u64,
) -> Result<Judged> {
    let probabilities = predictor.probabilities(&rows.features, &rows.valid_len)?;
    if let Some(row) = probabilities.iter().position(|p| !p.is_finite()) {
        let window = &rows.keys[row / classes.len()];
        return data_err!("training: the net answers {} for window {window}: lower learning_rate", probabilities[row]);
    }
    let best = |p: &[f32]| (0..p.len()).rev().max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap_or_default() as u32;
    let records: Vec<&Record> = table.side(side).collect();
    let known = records.iter().all(|r| r.recording.is_some());
    let predictions = Predictions {
        labels: classes.to_vec(),
        truth: rows.labels.clone(),
        predicted: probabilities.chunks(classes.len()).map(best).collect(),
        probabilities,
        recording: records.iter().filter(|_| known).filter_map(|r| r.recording.clone()).collect(),
    };
    Ok(Judged {
        side,
        window: records.iter().map(|r| Some(r.window.clone())).collect(),
        video: records.iter().map(|r| r.video.clone()).collect(),
        subject: records.iter().map(|r| r.subject.clone()).collect(),
        report: evaluate(&predictions, seed)?,
        predictions,
    })
}

fn labels(table: &Table, classes: &[String]) -> Vec<LabelRow> {
    let row = |label: &String| {
        let of = |side| table.side(side).filter(|r| r.label == *label).collect::<Vec<_>>();
        let train = of(Side::Train);
        let weight: f64 = train.iter().map(|r| f64::from(r.weight)).sum();
        LabelRow {
            label: label.clone(),
            train: train.len() as u64,
            validation: of(Side::Validation).len() as u64,
            test: of(Side::Test).len() as u64,
            weight: (!train.is_empty()).then(|| weight / train.len() as f64),
        }
    };
    classes.iter().map(row).collect()
}

fn digests(table: &Table) -> Digests {
    let (mut rows, mut splits) = (Digest::new(), Digest::new());
    for record in &table.records {
        rows.text(&record.window).text(&record.label).numbers(table.values(record));
        splits.text(&record.window).text(record.side.name());
    }
    Digests { rows: rows.finish(), splits: splits.finish() }
}
