//! What holds for every engine, against PyTorch, finite differences and each other.

use super::config::ModelConfig;
use super::engine::{Engine, Minibatch, NamedTensor};
use super::fused::FusedEngine;
use super::new_engine;
use crate::options::training::{CellKind, EngineKind, LossKind, Pooling, Precision, Reduction, TrainingOptions};
use crate::random::Stream;

const ENGINES: [EngineKind; 2] = [EngineKind::Fused, EngineKind::Candle];

/// A net of 2 LSTM layers and a dense one.
fn options(engine: EngineKind, units: [usize; 2], dense: usize, dropout: f64) -> TrainingOptions {
    TrainingOptions {
        engine,
        units: units.to_vec(),
        dropout: vec![dropout; 2],
        dense: vec![dense],
        dense_dropout: dropout,
        ..TrainingOptions::default()
    }
}

/// Owned rows of a minibatch.
struct Batch {
    features: Vec<f32>,
    valid_len: Vec<u32>,
    labels: Vec<u32>,
    weights: Vec<f32>,
    keys: Vec<String>,
}

impl Batch {
    /// Random rows of ragged length.
    fn random(config: &ModelConfig, rows: usize) -> Self {
        let mut draw = Stream::new(11, &["batch"]);
        Self {
            features: (0..rows * config.width * config.features).map(|_| draw.between(-2.0, 2.0) as f32).collect(),
            valid_len: (0..rows).map(|_| 1 + draw.below(config.width as u64) as u32).collect(),
            labels: (0..rows).map(|_| draw.below(config.classes as u64) as u32).collect(),
            weights: (0..rows).map(|_| draw.between(0.5, 2.0) as f32).collect(),
            keys: (0..rows).map(|row| format!("video:{row}")).collect(),
        }
    }

    fn with<T>(&self, use_it: impl FnOnce(&Minibatch<'_>) -> T) -> T {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let Self { features, valid_len, labels, weights, .. } = self;
        use_it(&Minibatch { features, valid_len, labels, weights, keys: &keys, epoch: 1 })
    }
}

fn near(ours: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), expected.len());
    for (k, (a, b)) in ours.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{k}: {a} is not {b}");
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

/// sin(1) / 2, sin(2) / 2, ... over all parameters and on into the windows, in the order of the PyTorch script.
fn wave(engine: &mut dyn Engine, inputs: usize) -> Vec<f32> {
    let mut numbers = (1..).map(|n| 0.5 * libm::sin(f64::from(n)));
    let mut next = |count: usize| numbers.by_ref().take(count).map(|x| x as f32).collect::<Vec<f32>>();
    let parameters = engine.parameters().into_iter();
    let filled: Vec<_> = parameters.map(|p| NamedTensor { data: next(p.data.len()), ..p }).collect();
    engine.load_parameters(&filled).unwrap();
    next(inputs).iter().map(|x| 2.0 * x).collect()
}

