//! The facts of a training that is over, for the checks of `pose_diagnose`.

use super::answers::Judged;
use super::baselines::Standings;
use super::missing::missingness;
use crate::error::Result;
use crate::evaluate::Report;
use crate::evaluate::diagnose::{
    BEFORE_TRAINING, Baseline, Class, Count, Epoch, Facts, Finding, Measured, Offset, Score, Source, WildValue,
    diagnose,
};
use crate::evaluate::metric::confusion::Confusion;
use crate::evaluate::metric::{accuracy, ece, log_loss};
use crate::evaluate::paired::can_tell;
use crate::frames::scale::Doubt;
use crate::interrupt::Interrupt;
use crate::split::leaks::{ClassRows, Verdict};
use crate::split::side::Side;
use crate::store::table::recordings::NET;
use crate::train::fit::Fitted;
use crate::train::table::Table;

/// All that is known once a net was judged.
pub struct Assessed<'a> {
    /// What it was fitted to.
    pub table: &'a Table,
    /// The net.
    pub fitted: &'a Fitted,
    /// Trainable parameters; none of an ensemble.
    pub parameters: Option<usize>,
    /// What it says about every side.
    pub sides: &'a [Judged],
    /// How it and simpler models do.
    pub standings: &'a Standings,
    /// Features that have one value in all of train, by their place.
    pub constant: &'a [usize],
    /// Names of the features, or none.
    pub names: &'a [String],
}

/// What is wrong with a net.
///
/// # Errors
/// An interrupt.
pub fn findings(assessed: &Assessed<'_>, interrupt: &Interrupt) -> Result<Vec<Finding>> {
    let Assessed { table, fitted, parameters, sides, standings, constant, names } = *assessed;
    let mut facts = Facts {
        classes: table.verdict.classes.iter().map(|(label, sides)| class(label, sides)).collect(),
        recordings: recordings(&table.verdict),
        weighted: is_weighted(table),
        parameters: parameters.map(|n| n as u64),
        epochs: fitted.history.iter().map(epoch).collect(),
        best_epoch: (fitted.best_epoch > 0).then_some(fitted.best_epoch),
        baselines: standings.baselines.iter().filter_map(baseline).collect(),
        sources: table.verdict.sources.iter().map(|(name, of)| Source { name: name.clone(), windows: *of }).collect(),
        constant_features: constant.iter().map(|place| feature(*place, names)).collect(),
        missingness: table
            .filled
            .as_ref()
            .map(|filled| missingness(filled, interrupt))
            .transpose()?
            .unwrap_or_default(),
        leaks: if table.verdict.is_leaky() { table.verdict.warnings().collect() } else { vec![] },
        validation_made: validation_made(&table.verdict),
        shared: table.verdict.doubts().map(|(what, advice)| (what, advice.to_owned())).collect(),
        optimistic_split: table.verdict.in_time.then(|| "by time inside recordings".to_owned()),
        ..doubts(table, names)
    };
    for judged in sides {
        facts.measured[judged.side() as usize] = measured(judged, standings, table.classes.len());
    }
    Ok(diagnose(&facts))
}

/// What is doubtful about the values and times of a table, as facts without any other.
fn doubts(table: &Table, names: &[String]) -> Facts {
    let mut facts = Facts { rates: table.doubts.rates.clone(), ..Facts::default() };
    for (place, doubt) in &table.doubts.values {
        let feature = feature(*place, names);
        match doubt {
            Doubt::Offset { mean, spread } => {
                facts.offsets.push(Offset { feature, mean: *mean, spread: *spread });
            }
            Doubt::Wild { value, at, others } => {
                let window = at.to_string();
                facts.wild_values.push(WildValue { feature, value: *value, window, others: *others });
            }
        }
    }
    facts
}

