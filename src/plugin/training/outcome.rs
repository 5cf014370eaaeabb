//! What a training gives: weights, history, and the predictions of every side with their metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{StringArray, StringBuilder};

use super::watch::{Keeper, Reporter};
use crate::error::{Error, Result, data_err, query_err};
use crate::evaluate::{Predictions, Report, evaluate};
use crate::nn::config::ModelConfig;
use crate::nn::engine::NamedTensor;
use crate::options::training::TrainingOptions;
use crate::split::side::Side;
use crate::store::contents::Contents;
use crate::store::manifest::Summary;
use crate::store::recipe::{Digest, Digests, Member, Recipe, SCHEMA_VERSION, Versions, member_prefix};
use crate::store::table::labels::LabelRow;
use crate::store::table::predictions::Side as PredictedSide;
use crate::train::checkpoint;
use crate::train::fit::{Fitted, StoppedBecause, Training};
use crate::train::normalize::Normalization;
use crate::train::predictor::Predictor;
use crate::train::progress::Event;
use crate::train::source::Source;
use crate::train::table::{Table, column, texts};
use crate::train::transfer::{Donor, Heir};

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
    /// Window, video and subject of each row.
    keys: [StringArray; 3],
    predictions: Predictions,
    report: Report,
}

impl Outcome {
    /// Fits a net to the train rows of the table, and judges it on every side.
    ///
    /// # Errors
    /// What [`Training::fit`] refuses; a net that answers NaN.
    pub fn train(
        kind: &str,
        table: &Table,
        names: &[String],
        options: &TrainingOptions,
        donor: Option<&Donor>,
        keep: impl FnOnce(&ModelConfig, &Digests, &str) -> Result<Keeper>,
        reporter: &Reporter,
    ) -> Result<(Self, Keeper)> {
        let classes = table.classes.clone();
        let config = ModelConfig::new(table.width, table.dim, classes.len(), options)?;
        let [train, validation, test] = table.parts.each_ref().map(Source::rows);
        reporter.report(&Event::Start {
            epochs: options.epochs,
            parameters: config.parameter_count(),
            train,
            validation,
            test,
        });
        let [train, validation] = [Side::Train, Side::Validation].map(|side| table.part(side));
        let heritage = donor
            .map(|donor| (donor, Heir { config: &config, features: names, labels: &classes, freeze: &options.freeze }));
        let (digests, treatment) = digests(table)?;
        let mut keeper = keep(&config, &digests, &treatment)?;
        let fitted = Training { config: &config, options, train, validation, heritage }.fit(&mut keeper);
        let judged = fitted.and_then(|fitted| {
            let predictor = Predictor::new(&config, &fitted.normalization, &fitted.best, options.threads)?;
            let about = About { kind, names, options, config, digests, members: vec![] };
            Self::judge(table, fitted, &predictor, about)
        });
        match judged {
            Ok(outcome) => Ok((outcome, keeper)),
            Err(error) => {
                keeper.failed(&error);
                Err(error)
            }
        }
    }

    /// Averages nets, and judges that on every side of the table.
    ///
    /// # Errors
    /// Nets whose windows, features or classes are not those of the table.
    pub fn ensemble(
        kind: &str,
        table: &Table,
        names: &[String],
        options: &TrainingOptions,
        donors: &[Donor],
    ) -> Result<Self> {
        let (mut best, mut members, mut predictors) = (vec![], vec![], vec![]);
        for (index, donor) in donors.iter().enumerate() {
            let Donor { name: model, config, normalization, weights, .. } = donor;
            fits(donor, table, names)?;
            if let Some(other) = donors.iter().find(|other| other.features != donor.features) {
                let (ours, theirs) = (donor.features.join(", "), other.features.join(", "));
                return query_err!("option members: {model} reads the features {ours}; {} reads {theirs}", other.name);
            }
            predictors.push(Predictor::new(config, normalization, weights, options.threads)?);
            let prefix = member_prefix(index);
            let prefixed = |tensor: &NamedTensor| NamedTensor { name: prefix.clone() + &tensor.name, ..tensor.clone() };
            best.extend(weights.iter().map(prefixed));
            let (architecture, normalization) = (config.clone(), normalization.clone());
            members.push(Member { model: model.clone(), architecture, normalization });
        }
        let Some(first) = donors.first() else { return Err(Error::Internal("an ensemble of nothing".into())) };
        let fitted = Fitted {
            best,
            last: vec![],
            normalization: Normalization::default(),
            history: vec![],
            best_epoch: 0,
            stopped_because: StoppedBecause::Epochs,
            monitored: "",
        };
        let names = if names.is_empty() { &first.features } else { names };
        let about = About { kind, names, options, config: first.config.clone(), digests: digests(table)?.0, members };
        Self::judge(table, fitted, &Predictor::ensemble(predictors)?, about)
    }

