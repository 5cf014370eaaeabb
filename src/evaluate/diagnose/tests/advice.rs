//! What is advised can be typed: functions, arguments and options exist.

use super::super::{
    Baseline, CHECKS, Facts, Finding, Measured, Missingness, Offset, Score, Source, WildValue, diagnose,
};
use super::{healthy, matrix, seed};
use crate::options::training::TrainingOptions;
use crate::split::side::Side;

/// Arguments of the functions that are advised.
const FUNCTIONS: [(&str, &[&str]); 10] = [
    ("pose_windows", &["width", "stride", "short", "nulls", "max_fill", "hz"]),
    ("pose_window_stats", &[]),
    ("pose_inventory", &[]),
    ("pose_split", &["by", "train", "validation", "test"]),
    ("pose_folds", &["by", "folds"]),
    ("pose_augment", &["policy", "copies", "balance", "skeleton", "mirror_labels"]),
    ("pose_weigh", &["method", "power"]),
    ("pose_vector", &[]),
    ("pose_normalize", &[]),
    ("pose_center", &[]),
];

/// Trainings that together make every check find something.
fn every_finding() -> Vec<Finding> {
    let mut leaky = seed::seed();
    leaky.leaks = vec!["1 window ('w') is on more than one side (train, test)".into()];
    leaky.shared = vec![("shared subject (p1) on train, validation".into(), "split by => 'subject'".into())];
    leaky.optimistic_split = Some("by time inside recordings".into());
    leaky.sources = vec![Source { name: "archive".into(), windows: [0, 0, 3] }];
    leaky.constant_features = vec!["ax".into()];
    leaky.offsets = vec![Offset { feature: "x".into(), mean: 4.5e8, spread: 29.0 }];
    leaky.wild_values = vec![WildValue { feature: "y".into(), value: 1e20, window: "v:30".into(), others: 1024.0 }];
    leaky.rates = Some([(25.0, "a".into()), (50.0, "b".into())]);
    leaky.baselines = vec![Baseline { name: "majority".into(), split: Side::Test, accuracy: 0.47, net_is: None }];
    let score = Score { rows: 140, correct: 66 };
    leaky.missingness = vec![Missingness { side: Side::Test, score, commonest: 20, recordings: vec![] }];
    (leaky.measured[2].ece, leaky.measured[2].confidence) = (Some(0.6), Some(0.7));
    let mut permuted = healthy();
    permuted.measured[2].confusion = Some(matrix(7, &[(0, 1, 60), (1, 0, 60), (2, 2, 20)]));
    (permuted.measured[1].ece, permuted.measured[1].confidence) = (Some(0.3), Some(0.6));
    permuted.epochs.iter_mut().for_each(|epoch| epoch.accuracy = 0.15);
    let mut short = Facts { weighted: false, best_epoch: Some(2), ..seed::seed() };
    short.epochs = healthy().epochs;
    short.epochs.truncate(2);
    short.measured = [Measured::default(), Measured::default(), Measured::default()];
    short.classes.iter_mut().for_each(|class| (class.sides[1], class.sides[2]) = Default::default());
    let mut diverged = healthy();
    diverged.epochs[3].loss = f64::NAN;
    let mut stopped = healthy();
    stopped.epochs.truncate(2);
    stopped.measured[0].loss = Some(2.0);
    [leaky, permuted, short, diverged, stopped].iter().flat_map(diagnose).collect()
}

#[test]
fn every_check_finds_something_somewhere() {
    let findings = every_finding();
    for check in &CHECKS {
        assert!(findings.iter().any(|finding| finding.check == check.name), "{}", check.name);
    }
}

#[test]
fn every_finding_says_what_why_and_what_to_do() {
    for finding in every_finding() {
        for text in [&finding.message, &finding.cause, &finding.advice] {
            assert!(!text.is_empty() && !text.contains("  ") && !text.ends_with('.'), "{finding:?}");
        }
    }
}

#[test]
fn options_that_are_advised_exist() {
    for finding in every_finding() {
        for options in finding.advice.split("OPTIONS (").skip(1) {
            let inside = options.split(')').next().unwrap_or_default();
            let quoted: Vec<&str> = inside.split('\'').skip(1).step_by(2).collect();
            for name in quoted.iter().step_by(2) {
                assert!(TrainingOptions::NAMES.contains(name), "{name} in {}", finding.advice);
            }
        }
    }
}

#[test]
fn functions_and_arguments_that_are_advised_exist() {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    for Finding { advice, .. } in every_finding() {
        for (place, _) in advice.match_indices("pose_") {
            let name: String = advice[place..].chars().take_while(|c| is_word(*c)).collect();
            assert!(FUNCTIONS.iter().any(|(function, _)| *function == name), "{name} in {advice}");
        }
        for before in advice.split(" =>").map(str::trim_end).take(advice.matches(" =>").count()) {
            let name = before.rsplit(|c| !is_word(c)).next().unwrap_or_default();
            assert!(FUNCTIONS.iter().any(|(_, arguments)| arguments.contains(&name)), "{name} in {advice}");
        }
    }
}