/// ```python
/// torch.set_default_dtype(torch.float64); n = 0
/// def wave(*shape):
///     global n
///     k = torch.arange(n + 1, n + 1 + torch.Size(shape).numel()); n += k.numel()
///     return (0.5 * torch.sin(k.double())).float().double().reshape(shape)
/// l1, l2 = torch.nn.LSTM(2, 3, batch_first=True), torch.nn.LSTM(3, 2, batch_first=True)
/// d, o = torch.nn.Linear(2, 2), torch.nn.Linear(2, 3)
/// ps = [l1.weight_ih_l0, l1.weight_hh_l0, l1.bias_ih_l0, l2.weight_ih_l0, l2.weight_hh_l0, l2.bias_ih_l0,
///       d.weight, d.bias, o.weight, o.bias]
/// with torch.no_grad():
///     for p in ps: p.copy_(wave(*p.shape))
///     for l in (l1, l2): l.bias_hh_l0.zero_()
/// x = wave(3, 4, 2) * 2
/// ce, probs = [], []
/// for row, (valid, y, w) in enumerate([(4, 0, 1.0), (2, 2, 2.0), (3, 1, 0.5)]):
///     logits = o(torch.relu(d(l2(l1(x[row:row + 1, :valid])[0])[0][:, -1])))
///     probs.append(torch.softmax(logits, 1))
///     ce.append(w * torch.nn.functional.cross_entropy(logits, torch.tensor([y])))
/// loss = sum(ce) / 3; loss.backward()
/// print(torch.cat(probs).flatten(), loss * 3)
/// for p in ps: print((p.grad.flatten() * torch.arange(1., p.numel() + 1)).sum())
/// ```
#[test]
fn forward_loss_and_gradients_are_pytorchs() {
    #[rustfmt::skip]
    let probabilities = [
        0.425_690_976_689, 0.318_847_387_042, 0.255_461_636_269, 0.418_590_819_841, 0.326_162_009_410,
        0.255_247_170_749, 0.423_713_457_866, 0.320_877_336_861, 0.255_409_205_273,
    ];
    #[rustfmt::skip]
    let gradient = [
        -0.002_714_749, 0.012_900_917, -0.019_193_993, -0.020_401_173, -0.012_838_741,
        0.023_562_808, 0.086_389_300, -0.101_298_330, -0.304_842_412, -0.527_022_922,
    ];
    for kind in ENGINES {
        let options = options(kind, [3, 2], 2, 0.0);
        let config = ModelConfig::new(4, 2, 3, &options).unwrap();
        let mut engine = new_engine(&config, &options).unwrap();
        let features = wave(engine.as_mut(), 24);
        let (labels, weights) = (vec![0, 2, 1], vec![1.0, 2.0, 0.5]);
        let batch = Batch { features, valid_len: vec![4, 2, 3], labels, weights, keys: vec!["row".into(); 3] };
        near(&wide(&engine.predict(&batch.features, &batch.valid_len).unwrap()), &probabilities, 1e-6);
        let (step, by) = batch.with(|b| engine.gradients(b)).unwrap();
        near(&[step.loss], &[4.153_435_593_769], 2e-6);
        let projected = |g: &Vec<f32>| (1..).zip(g).map(|(k, &g)| f64::from(k) * f64::from(g)).sum();
        near(&by.iter().map(projected).collect::<Vec<f64>>(), &gradient, 2e-6);
    }
}

#[test]
fn gradients_are_those_of_finite_differences_with_dropout_on() {
    for options in kinds(&options(EngineKind::Fused, [5, 4], 3, 0.25)) {
        finite_differences(&options);
    }
}

#[test]
fn gradients_with_input_dropout_are_those_of_finite_differences() {
    for options in kinds(&with_input_dropout([5, 4], 3)) {
        finite_differences(&options);
    }
}

/// Dropout everywhere.
fn with_input_dropout(units: [usize; 2], dense: usize) -> TrainingOptions {
    TrainingOptions { input_dropout: 0.4, ..options(EngineKind::Fused, units, dense, 0.25) }
}

fn finite_differences(options: &TrainingOptions) {
    let config = ModelConfig::new(6, 3, 3, options).unwrap();
    let mut engine = new_engine(&config, options).unwrap();
    let batch = Batch::random(&config, 11);
    // Biases of 0 would put a window whose features are all dropped on the kink of relu.
    let mut parameters = engine.parameters();
    let mut draw = Stream::new(5, &["biases"]);
    let biases = parameters.iter_mut().filter(|p| p.shape.len() == 1).flat_map(|p| &mut p.data);
    biases.for_each(|bias| *bias += draw.between(-0.5, 0.5) as f32);
    engine.load_parameters(&parameters).unwrap();
    let (_, gradients) = batch.with(|b| engine.gradients(b)).unwrap();
    // Along a random direction for each parameter: the slope of the loss is the product with the gradient.
    for (k, gradient) in gradients.iter().enumerate() {
        let mut draw = Stream::new(5, &[&parameters[k].name]);
        let direction: Vec<f64> = gradient.iter().map(|_| draw.between(-1.0, 1.0)).collect();
        let mut loss_at = |step: f64| {
            let mut moved = parameters.clone();
            moved[k].data.iter_mut().zip(&direction).for_each(|(p, d)| *p += (step * d) as f32);
            engine.load_parameters(&moved).unwrap();
            batch.with(|b| engine.gradients(b)).unwrap().0.mean()
        };
        let numeric = (loss_at(5e-4) - loss_at(-5e-4)) / 1e-3;
        let exact: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * d).sum();
        assert!((numeric - exact).abs() < 1e-3 * (1.0 + exact.abs()), "{}: {numeric} {exact}", parameters[k].name);
    }
}

