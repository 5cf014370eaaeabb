//! A healthy training, and what is found where one thing of it is changed.

mod advice;
mod seed;

use super::{CHECKS, Check, Class, Count, Epoch, Facts, Finding, Measured, Score, Severity, diagnose};
use crate::evaluate::metric::confusion::Confusion;

pub(super) fn found(check: &Check, facts: &Facts) -> Vec<Finding> {
    (check.find)(facts)
}

/// Rows by (true class, predicted class, rows).
pub(super) fn matrix(classes: usize, cells: &[(usize, usize, u64)]) -> Confusion {
    let mut matrix = Confusion::new(classes);
    cells.iter().for_each(|(truth, predicted, n)| matrix.add(*truth, *predicted, *n));
    matrix
}

/// Recordings by (correct, rows).
pub(super) fn scores(pairs: &[(u64, u64)]) -> Vec<Score> {
    pairs.iter().map(|(correct, rows)| Score { rows: *rows, correct: *correct }).collect()
}

/// 7 classes of 60 + 20 + 20 windows, 10 to a recording; of each class 1, 1 and 2 windows are wrong, each in a
/// recording of its own.
pub(super) fn healthy() -> Facts {
    let class = |label: &str| Class {
        label: label.to_owned(),
        sides: [(60, 6), (20, 2), (20, 2)].map(|(windows, recordings)| Count { windows, recordings, names: vec![] }),
        copies: 0,
    };
    let side = |rows: u64, wrong: u64, recordings: u64| Measured {
        confusion: Some(matrix(7, &cells(rows, wrong))),
        interval: None,
        loss: None,
        recordings: (0..recordings).map(|i| Score { rows: 10, correct: if i < 7 * wrong { 9 } else { 10 } }).collect(),
        ece: Some(0.05),
        confidence: Some(0.93),
    };
    Facts {
        classes: ["jump", "kick", "run", "sit", "squat", "walk", "wave"].map(class).to_vec(),
        recordings: [42, 14, 14],
        parameters: Some(8_455),
        epochs: (0..20).map(epoch).collect(),
        best_epoch: Some(17),
        measured: [side(60, 1, 42), side(20, 1, 14), side(20, 2, 14)],
        ..Facts::default()
    }
}

fn cells(rows: u64, wrong: u64) -> Vec<(usize, usize, u64)> {
    (0..7).flat_map(|class| [(class, class, rows - wrong), (class, (class + 1) % 7, wrong)]).collect()
}

/// Losses that fall by a fifth an epoch towards a floor.
fn epoch(number: i32) -> Epoch {
    let left = 0.8f64.powi(number);
    Epoch {
        loss: 0.1 + 1.8 * left,
        accuracy: 0.97 - 0.7 * left,
        val_loss: Some(0.3 + 1.5 * left),
        val_accuracy: Some(0.93 - 0.6 * left),
        learning_rate: Some(1e-3),
    }
}

#[test]
fn a_healthy_training_has_neither_errors_nor_warnings() {
    assert_eq!(diagnose(&healthy()), []);
}

#[test]
fn without_facts_nothing_is_found() {
    assert_eq!(diagnose(&Facts::default()), []);
}

#[test]
fn the_order_is_severity_then_the_list_of_checks() {
    let findings = diagnose(&seed::seed());
    let place = |finding: &Finding| (finding.severity, CHECKS.iter().position(|check| check.name == finding.check));
    assert!(findings.is_sorted_by_key(place));
    assert!(Severity::Error < Severity::Warning && Severity::Warning < Severity::Note);
    assert_eq!(findings, diagnose(&seed::seed()));
}

#[test]
fn no_two_checks_have_one_name() {
    let mut names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CHECKS.len());
}
