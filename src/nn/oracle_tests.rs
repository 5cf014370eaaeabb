//! Every kind of net against PyTorch in float64 (and Keras, which the script holds to PyTorch): forward within 1e-5,
//! loss within 1e-5 of itself, each gradient within 1e-4 of the largest absolute value of its tensor.
//!
//! The numbers are in `tests/oracles/recurrent.json`, which `python tests/oracles/recurrent.py` writes; the script says
//! how parameters and windows are made and what the fields mean.

use serde::Deserialize;

use super::config::ModelConfig;
use super::engine::{Engine, Minibatch, NamedTensor};
use super::fused::FusedEngine;
use super::new_engine;
use super::tests::instruction_sets;
use crate::options::training::{CellKind, EngineKind, Pooling, TrainingOptions};

#[derive(Deserialize)]
struct Oracle {
    width: usize,
    features: usize,
    classes: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    cell: CellKind,
    bidirectional: bool,
    pooling: Pooling,
    units: Vec<usize>,
    dense: Vec<usize>,
    valid_len: Vec<u32>,
    labels: Vec<u32>,
    weights: Vec<f32>,
    probabilities: Vec<f64>,
    /// Of a net that takes the last output of both directions for their last states.
    misread: Option<Vec<f64>>,
    loss: f64,
    /// A unit, and how many of it each value is.
    #[serde(default)]
    gradients: Vec<(String, (f64, Vec<f64>))>,
    /// Largest absolute value, first 3 values, sum, sum of squares, sum of values times number(0), number(1), ...
    #[serde(default)]
    digests: Vec<(String, [f64; 7])>,
}

/// In [-1, 1]: the script's.
fn number(n: usize) -> f32 {
    let n = n as u64;
    (((n * n * 7919 + n * 104_729 + 17) % 1_000_003) as f64 / 500_001.5 - 1.0) as f32
}

impl Case {
    fn engines(&self, oracle: &Oracle) -> Vec<(String, Box<dyn Engine>)> {
        let options = TrainingOptions {
            engine: EngineKind::Candle,
            cell: self.cell,
            bidirectional: self.bidirectional,
            pooling: self.pooling,
            units: self.units.clone(),
            dropout: vec![0.0; self.units.len()],
            dense: self.dense.clone(),
            dense_dropout: 0.0,
            ..TrainingOptions::default()
        };
        let config = ModelConfig::new(oracle.width, oracle.features, oracle.classes, &options).unwrap();
        let mut engines = vec![("candle".to_owned(), new_engine(&config, &options).unwrap())];
        for arch in instruction_sets() {
            let engine = FusedEngine::on(arch, &config, &options).unwrap();
            engines.push((format!("fused, {arch:?}"), Box::new(engine)));
        }
        engines
    }

    fn check(&self, oracle: &Oracle, name: &str, engine: &mut dyn Engine) {
        let Self { cell, bidirectional, pooling, units, .. } = self;
        let name = format!("{name}: {cell:?}, bidirectional {bidirectional}, {pooling:?}, {units:?}");
        let mut next = 0;
        let mut numbers = |count: usize| {
            next += count;
            (next - count..next).map(number).collect::<Vec<f32>>()
        };
        let parameters = engine.parameters().into_iter();
        let filled: Vec<_> = parameters.map(|p| NamedTensor { data: numbers(p.data.len()), ..p }).collect();
        engine.load_parameters(&filled).unwrap();
        let mut features = numbers(self.labels.len() * oracle.width * oracle.features);
        features.iter_mut().for_each(|x| *x *= 2.0);

        let probabilities = engine.predict(&features, &self.valid_len).unwrap();
        near(&name, "probabilities", &wide(&probabilities), &self.probabilities, 1e-5);
        if let Some(misread) = &self.misread {
            for ((ours, theirs), &valid) in
                probabilities.chunks(oracle.classes).zip(misread.chunks(oracle.classes)).zip(&self.valid_len)
            {
                let far = wide(ours).iter().zip(theirs).any(|(a, b)| (a - b).abs() > 1e-3);
                assert_eq!(far, valid > 1, "{name}: {ours:?} beside a misreading of {theirs:?}");
            }
        }
        let (valid_len, labels, weights) = (&self.valid_len, &self.labels, &self.weights);
        let keys = vec!["row"; labels.len()];
        let batch = Minibatch { features: &features, valid_len, labels, weights, keys: &keys, epoch: 1 };
        let (step, gradients) = engine.gradients(&batch).unwrap();
        near(&name, "loss", &[step.loss], &[self.loss], 1e-5 * self.loss);

        let stated = self.gradients.iter().map(|(name, _)| name).chain(self.digests.iter().map(|(name, _)| name));
        assert_eq!(gradients.len(), filled.len(), "{name}");
        assert!(stated.eq(filled.iter().map(|p| &p.name)), "{name}");
        for ((parameter, (unit, expected)), ours) in self.gradients.iter().zip(&gradients) {
            let expected: Vec<f64> = expected.iter().map(|count| unit * count).collect();
            let largest = expected.iter().fold(0.0, |top: f64, x| top.max(x.abs()));
            near(&name, parameter, &wide(ours), &expected, 1e-4 * largest);
        }
        for ((parameter, digest), ours) in self.digests.iter().zip(&gradients) {
            let (ours, largest) = (wide(ours), digest[0]);
            let top = ours.iter().fold(0.0, |top: f64, x| top.max(x.abs()));
            near(&name, parameter, &[top], &[largest], 1e-4 * largest);
            near(&name, parameter, &ours[..3], &digest[1..4], 1e-4 * largest);
            // Sums cancel, so they are held to the tensor's norm rather than to themselves.
            let norm = digest[5].sqrt();
            let sums = [ours.iter().sum(), (0..).zip(&ours).map(|(n, g)| f64::from(number(n)) * g).sum()];
            near(&name, parameter, &sums, &[digest[4], digest[6]], 1e-4 * norm);
            near(&name, parameter, &[ours.iter().map(|g| g * g).sum()], &digest[5..6], 2e-4 * digest[5]);
        }
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

fn near(case: &str, what: &str, ours: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), expected.len(), "{case}: {what}");
    for (k, (a, b)) in ours.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{case}: {what}, {k}: {a} is not {b} within {tolerance}");
    }
}

#[test]
fn every_kind_of_net_is_pytorchs_and_keras_on_every_engine() {
    let oracle: Oracle = serde_json::from_str(include_str!("../../tests/oracles/recurrent.json")).unwrap();
    assert_eq!(oracle.cases.len(), 16);
    for case in &oracle.cases {
        for (name, mut engine) in case.engines(&oracle) {
            case.check(&oracle, &name, engine.as_mut());
        }
    }
}
