//! What a training gives: weights, history, and the predictions of every side with their metrics.

use super::beside::{Beside, beside};
use super::diagnosis::findings;
use super::judged::{Judged, judge};
use super::watch::{Keeper, Reporter};
use crate::error::{Result, query_err};
use crate::evaluate::Predictions;
use crate::evaluate::diagnose::{BEFORE_TRAINING, Finding, Severity};
use crate::nn::config::ModelConfig;
use crate::nn::temperature;
use crate::options::training::TrainingOptions;
use crate::split::side::Side;
use crate::store::contents::Contents;
use crate::store::manifest::Summary;
use crate::store::recipe::{Digest, Digests, Member, Recipe, SCHEMA_VERSION, Versions};
use crate::store::replay::Replay;
use crate::store::table::labels::LabelRow;
use crate::store::table::metrics::Caveat;
use crate::train::checkpoint;
use crate::train::fit::{Fitted, Training};
use crate::train::predictor::Predictor;
use crate::train::progress::Event;
use crate::train::source::Source;
use crate::train::table::Table;
use crate::train::transfer::{Donor, Heir};

/// A fitted net and what it says about its table.
pub struct Outcome {
    recipe: Recipe,
    fitted: Fitted,
    sides: Vec<Judged>,
    beside: Beside,
    diagnosis: Vec<Finding>,
}

/// A file of a version: its name and its bytes.
type Blob = (String, bytes::Bytes);

impl Outcome {
    /// Fits a net to the train rows of the table, and judges it on every side.
    ///
    /// # Errors
    /// What [`Training::fit`] refuses; a net that answers NaN.
    pub fn train(
        asked: Asked<'_>,
        table: &Table,
        donor: Option<&Donor>,
        keep: impl FnOnce(&ModelConfig, &Digests, &str) -> Result<Keeper>,
        reporter: &Reporter,
    ) -> Result<(Self, Keeper)> {
        let Asked { names, options, .. } = asked;
        let classes = table.classes.clone();
        let config = ModelConfig::new(table.width, table.dim, classes.len(), options)?;
        let [train, validation, test] = table.parts.each_ref().map(Source::rows);
        reporter.report(&Event::Start {
            epochs: options.epochs,
            parameters: config.parameter_count(),
            features: names.to_vec(),
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
            let about = About { asked, config, digests, members: vec![] };
            Self::judge(table, fitted, predictor, about)
        });
        match judged {
            Ok(outcome) => Ok((outcome, keeper)),
            Err(error) => {
                keeper.failed(&error);
                Err(error)
            }
        }
    }

    /// Judges a net on every side of the table.
    pub(super) fn judge(table: &Table, fitted: Fitted, predictor: Predictor, about: About<'_>) -> Result<Self> {
        let About { asked: Asked { kind, names, options, replay }, config, digests, members } = about;
        let temperature = if options.calibrate { temperature(table, &predictor, options.seed)? } else { None };
        let predictor = predictor.with_temperature(temperature);
        let judge = |side: Side| judge(side, table, &predictor, options.seed);
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
            temperature,
            replay: replay.cloned(),
            rows: Side::ALL.map(|s| s.name().to_owned()).into_iter().zip(rows).collect(),
            digests,
            versions: Versions::default(),
        };
        let beside = beside(table, &sides, options.seed)?;
        let parameters = recipe.members.is_empty().then(|| recipe.architecture.parameter_count());
        let diagnosis = findings(table, &fitted, parameters, &sides, &beside, names);
        Ok(Self { recipe, fitted, sides, beside, diagnosis })
    }

    /// What is wrong with the net, for whoever watches: errors and warnings.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        // Leaks, and what values and times tell, were told before the training began.
        let was_told = move |check: &str| check == "leaky" || BEFORE_TRAINING.iter().any(|before| before.name == check);
        let grave = move |finding: &&Finding| finding.severity != Severity::Note && !was_told(finding.check);
        let grave = self.diagnosis.iter().filter(grave);
        grave.map(|finding| format!("{}: {}", finding.check, finding.message))
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
            baselines: &self.beside.baselines,
            recordings: &self.beside.recordings,
            verdict: &table.verdict,
            filled: table.filled.as_ref(),
            diagnosis: &self.diagnosis,
            caveat: Caveat {
                leaky: table.verdict.is_leaky(),
                caveat: table
                    .verdict
                    .in_time
                    .then_some("optimistic: split in time, so train knows the recordings of validation and test"),
            },
        };
        let summary = contents.summary(created_ms);
        let mut blobs = contents.blobs()?;
        if !self.fitted.last.is_empty() {
            blobs.push(("last.safetensors".to_owned(), checkpoint::encode(&self.fitted.last)?.into()));
        }
        Ok((blobs, summary))
    }
}

/// What a COPY asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// `LSTM`
    pub kind: &'a str,
    /// Names of the features; none if they are not known.
    pub names: &'a [String],
    /// As they were given.
    pub options: &'a TrainingOptions,
    /// How the windows were cut, where that is known.
    pub replay: Option<&'a Replay>,
}

/// What the recipe says beside what was measured.
pub(super) struct About<'a> {
    /// What was asked for.
    pub asked: Asked<'a>,
    /// The net.
    pub config: ModelConfig,
    /// Of the rows.
    pub digests: Digests,
    /// Of an ensemble.
    pub members: Vec<Member>,
}

/// The temperature that fits the validation rows.
///
/// # Errors
/// No validation rows: train rows make a net look surer than it is.
fn temperature(table: &Table, predictor: &Predictor, seed: u64) -> Result<Option<f64>> {
    if table.part(Side::Validation).rows() == 0 {
        return query_err!(
            "option calibrate needs validation rows: give validation a share in pose_split, or leave it out"
        );
    }
    let judged = judge(Side::Validation, table, predictor, seed)?;
    let Predictions { probabilities, truth, .. } = judged.predictions();
    Ok(temperature::fit(probabilities, truth, table.classes.len()).map(|fitted| fitted.temperature))
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
pub(super) fn digests(table: &Table) -> Result<(Digests, String)> {
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
