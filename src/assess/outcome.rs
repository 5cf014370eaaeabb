//! What a training gives: weights, history, and the predictions of every side with their metrics.

use super::answers::{Answers, Judged, Panel};
use super::baselines::{self, Standings};
use super::diagnosis::{Assessed, findings};
use super::keeper::Keeper;
use super::reporter::Reporter;
use super::survey::Survey;
use crate::error::{Result, query_err};
use crate::evaluate::diagnose::{BEFORE_TRAINING, Finding, Severity};
use crate::interrupt::Interrupt;
use crate::nn::config::ModelConfig;
use crate::options::training::TrainingOptions;
use crate::split::side::Side;
use crate::store::contents::Contents;
use crate::store::manifest::Summary;
use crate::store::recipe::{Member, Recipe, SCHEMA_VERSION, Versions};
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
    standings: Standings,
    diagnosis: Vec<Finding>,
}

/// A file of a version: its name and its bytes.
type Blob = (String, bytes::Bytes);

impl Outcome {
    /// Fits a net to the train rows of the table, and judges it on every side.
    ///
    /// # Errors
    /// What [`Training::fit`] refuses; a net that answers NaN; an interrupt. What was trained until then is kept.
    pub fn train(
        asked: Asked<'_>,
        table: &Table,
        donor: Option<&Donor>,
        keep: impl FnOnce(&ModelConfig, &Survey) -> Result<Keeper>,
    ) -> Result<(Self, Keeper)> {
        let Asked { names, options, reporter, interrupt, .. } = asked;
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
        if options.calibrate && validation.rows() == 0 {
            return no_validation();
        }
        let heritage = donor
            .map(|donor| (donor, Heir { config: &config, features: names, labels: &classes, freeze: &options.freeze }));
        let survey = Survey::of(table, interrupt)?;
        let mut keeper = keep(&config, &survey)?;
        let fitted = Training { config: &config, options, train, validation, heritage }.fit(&mut keeper);
        let judged = fitted.and_then(|fitted| {
            let predictor = Predictor::new(&config, &fitted.normalization, &fitted.best, options.threads)?;
            Self::judge(table, fitted, predictor, About { asked, config, survey, members: vec![] })
        });
        match judged {
            Ok(outcome) => Ok((outcome, keeper)),
            Err(error) => Err(keeper.failed(error)),
        }
    }

    /// Judges a net on every side of the table.
    pub(super) fn judge(table: &Table, fitted: Fitted, predictor: Predictor, about: About<'_>) -> Result<Self> {
        let About { asked, config, survey, members } = about;
        let Asked { kind, names, options, replay, reporter, interrupt } = asked;
        let (mut done, of) = (0, table.rows() as u64);
        let baselines = baselines::fit(&survey.train, table.classes.len(), interrupt)?;
        let panel = Panel { predictor: &predictor, baselines: &baselines };
        let mut sides = vec![];
        for side in Side::ALL.into_iter().filter(|side| table.part(*side).rows() > 0) {
            sides.push(panel.ask(table, side, interrupt, |rows| {
                done += rows as u64;
                reporter.report(&Event::Judged { done, of });
            })?);
        }
        reporter.report(&Event::Stage("metrics"));
        let temperature = if options.calibrate { temperature(&sides)? } else { None };
        let judge = |answers: Answers| answers.judge(temperature, options.seed, interrupt);
        let sides = sides.into_iter().map(judge).collect::<Result<Vec<_>>>()?;
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
            digests: survey.digests,
            versions: Versions::default(),
        };
        reporter.report(&Event::Stage("baselines"));
        let standings = baselines::standings(&sides, &baselines, options.seed, interrupt)?;
        let parameters = recipe.members.is_empty().then(|| recipe.architecture.parameter_count());
        let measured = Assessed {
            table,
            fitted: &fitted,
            parameters,
            sides: &sides,
            standings: &standings,
            constant: &survey.train.constant(),
            names,
        };
        let diagnosis = findings(&measured, interrupt)?;
        Ok(Self { recipe, fitted, sides, standings, diagnosis })
    }

    /// What is wrong with the net, for whoever watches: errors and warnings.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        // Leaks, and what values and times tell, were told before the training began.
        let was_told = move |check: &str| {
            ["leaky", "doubtful_split"].contains(&check) || BEFORE_TRAINING.iter().any(|before| before.name == check)
        };
        let grave = move |finding: &&Finding| finding.severity != Severity::Note && !was_told(finding.check);
        let grave = self.diagnosis.iter().filter(grave);
        grave.map(|finding| format!("{}: {}", finding.check, finding.message))
    }

    /// The files of the version, and what the list of versions says of it.
    pub fn blobs(&self, table: &Table, created_ms: i64) -> Result<(Vec<Blob>, Summary)> {
        let reports: Vec<_> = self.sides.iter().map(|s| (s.side().name(), &s.report)).collect();
        let predictions: Vec<_> = self.sides.iter().map(Judged::as_side).collect();
        let contents = Contents {
            recipe: &self.recipe,
            fitted: &self.fitted,
            reports: &reports,
            predictions: &predictions,
            labels: &labels(table),
            baselines: &self.standings.baselines,
            recordings: &self.standings.recordings,
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
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// `LSTM`
    pub kind: &'a str,
    /// Names of the features; none if they are not known.
    pub names: &'a [String],
    /// As they were given.
    pub options: &'a TrainingOptions,
    /// How the windows were cut, where that is known.
    pub replay: Option<&'a Replay>,
    /// Who hears how far it is.
    pub reporter: &'a Reporter,
    /// Who may end it.
    pub interrupt: &'a Interrupt,
}

/// What the recipe says beside what was measured.
pub(super) struct About<'a> {
    /// What was asked for.
    pub asked: Asked<'a>,
    /// The net.
    pub config: ModelConfig,
    /// Of the rows.
    pub survey: Survey,
    /// Of an ensemble.
    pub members: Vec<Member>,
}

/// The temperature that fits the validation rows.
///
/// # Errors
/// No validation rows: train rows make a net look surer than it is.
fn temperature(sides: &[Answers]) -> Result<Option<f64>> {
    match sides.iter().find(|answers| answers.side == Side::Validation) {
        Some(answers) => Ok(answers.temperature()),
        None => no_validation(),
    }
}

fn no_validation<T>() -> Result<T> {
    query_err!("option calibrate needs validation rows: give validation a share in pose_split, or leave it out")
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
