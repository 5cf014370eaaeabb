//! An example page with made-up numbers: an ordinary model.

use crate::evaluate;
use crate::report::page::{Headline, Page};
use crate::report::rows::*;
use crate::schema::{TEST, TRAIN, VALIDATION};

/// Shoulder exercises: true class, and the windows of test by predicted class.
const EXERCISES: [(&str, [u64; 7]); 7] = [
    ("abduction", [48, 0, 2, 8, 0, 2, 0]),
    ("external rotation", [0, 51, 0, 0, 7, 2, 0]),
    ("flexion", [3, 0, 44, 12, 0, 0, 1]),
    ("internal rotation", [9, 0, 14, 37, 0, 0, 0]),
    ("pendulum", [0, 3, 0, 0, 57, 0, 0]),
    ("row", [1, 4, 0, 0, 2, 53, 0]),
    ("trapezius extension", [6, 0, 11, 1, 0, 12, 30]),
];

/// Numbers in [0, 1) that are the same every time.
pub fn noise(i: u64) -> f64 {
    (i.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 40) as f64
        / (1u64 << 24) as f64
}

fn classes(split: &str, matrix: &[(&str, [u64; 7]); 7]) -> Vec<ClassRow> {
    let row = |(i, (label, counts)): (usize, &(&str, [u64; 7]))| {
        let (right, support) = (counts[i] as f64, counts.iter().sum::<u64>());
        let predicted: u64 = matrix.iter().map(|(_, counts)| counts[i]).sum();
        let (recall, half) = (right / support as f64, 0.12);
        let row = evaluate::ClassRow {
            label: (*label).into(),
            precision: Some(right / predicted as f64),
            recall: Some(recall),
            recall_low: Some((recall - half).max(0.0)),
            recall_high: Some((recall + half * 0.8).min(1.0)),
            f1: Some(2.0 * right / (support + predicted) as f64),
            support,
            roc_auc: Some(0.9 + 0.09 * noise(i as u64)),
            average_precision: Some(0.7 + 0.25 * noise(i as u64)),
        };
        OfSide { split: split.into(), row }
    };
    matrix.iter().enumerate().map(row).collect()
}

/// The cells of a matrix.
pub fn confusion(split: &str, labels: &[&str], count: impl Fn(usize, usize) -> u64) -> Vec<CellRow> {
    let cell = |i: usize, j: usize| OfSide {
        split: split.into(),
        row: evaluate::CellRow { label: labels[i].into(), predicted: labels[j].into(), count: count(i, j) },
    };
    let cell = &cell;
    (0..labels.len()).flat_map(|i| (0..labels.len()).map(move |j| cell(i, j))).collect()
}

fn metrics(split: &str, n: u64, groups: u64, shift: f64) -> Vec<MetricRow> {
    let row = |(metric, unit, better, value): (&str, &str, &str, f64)| {
        // Part of the way to perfect.
        let perfect = if better == "higher" { 1.0 } else { 0.0 };
        let value = value + shift * (perfect - value);
        let width = (1.0 - value).min(value);
        let bounds = metric != "top_3";
        MetricRow {
            split: split.into(),
            metric: metric.into(),
            unit: unit.into(),
            better: better.into(),
            value: Some(value),
            low: bounds.then_some(value - 0.66 * width),
            high: bounds.then_some(value + 0.6 * width),
            interval: bounds.then(|| "bootstrap over recordings".to_owned()),
            n,
            groups,
        }
    };
    [
        ("accuracy", "share", "higher", 0.762),
        ("balanced_accuracy", "share", "higher", 0.758),
        ("macro_precision", "share", "higher", 0.781),
        ("macro_f1", "share", "higher", 0.755),
        ("kappa", "1", "higher", 0.722),
        ("mcc", "1", "higher", 0.726),
        ("roc_auc", "1", "higher", 0.871),
        ("log_loss", "nats", "lower", 0.711),
        ("brier", "1", "lower", 0.344),
        ("top_3", "share", "higher", 0.848),
        ("ece", "share", "lower", 0.142),
    ]
    .map(row)
    .into()
}