/// Options of every kind of net: both cells, one and two directions, both poolings.
fn kinds(options: &TrainingOptions) -> Vec<TrainingOptions> {
    let mut kinds = vec![];
    for cell in [CellKind::Lstm, CellKind::Gru] {
        for bidirectional in [false, true] {
            for pooling in [Pooling::Last, Pooling::Attention] {
                kinds.push(TrainingOptions { cell, bidirectional, pooling, ..options.clone() });
            }
        }
    }
    kinds
}

#[test]
fn the_engines_agree_on_every_kind_of_net_with_dropout_padding_and_several_parts() {
    // Units that do not fill a vector, and more than one part of a minibatch.
    for kind in kinds(&options(EngineKind::Fused, [20, 9], 8, 0.3)) {
        engines_agree(&kind);
    }
}

#[test]
fn the_engines_agree_on_every_kind_of_net_with_input_dropout() {
    kinds(&with_input_dropout([20, 9], 8)).iter().for_each(engines_agree);
}

/// A dropped feature is dropped from the whole window: a net whose first layer reads one feature, with that feature
/// dropped, sees zeros; and one that is kept sees it twice as large.
#[test]
fn input_dropout_takes_a_feature_from_every_frame_of_a_window() {
    for engine in ENGINES {
        for bidirectional in [false, true] {
            let plain = TrainingOptions {
                engine,
                bidirectional,
                units: vec![4],
                dropout: vec![0.0],
                dense: vec![],
                ..Default::default()
            };
            let dropping = TrainingOptions { input_dropout: 0.5, ..plain.clone() };
            let config = ModelConfig::new(6, 1, 3, &dropping).unwrap();
            let mut dropped = new_engine(&config, &dropping).unwrap();
            let mut whole = new_engine(&ModelConfig { input_dropout: 0.0, ..config.clone() }, &plain).unwrap();
            let batch = Batch { valid_len: vec![6; 12], ..Batch::random(&config, 12) };
            let mut seen = [0, 0, 0];
            for row in 0..12 {
                let one = |factor: f32| Batch {
                    features: batch.features[row * 6..][..6].iter().map(|x| x * factor).collect(),
                    valid_len: vec![6],
                    labels: vec![batch.labels[row]],
                    weights: vec![1.0],
                    keys: vec![batch.keys[row].clone()],
                };
                let loss = one(1.0).with(|b| dropped.gradients(b)).unwrap().0.loss;
                let alike = [0.0, 2.0].map(|factor| {
                    let expected = one(factor).with(|b| whole.gradients(b)).unwrap().0.loss;
                    (loss - expected).abs() < 1e-5
                });
                let which = alike.iter().position(|alike| *alike).unwrap_or(2);
                seen[which] += 1;
            }
            // Each direction has a mask of its own: half of the rows are dropped in one of them alone.
            assert!(seen[0] > 0 && seen[1] > 0 && (seen[2] > 0) == bidirectional, "{engine:?} {seen:?}");
        }
    }
}

fn engines_agree(kind: &TrainingOptions) {
    let [(fused, by_hand), (candle, by_autograd)] = ENGINES.map(|engine| {
        let options = TrainingOptions { engine, ..kind.clone() };
        let config = ModelConfig::new(9, 4, 5, &options).unwrap();
        let mut engine = new_engine(&config, &options).unwrap();
        Batch::random(&config, 21).with(|b| engine.gradients(b)).unwrap()
    });
    assert_eq!((fused.correct, fused.divisor), (candle.correct, candle.divisor), "{kind:?}");
    near(&[fused.loss], &[candle.loss], 1e-4);
    for (a, b) in by_hand.iter().zip(&by_autograd) {
        let largest = b.iter().fold(1e-2f32, |top, x| top.max(x.abs()));
        near(&wide(a), &wide(b), 1e-5 * f64::from(largest) + 5e-7);
    }
}

/// Options of every kind of loss.
fn losses(options: &TrainingOptions) -> Vec<TrainingOptions> {
    let mut losses = vec![];
    for (loss, focal_gamma) in [(LossKind::CrossEntropy, 2.0), (LossKind::Focal, 2.0), (LossKind::Focal, 0.5)] {
        for label_smoothing in [0.0, 0.1] {
            for reduction in [Reduction::Batch, Reduction::Weights] {
                losses.push(TrainingOptions { loss, focal_gamma, label_smoothing, reduction, ..options.clone() });
            }
        }
    }
    losses
}

#[test]
fn the_engines_agree_on_every_loss() {
    losses(&options(EngineKind::Fused, [20, 9], 8, 0.3)).iter().for_each(engines_agree);
}