    fn judge(table: &Table, fitted: Fitted, predictor: &Predictor, about: About<'_>) -> Result<Self> {
        let About { kind, names, options, config, digests, members } = about;
        let judge = |side: Side| judge(side, table, predictor, options.seed);
        let sides = Side::ALL.into_iter().filter(|side| table.part(*side).rows() > 0).map(judge);
        let sides = sides.collect::<Result<Vec<_>>>()?;
        let rows = table.parts.each_ref().map(|part| part.rows() as u64);
        let recipe = Recipe {
            schema_version: SCHEMA_VERSION,
            kind: kind.to_owned(),
            architecture: config,
            options: options.clone(),
            features: (!names.is_empty()).then(|| names.to_vec()),
            labels: table.classes.clone(),
            normalization: fitted.normalization.clone(),
            members,
            rows: Side::ALL.map(|s| s.name().to_owned()).into_iter().zip(rows).collect(),
            digests,
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
            labels: &labels(table),
        };
        let summary = contents.summary(created_ms);
        let mut blobs = contents.blobs()?;
        if !self.fitted.last.is_empty() {
            blobs.push(("last.safetensors".to_owned(), checkpoint::encode(&self.fitted.last)?));
        }
        Ok((blobs, summary))
    }
}

/// What the recipe says beside what was measured.
struct About<'a> {
    kind: &'a str,
    names: &'a [String],
    options: &'a TrainingOptions,
    config: ModelConfig,
    digests: Digests,
    members: Vec<Member>,
}

/// Refuses a net that cannot judge the rows of the table.
fn fits(donor: &Donor, table: &Table, names: &[String]) -> Result<()> {
    let Donor { name, config, features, labels, .. } = donor;
    if *labels != table.classes {
        let (there, here) = (labels.join(", "), table.classes.join(", "));
        return query_err!("option members: {name} knows the classes {there}; the rows have {here}");
    }
    if (config.width, config.features) != (table.width, table.dim) {
        let ModelConfig { width, features, .. } = config;
        let (w, d) = (table.width, table.dim);
        return query_err!("option members: {name} reads windows [{width}, {features}]; the rows have [{w}, {d}]");
    }
    if !features.is_empty() && !names.is_empty() && features != names {
        let (there, here) = (features.join(", "), names.join(", "));
        return query_err!("option members: {name} reads the features {there}; the rows have {here}");
    }
    Ok(())
}

impl Judged {
    fn as_side(&self) -> PredictedSide<'_> {
        PredictedSide {
            split: self.side.name(),
            window_id: Some(&self.keys[0]),
            video: Some(&self.keys[1]),
            subject: Some(&self.keys[2]),
            predictions: &self.predictions,
        }
    }
}

fn judge(side: Side, table: &Table, predictor: &Predictor, seed: u64) -> Result<Judged> {
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
    let report = evaluate(&predictions, seed)?;
    Ok(Judged { side, keys: keys.map(|mut keys| keys.finish()), report, predictions })
}

fn labels(table: &Table) -> Vec<LabelRow> {
    let row = |(class, label): (usize, &String)| {
        let [train, validation, test] = table.parts.each_ref().map(|part| part.counts[class]);
        LabelRow {
            label: label.clone(),
            train: train.rows,
            validation: validation.rows,
            test: test.rows,
            weight: (train.rows > 0).then(|| train.weight / train.rows as f64),
        }
    };
    table.classes.iter().enumerate().map(row).collect()
}

/// Of the rows of train, validation and test, each in their order; then of what training reads of them beside name, label
/// and values, their recorded frames and weights.
fn digests(table: &Table) -> Result<(Digests, String)> {
    let (mut all, mut splits, mut treatment) = (Digest::new(), Digest::new(), Digest::new());
    for side in Side::ALL {
        let part = table.part(side);
        for index in 0..part.blocks() {
            let rows = part.block(index)?;
            let windows = rows.features.chunks_exact(rows.width * rows.dim);
            for ((window, label), values) in rows.keys.iter().zip(&rows.labels).zip(windows) {
                all.text(window).text(&table.classes[*label as usize]).numbers(values);
                splits.text(window).text(side.name());
            }
            let lengths: Vec<f32> = rows.valid_len.iter().map(|n| *n as f32).collect();
            treatment.numbers(&lengths).numbers(&rows.weights);
        }
    }
    Ok((Digests { rows: all.finish(), splits: splits.finish() }, treatment.finish()))
}