/// Bins in which accuracy is `scale` times confidence, more or less.
pub fn reliability(split: &str, scale: f64) -> Vec<ReliabilityRow> {
    let bin = |i: u32| {
        let count = [0, 0, 3, 12, 21, 28, 34, 49, 81, 192][i as usize];
        let sure = (f64::from(i) + 0.55) / 10.0;
        let row = evaluate::ReliabilityRow {
            low: f64::from(i) / 10.0,
            high: f64::from(i + 1) / 10.0,
            count,
            confidence: (count > 0).then_some(sure),
            accuracy: (count > 0).then_some(sure * scale + 0.05 * noise(u64::from(i))),
        };
        OfSide { split: split.into(), row }
    };
    (0..10).map(bin).collect()
}

/// A curve for each class.
pub fn curves(split: &str, labels: &[&str]) -> Vec<CurvePoint> {
    let point = |(k, label): (usize, &&str), i: u32| {
        let x = f64::from(i) / 40.0;
        CurvePoint {
            split: split.into(),
            label: (*label).into(),
            false_positive_rate: x,
            true_positive_rate: x.powf(0.04 + 0.2 * noise(k as u64)),
        }
    };
    labels.iter().enumerate().flat_map(|class| (0..=40).map(move |i| point(class, i))).collect()
}

fn history(epochs: u64) -> Vec<EpochRow> {
    let row = |epoch: u64| {
        let t = epoch as f64;
        EpochRow {
            epoch,
            loss: Some(1.9 * (-t / 6.0).exp() + 0.12),
            val_loss: Some(1.7 * (-t / 4.0).exp() + 0.5 + 0.018 * t + 0.12 * noise(epoch)),
            accuracy: Some(0.97 - 0.8 * (-t / 5.0).exp()),
            val_accuracy: Some(0.82 - 0.6 * (-t / 3.0).exp() - 0.05 * noise(epoch)),
            learning_rate: Some(if epoch > 14 { 5e-4 } else { 1e-3 }),
        }
    };
    (1..=epochs).map(row).collect()
}

/// A finding.
pub fn finding(severity: &str, check: &str, message: &str, cause: &str, advice: &str) -> FindingRow {
    let own = str::to_owned;
    FindingRow {
        severity: own(severity),
        check: own(check),
        message: own(message),
        cause: own(cause),
        advice: own(advice),
    }
}

fn recipe() -> Vec<RecipeRow> {
    let row = |(key, value): (&str, &str)| RecipeRow { key: key.into(), value: value.into() };
    [
        ("units", "64, 32"),
        ("bidirectional", "true"),
        ("dropout", "0.3"),
        ("batch size", "32"),
        ("optimizer", "Adam"),
        ("learning rate", "0.001"),
        ("epochs", "24 of at most 50"),
        ("monitor", "val_loss"),
        ("class weights", "balanced"),
        ("seed", "7"),
        ("rows", "blake3 9f2c51b0a7e4"),
        ("parameters", "121,351"),
    ]
    .map(row)
    .into()
}

/// The same counts for each class.
pub fn inventory(labels: &[&str]) -> Vec<InventoryRow> {
    let row = |split: &str, label: &str, windows, recordings, subjects| InventoryRow {
        split: split.into(),
        label: label.into(),
        windows,
        copies: Some(if split == TRAIN { 2 * windows } else { 0 }),
        recordings: Some(recordings),
        subjects: Some(subjects),
    };
    let of =
        |label: &&str| [row(TRAIN, label, 540, 12, 6), row(VALIDATION, label, 60, 4, 2), row(TEST, label, 60, 4, 2)];
    labels.iter().flat_map(of).collect()
}