#[test]
fn gradients_of_every_loss_are_those_of_finite_differences() {
    losses(&options(EngineKind::Fused, [5, 4], 3, 0.25)).iter().for_each(finite_differences);
}

#[test]
fn a_loss_over_weights_is_the_mean_that_weights_count_in() {
    for engine in ENGINES {
        let [batch, weights] = [Reduction::Batch, Reduction::Weights].map(|reduction| {
            let options = TrainingOptions { reduction, ..options(engine, [5, 4], 3, 0.25) };
            let config = ModelConfig::new(6, 3, 3, &options).unwrap();
            let (rows, mut engine) = (Batch::random(&config, 11), new_engine(&config, &options).unwrap());
            let sum: f64 = rows.weights.iter().map(|w| f64::from(*w)).sum();
            (rows.with(|b| engine.gradients(b)).unwrap(), sum)
        });
        let ((by_rows, gradients), sum) = batch;
        let ((by_weights, scaled), _) = weights;
        assert_eq!((by_rows.loss, by_rows.divisor), (by_weights.loss, 11.0));
        assert_eq!((by_weights.divisor, by_weights.mean()), (sum, by_rows.loss / sum));
        for (a, b) in gradients.iter().zip(&scaled) {
            let a: Vec<f64> = a.iter().map(|g| f64::from(*g) * 11.0 / sum).collect();
            near(&a, &wide(b), 1e-6);
        }
    }
}

/// The instruction sets of this machine.
pub(super) fn instruction_sets() -> Vec<pulp::Arch> {
    let mut sets = vec![pulp::Arch::Scalar, pulp::Arch::new()];
    #[cfg(target_arch = "x86_64")]
    sets.extend(pulp::x86::V3::try_new().map(pulp::Arch::V3));
    sets
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let both = [Precision::F32, Precision::Bf16];
    let kinds = kinds(&with_input_dropout([21, 16], 8));
    let options = kinds.iter().flat_map(|o| both.map(|precision| TrainingOptions { precision, ..o.clone() }));
    for options in options {
        let config = ModelConfig::new(7, 3, 3, &options).unwrap();
        // Parts of 8 and 5 rows, 7 frames, 3 features and 21 units: what is left over of pairs.
        let batch = Batch::random(&config, 13);
        let trained = instruction_sets().into_iter().map(|arch| {
            let mut engine = FusedEngine::on(arch, &config, &options).unwrap();
            let parameters = train(&mut engine, &batch, 3);
            (parameters, engine.predict(&batch.features, &batch.valid_len).unwrap())
        });
        let trained: Vec<_> = trained.collect();
        assert!(trained.iter().all(|other| *other == trained[0]), "{options:?}");
    }
}

/// Pairs of the wrong values would be wrong altogether, not by 2^-9 for each factor.
#[test]
fn half_precision_is_close_to_single() {
    // A dense layer's relu could open for one and not for the other.
    let options = TrainingOptions { dense: vec![], ..options(EngineKind::Fused, [21, 16], 8, 0.25) };
    for options in kinds(&options) {
        let config = ModelConfig::new(7, 3, 3, &options).unwrap();
        let [mut single, mut half] = [Precision::F32, Precision::Bf16]
            .map(|precision| FusedEngine::new(&ModelConfig { precision, ..config.clone() }, &options).unwrap());
        let batch = Batch::random(&config, 13);
        let [p, q] = [&single, &half].map(|e| wide(&e.predict(&batch.features, &batch.valid_len).unwrap()));
        near(&q, &p, 5e-3);
        assert_ne!(p, q);
        let (_, by_single) = batch.with(|b| single.gradients(b)).unwrap();
        let (_, by_half) = batch.with(|b| half.gradients(b)).unwrap();
        for ((one, two), parameter) in by_single.iter().zip(&by_half).zip(single.parameters()) {
            let error: Vec<f32> = one.iter().zip(two).map(|(a, b)| a - b).collect();
            let [error, length] = [&error, one].map(|v| wide(v).iter().map(|x| x * x).sum::<f64>().sqrt());
            assert!(error < 0.01 * length, "{options:?} {}: {error} of {length}", parameter.name);
        }
    }
}

