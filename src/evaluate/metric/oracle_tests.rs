//! Every metric against scikit-learn: `tests/oracles/metrics200.py` made 200 sets and says by which calls.

use serde_json::Value;

use super::METRICS;
use crate::evaluate::{Predictions, Report, Result};
use crate::interrupt::Interrupt;

fn evaluate(predictions: &Predictions, seed: u64) -> Result<Report> {
    crate::evaluate::evaluate(predictions, seed, &Interrupt::default())
}

fn sets() -> Vec<Value> {
    let sets: Value = serde_json::from_str(include_str!("../../../tests/oracles/metrics200.json")).unwrap();
    sets.as_array().unwrap().clone()
}

fn predictions(set: &Value) -> Predictions {
    let classes =
        |field: &str| set[field].as_array().unwrap().iter().map(|class| class.as_u64().unwrap() as u32).collect();
    Predictions {
        labels: (0..set["k"].as_u64().unwrap()).map(|class| format!("class{class}")).collect(),
        truth: classes("truth"),
        predicted: classes("predicted"),
        probabilities: set["probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap() as f32).collect(),
        recording: vec![],
    }
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-12,
        (a, b) => a == b,
    }
}

#[test]
fn every_metric_of_200_sets_equals_scikit_learn() {
    let sets = sets();
    assert_eq!(sets.len(), 200);
    for (number, set) in sets.iter().enumerate() {
        let metrics = evaluate(&predictions(set), 0).unwrap().metrics;
        assert_eq!(metrics.len(), set["metrics"].as_object().unwrap().len());
        for (row, metric) in metrics.iter().zip(METRICS) {
            let expected = &set["metrics"][row.metric];
            assert!(near(row.value, expected.as_f64()), "set {number}: {row:?}, scikit-learn {expected}");
            // Rounding may pass the end of a range by a bit.
            let (least, largest) = (metric.range.0 - 1e-12, metric.range.1 + 1e-12);
            assert!(row.value.is_none_or(|value| (least..=largest).contains(&value)), "set {number}: {row:?}");
        }
    }
}

#[test]
fn every_class_of_200_sets_equals_scikit_learn() {
    for (number, set) in sets().iter().enumerate() {
        let expected = |field: &str, class: usize| set["classes"][field][class].as_f64();
        let classes = evaluate(&predictions(set), 0).unwrap().classes;
        for (class, row) in classes.iter().enumerate() {
            let same = near(row.precision, expected("precision", class))
                && near(row.recall, expected("recall", class))
                && near(row.f1, expected("f1", class))
                && Some(row.support as f64) == expected("support", class);
            assert!(same, "set {number}: {row:?}");
        }
    }
}

#[test]
fn no_metric_is_undefined_in_all_sets() {
    let sets = sets();
    for metric in METRICS {
        let defined = sets.iter().filter(|set| set["metrics"][metric.name].is_number()).count();
        assert!(defined > 100, "{}: {defined}", metric.name);
    }
}