fn baseline(name: &str, accuracy: f64, half: f64) -> BaselineRow {
    let difference = 0.762 - accuracy;
    let clear = difference > half;
    BaselineRow {
        name: name.into(),
        accuracy: Some(accuracy),
        low: Some(accuracy - half),
        high: Some(accuracy + half),
        difference: Some(difference),
        difference_low: Some(difference - half),
        difference_high: Some(difference + half),
        p: Some(if clear { 0.0004 } else { 0.21 }),
        verdict: Some(if clear { "better" } else { "no difference shown" }.into()),
    }
}

/// An ordinary model of seven classes.
pub fn watch() -> Page {
    let labels = EXERCISES.map(|(label, _)| label);
    let feature = |(name, mean, std): (&str, f64, f64)| FeatureRow {
        name: name.into(),
        unit: None,
        mean: Some(mean),
        std: Some(std),
    };
    Page {
        title: "gait".into(),
        version: 3,
        created: "2026-11-28 02:37 UTC".into(),
        about: "LSTM 64, 32, both directions: windows of 25 frames × 6 features to 7 classes".into(),
        headline: Some(Headline {
            accuracy: Some(0.762),
            low: Some(0.605),
            high: Some(0.907),
            interval: Some("bootstrap over recordings".into()),
            windows: 420,
            recordings: Some(28),
            subjects: Some(2),
            chance: Some(1.0 / 7.0),
            caveat: None,
        }),
        findings: Some(vec![
            finding("note", "too_few_windows", "Train has 3,780 windows, of which 420 are originals", "", ""),
            finding(
                "warning",
                "overfitting",
                "Train accuracy is 96.3 %, validation 80.1 %: a gap of 16.2 points (12.0–20.5)",
                "The net has 121,351 parameters for 420 windows that were recorded.",
                "Try OPTIONS ('units' '32,16'), or pose_augment(..., copies => 4).",
            ),
            finding(
                "error",
                "confused_pair",
                "internal rotation is taken for flexion in 23 % of its windows",
                "Both differ by the turn of the wrist alone, which 6 features hardly show.",
                "Add the joint’s angle: pose_angle(features, skeleton, 'elbow', 'wrist', 'hand').",
            ),
        ]),
        warnings: vec![],
        baselines: vec![
            baseline("nearest centroid", 0.612, 0.09),
            baseline("logistic regression", 0.701, 0.1),
            baseline("majority class", 0.143, 0.04),
        ],
        metrics: [metrics(TEST, 420, 28, 0.0), metrics(VALIDATION, 420, 28, 0.2), metrics(TRAIN, 3780, 84, 0.85)]
            .concat(),
        classes: [classes(TEST, &EXERCISES), classes(VALIDATION, &EXERCISES)].concat(),
        confusion: [
            confusion(TEST, &labels, |i, j| EXERCISES[i].1[j]),
            confusion(VALIDATION, &labels, |i, j| EXERCISES[j].1[i]),
        ]
        .concat(),
        reliability: [reliability(TEST, 0.84), reliability(VALIDATION, 0.9)].concat(),
        curves: curves(TEST, &labels),
        history: history(24),
        best_epoch: Some(14),
        inventory: inventory(&labels),
        leaks: Some(vec![]),
        features: [("ax", 0.012, 0.61), ("ay", -0.43, 0.52), ("az", 0.31, 0.48), ("wx", 2.1, 61.0), ("wy", -0.4, 48.2)]
            .map(feature)
            .into(),
        recipe: recipe(),
        sql: Some(SQL.into()),
    }
}

const SQL: &str = "SELECT * FROM pose_weigh((
  SELECT * FROM pose_augment((
    SELECT * FROM pose_split((
      SELECT * FROM pose_windows((SELECT * FROM frames WHERE ax < 8 AND label <> 'none'), width => 25, stride => 12)),
      by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7)),
    policy => 'noise(0.2), speed(0.8, 1.25)', copies => 2, seed => 7)))";