#[test]
fn a_net_that_diverges_shows_it() {
    let options = options(EngineKind::Fused, [16, 16], 8, 0.0);
    let config = ModelConfig::new(6, 3, 3, &options).unwrap();
    let batch = Batch::random(&config, 3);
    for arch in instruction_sets() {
        let mut engine = FusedEngine::on(arch, &config, &options).unwrap();
        let mut parameters = engine.parameters();
        parameters[1].data[5] = f32::NAN;
        engine.load_parameters(&parameters).unwrap();
        assert!(batch.with(|b| engine.gradients(b)).unwrap().0.loss.is_nan(), "{arch:?}");
    }
}

#[test]
fn a_padded_window_predicts_like_the_truncated_one() {
    for engine in ENGINES {
        for options in kinds(&options(engine, [16, 8], 8, 0.3)) {
            let long = ModelConfig::new(12, 4, 5, &options).unwrap();
            let short = ModelConfig { width: 7, ..long.clone() };
            let batch = Batch::random(&short, 3);
            let padded = batch.features.chunks(28).flat_map(|w| [w, &[1e3; 20]].concat()).collect::<Vec<f32>>();
            let [a, b] = [(&long, &padded), (&short, &batch.features)].map(|(config, features)| {
                wide(&new_engine(config, &options).unwrap().predict(features, &[7, 7, 7]).unwrap())
            });
            near(&a, &b, 1e-6);
        }
    }
}

#[test]
fn attention_is_a_share_of_each_recorded_frame_and_the_engines_agree_on_it() {
    for options in kinds(&with_input_dropout([20, 9], 8)) {
        let config = ModelConfig::new(9, 4, 5, &options).unwrap();
        let batch = Batch::random(&config, 70);
        let weights =
            [(EngineKind::Fused, 1), (EngineKind::Fused, 3), (EngineKind::Candle, 1)].map(|(engine, threads)| {
                let options = TrainingOptions { engine, threads, ..options.clone() };
                new_engine(&config, &options).unwrap().attention(&batch.features, &batch.valid_len).unwrap()
            });
        let [Some(fused), threaded, Some(candle)] = &weights else {
            assert!(options.pooling == Pooling::Last && weights.iter().all(Option::is_none));
            continue;
        };
        assert!(options.pooling == Pooling::Attention && threaded.as_ref() == Some(fused));
        near(&wide(fused), &wide(candle), 1e-6);
        for (weights, &valid) in fused.chunks_exact(9).zip(&batch.valid_len) {
            let (recorded, behind) = weights.split_at(valid as usize);
            near(&[wide(recorded).iter().sum()], &[1.0], 1e-6);
            assert!(recorded.iter().all(|w| *w > 0.0) && behind.iter().all(|w| *w == 0.0));
        }
    }
}

/// The scores of two frames differ by what W, b and v say: attention over hidden states that are known.
#[test]
fn attention_is_the_softmax_of_the_scores() {
    // h_t of a GRU with weights 0 but the input's into n: n = tanh(x), z = 1/2, h_t = (h_(t-1) + tanh(x_t)) / 2. With
    // x = artanh(.8), 0, artanh(-.6): h = .4, .2, -.2, and with W 1, b 0, v 10:
    // >>> s = 10 * numpy.tanh([.4, .2, -.2]); numpy.exp(s) / numpy.exp(s).sum()
    // array([0.85895258, 0.13837637, 0.00267105])
    for engine in ENGINES {
        let cell = CellKind::Gru;
        let options = TrainingOptions { engine, cell, pooling: Pooling::Attention, ..options(engine, [1, 1], 1, 0.0) };
        let options = TrainingOptions { units: vec![1], dropout: vec![0.0], ..options };
        let mut engine = new_engine(&ModelConfig::new(3, 1, 2, &options).unwrap(), &options).unwrap();
        let values = |name: &str, count: usize| match name {
            "gru1.weight_ih_l0" => vec![0.0, 0.0, 1.0],
            "attention.hidden.weight" => vec![1.0],
            "attention.score.weight" => vec![10.0],
            _ => vec![0.0; count],
        };
        let parameters = engine.parameters().into_iter();
        let set: Vec<_> = parameters.map(|p| NamedTensor { data: values(&p.name, p.data.len()), ..p }).collect();
        engine.load_parameters(&set).unwrap();
        let x = [3f32.ln(), 0.0, -std::f32::consts::LN_2];
        let weights = engine.attention(&x, &[3]).unwrap().unwrap();
        near(&wide(&weights), &[0.858_952_58, 0.138_376_37, 0.002_671_05], 1e-6);
    }
}