/// What is to be said before a training begins: what its values and times tell.
pub fn before_training(table: &Table, names: &[String]) -> Vec<String> {
    let facts = doubts(table, names);
    let findings = BEFORE_TRAINING.iter().flat_map(|check| (check.find)(&facts));
    findings.map(|finding| format!("{}: {}; {}", finding.check, finding.message, finding.advice)).collect()
}

/// Where people are on two sides, and these are train and validation alone: pose_split had none left for validation.
fn validation_made(verdict: &Verdict) -> Option<String> {
    let people = verdict.leaks.iter().find(|leak| leak.check == "shared subject" && leak.count > 0)?;
    (people.sides == "train, validation").then(|| "whole recordings of people that train knows".to_owned())
}

fn class(label: &str, sides: &[ClassRows; 3]) -> Class {
    let count = |of: &ClassRows| Count {
        windows: of.rows - of.copies,
        recordings: of.recordings.len() as u64,
        names: of.recordings.iter().take(5).cloned().collect(),
    };
    let copies = sides.iter().map(|of| of.copies).sum();
    Class { label: label.to_owned(), sides: sides.each_ref().map(count), copies }
}

fn recordings(verdict: &Verdict) -> [u64; 3] {
    Side::ALL.map(|side| {
        let of_side = verdict.classes.values().flat_map(|sides| &sides[side as usize].recordings);
        of_side.collect::<std::collections::BTreeSet<_>>().len() as u64
    })
}

/// Whether the weights of train rows differ from class to class.
fn is_weighted(table: &Table) -> bool {
    let train = table.part(Side::Train).counts.iter().filter(|count| count.rows > 0);
    let means: Vec<f64> = train.map(|count| count.weight / count.rows as f64).collect();
    means.iter().any(|mean| (mean - 1.0).abs() > 1e-6)
}

fn epoch(epoch: &crate::train::fit::Epoch) -> Epoch {
    Epoch {
        loss: epoch.loss,
        accuracy: epoch.accuracy,
        val_loss: epoch.val_loss,
        val_accuracy: epoch.val_accuracy,
        learning_rate: Some(epoch.learning_rate),
    }
}

fn baseline(row: &crate::store::table::baselines::BaselineRow) -> Option<Baseline> {
    let split = Side::ALL.into_iter().find(|side| side.name() == row.split)?;
    // Of few recordings the test can say nothing, whatever was seen; the interval can.
    let net_is = row.net_is.filter(|_| can_tell(row.groups as usize));
    Some(Baseline { name: row.baseline.to_owned(), split, accuracy: row.accuracy?, net_is })
}

fn feature(place: usize, names: &[String]) -> String {
    names.get(place).cloned().unwrap_or_else(|| format!("features[{}]", place + 1))
}

fn measured(judged: &Judged, standings: &Standings, classes: usize) -> Measured {
    let predictions = judged.predictions();
    let mut confusion = Confusion::new(classes);
    for (truth, predicted) in predictions.truth.iter().zip(&predictions.predicted) {
        confusion.add(*truth as usize, *predicted as usize, 1);
    }
    let row = |name: &str| judged.report.metrics.iter().find(|row| row.metric == name);
    let interval = row(accuracy::METRIC.name).and_then(|row| row.low.zip(row.high));
    let own = standings.recordings.iter().filter(|row| row.predictor == NET && row.split == judged.side().name());
    Measured {
        confusion: Some(confusion),
        interval,
        recordings: own.map(|row| Score { rows: row.rows, correct: row.correct }).collect(),
        loss: row(log_loss::METRIC.name).and_then(|row| row.value),
        ece: row(ece::METRIC.name).and_then(|row| row.value),
        confidence: confidence(&judged.report),
    }
}

/// The mean of the largest probability of each row.
fn confidence(report: &Report) -> Option<f64> {
    let bins = report.reliability.iter().filter_map(|bin| Some((bin.confidence? * bin.count as f64, bin.count)));
    let (sum, rows) = bins.fold((0.0, 0), |(sum, rows), (more, count)| (sum + more, rows + count));
    (rows > 0).then(|| sum / rows as f64)
}
