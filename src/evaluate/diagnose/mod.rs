//! What is wrong with a training: its facts in, findings out.

mod calibration;
mod chance;
mod collapsed;
mod constant_feature;
mod diverged;
mod doubtful_split;
mod effective;
mod empty_test;
mod empty_validation;
mod facts;
mod few_recordings;
mod few_windows;
mod finding;
mod forgotten_source;
mod imbalance;
mod leaky;
mod lost_precision;
mod missingness;
mod mixed_rates;
mod never_improved;
mod newcombe;
mod not_trained;
mod optimistic_split;
mod over_fitting;
mod permuted_labels;
mod small_dataset;
mod still_improving;
mod tiny_validation;
mod too_many_parameters;
mod under_fitting;
mod unseen_class;
mod wild_value;
mod wording;
mod worse_than_baseline;

#[cfg(test)]
mod tests;

pub use facts::{Baseline, Class, Count, Epoch, Facts, Measured, Offset, Score, Source, WildValue};
pub use finding::{Finding, Severity};
pub use missingness::Missingness;

/// One thing that can be wrong.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The name in the column `check`.
    pub name: &'static str,
    /// What it looks for, in a sentence.
    pub about: &'static str,
    /// What it finds, in a fixed order; nothing where its facts are missing.
    pub find: fn(&Facts) -> Vec<Finding>,
}

/// Every check, causes before their effects: the one list.
pub const CHECKS: [Check; 30] = [
    not_trained::CHECK,
    leaky::CHECK,
    unseen_class::CHECK,
    permuted_labels::CHECK,
    diverged::CHECK,
    collapsed::CHECK,
    chance::WORSE,
    chance::NOT_BETTER,
    worse_than_baseline::CHECK,
    empty_validation::CHECK,
    tiny_validation::CHECK,
    empty_test::CHECK,
    optimistic_split::CHECK,
    doubtful_split::CHECK,
    forgotten_source::CHECK,
    small_dataset::CHECK,
    few_recordings::CHECK,
    few_windows::CHECK,
    imbalance::CHECK,
    lost_precision::CHECK,
    wild_value::CHECK,
    mixed_rates::CHECK,
    constant_feature::CHECK,
    missingness::CHECK,
    too_many_parameters::CHECK,
    over_fitting::CHECK,
    under_fitting::CHECK,
    never_improved::CHECK,
    still_improving::CHECK,
    calibration::CHECK,
];

/// Everything that the checks find: errors first, then warnings, then notes, each in the order of [`CHECKS`]. Of a net that
/// was not trained, nothing that its answers would have to tell.
///
/// ```
/// use posequel::evaluate::diagnose::{Class, Count, Facts, Severity, diagnose};
/// let seen = Class { label: "walk".into(), sides: [40, 10, 10].map(Count::windows), copies: 0 };
/// let unseen = Class { label: "run".into(), sides: [0, 0, 16].map(Count::windows), copies: 0 };
/// let findings = diagnose(&Facts { classes: vec![seen, unseen], ..Facts::default() });
/// assert_eq!((findings[0].check, findings[0].severity), ("unseen_class", Severity::Error));
/// assert_eq!(findings[0].message, "class 'run' has 16 windows in test and none in train");
/// ```
pub fn diagnose(facts: &Facts) -> Vec<Finding> {
    let is_trained = (not_trained::CHECK.find)(facts).is_empty();
    let tells = |check: &&Check| is_trained || !not_trained::SILENT.contains(&check.name);
    let mut findings: Vec<Finding> = CHECKS.iter().filter(tells).flat_map(|check| (check.find)(facts)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// What of [`CHECKS`] is known before a training begins, from its values and times alone: told then, since training costs time.
pub const BEFORE_TRAINING: [Check; 3] = [lost_precision::CHECK, wild_value::CHECK, mixed_rates::CHECK];