#[test]
fn a_row_predicts_the_same_in_any_company() {
    let options = options(EngineKind::Fused, [16, 8], 8, 0.0);
    let config = ModelConfig::new(6, 4, 5, &options).unwrap();
    let engine = new_engine(&config, &options).unwrap();
    let batch = Batch::random(&config, 19);
    let all = wide(&engine.predict(&batch.features, &batch.valid_len).unwrap());
    for row in [0, 8, 18] {
        let alone = engine.predict(&batch.features[row * 24..(row + 1) * 24], &batch.valid_len[row..=row]).unwrap();
        near(&wide(&alone), &all[row * 5..(row + 1) * 5], 1e-6);
    }
    assert!(engine.predict(&[], &[]).unwrap().is_empty());
}

/// Parameters after `steps` steps from wherever `engine` stands.
fn train(engine: &mut dyn Engine, batch: &Batch, steps: usize) -> Vec<NamedTensor> {
    (0..steps).for_each(|_| batch.with(|b| engine.train_step(b, 1e-2).map(|_| ())).unwrap());
    engine.parameters()
}

#[test]
fn five_steps_and_six_more_after_a_restart_are_eleven_steps() {
    for kind in ENGINES {
        let options = options(kind, [8, 4], 4, 0.3);
        let config = ModelConfig::new(6, 3, 3, &options).unwrap();
        let batch = Batch::random(&config, 20);
        let mut first = new_engine(&config, &options).unwrap();
        let half = train(first.as_mut(), &batch, 5);
        let state = serde_json::to_string(&first.optimizer()).unwrap();
        let mut second = new_engine(&config, &options).unwrap();
        second.load_parameters(&half).unwrap();
        second.load_optimizer(&serde_json::from_str(&state).unwrap()).unwrap();
        let whole = train(new_engine(&config, &options).unwrap().as_mut(), &batch, 11);
        assert_eq!(train(second.as_mut(), &batch, 6), whole);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    for precision in [Precision::F32, Precision::Bf16] {
        let trained = [1, 2, 3, 7].map(|threads| {
            let options = TrainingOptions { threads, precision, ..with_input_dropout([32, 16], 8) };
            let config = ModelConfig::new(10, 3, 3, &options).unwrap();
            let mut engine = new_engine(&config, &options).unwrap();
            let batch = Batch::random(&config, 37);
            let parameters = train(engine.as_mut(), &batch, 3);
            (parameters, engine.predict(&batch.features, &batch.valid_len).unwrap())
        });
        assert!(trained.iter().all(|other| *other == trained[0]));
    }
}

#[test]
fn foreign_parameters_are_refused_by_name() {
    let options = options(EngineKind::Fused, [3, 2], 2, 0.0);
    let config = ModelConfig::new(4, 2, 3, &options).unwrap();
    let mut engine = new_engine(&config, &options).unwrap();
    let mut parameters = engine.parameters();
    parameters[1].shape = vec![3, 12];
    assert_eq!(
        engine.load_parameters(&parameters).unwrap_err().to_string(),
        "tensor lstm1.weight_hh_l0 [3, 12] stands where lstm1.weight_hh_l0 [12, 3] is expected"
    );
    assert!(engine.load_parameters(&parameters[1..]).is_err());
}

#[test]
fn frozen_layers_stay_as_they_are_in_both_engines() {
    let freeze = vec!["lstm1".to_owned(), "dense1".to_owned()];
    let [fused, candle] = [EngineKind::Fused, EngineKind::Candle].map(|kind| {
        let options = TrainingOptions { freeze: freeze.clone(), weight_decay: 0.1, ..options(kind, [20, 8], 8, 0.0) };
        let config = ModelConfig::new(6, 4, 5, &options).unwrap();
        let mut engine = new_engine(&config, &options).unwrap();
        let (before, batch) = (engine.parameters(), Batch::random(&config, 19));
        for _ in 0..3 {
            batch.with(|rows| engine.train_step(rows, 1e-2)).unwrap();
        }
        for (before, after) in before.iter().zip(engine.parameters()) {
            let frozen = freeze.iter().any(|layer| before.name.starts_with(layer.as_str()));
            assert_eq!(before.data == after.data, frozen, "{kind:?}: {}", before.name);
        }
        engine.parameters()
    });
    for (fused, candle) in fused.iter().zip(&candle) {
        near(&wide(&fused.data), &wide(&candle.data), 1e-5);
    }
}
