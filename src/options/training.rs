//! How to train: `OPTIONS (...)` of `COPY ... STORED AS LSTM`, and their defaults.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use super::choices::{CellKind, EngineKind, LossKind, Monitor, Normalize, Pooling, Precision, Reduction, Unit};
use crate::error::{Result, query_err, suggest};
use crate::options::MOST_VALUES;

/// Everything a training run can be told; [`Default`] is the preset `seed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingOptions {
    /// What the recurrent layers are made of: STORED AS says it.
    pub cell: CellKind,
    /// Whether each recurrent layer reads the window in both directions.
    pub bidirectional: bool,
    /// How the last recurrent layer becomes one vector.
    pub pooling: Pooling,
    /// Units of each recurrent layer, in each direction.
    pub units: Vec<usize>,
    /// Dropout after each recurrent layer, in [0, 1).
    pub dropout: Vec<f64>,
    /// Dropout of what each recurrent layer reads, in [0, 1): one mask per window, direction and layer, the same at every
    /// frame and for all gates (Gal and Ghahramani 2016).
    ///
    /// Keras' `LSTM(dropout=...)`, whose masks of two directions are drawn apart, too; not its `recurrent_dropout`.
    /// Layer 1 reads the features: a feature is dropped from a whole window.
    pub input_dropout: f64,
    /// Units of each dense layer (relu) before the logits; none if empty.
    pub dense: Vec<usize>,
    /// Dropout after each dense layer, in [0, 1).
    pub dense_dropout: f64,
    /// What is minimised: `loss` in the history. `val_loss` is the plain cross-entropy without weights whatever is chosen
    /// here, `val_loss_weighted` the same with weights, so that runs with different losses can be compared.
    pub loss: LossKind,
    /// The focal loss' exponent of 1 - p, >= 0; 0 makes it the cross-entropy.
    pub focal_gamma: f64,
    /// Share of each target that is spread evenly over all classes, in [0, 1).
    pub label_smoothing: f64,
    /// What the weighted sum of a minibatch's losses is divided by.
    pub reduction: Reduction,
    /// Most passes over the training rows.
    pub epochs: usize,
    /// Rows of an optimizer step.
    pub batch_size: usize,
    /// Adam's learning rate in the first epoch.
    pub learning_rate: f64,
    /// Adam's decay of the mean gradient, in [0, 1).
    pub beta1: f64,
    /// Adam's decay of the mean squared gradient, in [0, 1).
    pub beta2: f64,
    /// Adam's epsilon.
    pub epsilon: f64,
    /// Decoupled weight decay (AdamW); 0 is off.
    pub weight_decay: f64,
    /// Longest gradient, over all parameters; 0 is off.
    pub clip_norm: f64,
    /// What early stopping and the choice of the best weights go by; the learning rate always goes by the loss.
    pub monitor: Monitor,
    /// Epochs without improvement of what is monitored before training stops; 0 never stops early.
    pub early_stopping_patience: usize,
    /// Epochs without improvement before the learning rate is reduced; 0 never reduces it.
    pub reduce_lr_patience: usize,
    /// The learning rate is multiplied by this, in (0, 1).
    pub reduce_lr_factor: f64,
    /// Least improvement that counts for the learning rate.
    pub min_delta: f64,
    /// Epochs after a reduction in which none is counted.
    pub cooldown: usize,
    /// The learning rate is never reduced below this.
    pub min_lr: f64,
    /// All randomness follows from it: initial weights, order of rows, dropout.
    pub seed: u64,
    /// What is done to features before the net sees them.
    pub normalize: Normalize,
    /// What multiplies the matrices.
    pub engine: EngineKind,
    /// What the recurrent layers multiply, in training and in prediction; the same bits on every processor.
    pub precision: Precision,
    /// The model that this one begins with, `gait` or `gait@3`, beside the target: recurrent layers by name, features and
    /// classes by theirs. It must have the same recurrent layers; features that it knows keep its scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_from: Option<String>,
    /// Layers that stay as they begin: `lstm1`, `gru2`, `attention`, `dense1`, `output`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Of `STORED AS ENSEMBLE` alone, which trains nothing: the models, `gait@1,gait@2,arm`, beside the target, whose
    /// probabilities are averaged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Whether the probabilities are divided by a temperature in log space that fits the validation rows
    /// (Guo et al. 2017, arXiv:1706.04599): what is most probable stays so, how sure the net is becomes true.
    pub calibrate: bool,
    /// Whether a table with leaks is trained on; every metric is then marked `leaky`.
    pub allow_leaks: bool,
    /// Whether classes that train never has may be in validation or test.
    pub allow_unseen_classes: bool,
    /// What a split may not tear apart: `video` takes people on two sides without a warning, `subject` refuses them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Unit>,
    /// The skeleton that features are made of, as a note for whoever asks the model later: `pose_timeline` refuses another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skeleton: Option<String>,
    /// Frames of a window, where neither the type of `features` nor a `pose_windows` below tells. The net has it as its
    /// width, so it is not stored beside.
    #[serde(skip)]
    pub width: Option<usize>,
    /// Worker threads; 0 takes one for each core. Results do not depend on it.
    pub threads: usize,
    /// Whether the state is kept while training runs, and a training that was cut off goes on from it: with the same rows
    /// and options it ends in the same bytes as if it had never been. No part of what was trained, so it is not stored.
    #[serde(skip)]
    pub resume: bool,
    /// Seconds from one keeping of the state to the next; 0 keeps it after every minibatch.
    #[serde(skip)]
    pub checkpoint_seconds: f64,
    /// A local folder for TensorBoard's event files, with the runs `train` and `validation`.
    #[serde(skip)]
    pub tensorboard: Option<String>,
}

impl Default for TrainingOptions {
    fn default() -> Self {
        Self {
            cell: CellKind::Lstm,
            bidirectional: false,
            pooling: Pooling::Last,
            units: vec![128, 64],
            dropout: vec![0.3, 0.3],
            input_dropout: 0.0,
            dense: vec![32],
            dense_dropout: 0.2,
            loss: LossKind::CrossEntropy,
            focal_gamma: 2.0,
            label_smoothing: 0.0,
            reduction: Reduction::Batch,
            epochs: 50,
            batch_size: 16,
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-7,
            weight_decay: 0.0,
            clip_norm: 1.0,
            monitor: Monitor::ValLoss,
            early_stopping_patience: 10,
            reduce_lr_patience: 5,
            reduce_lr_factor: 0.5,
            min_delta: 1e-4,
            cooldown: 0,
            min_lr: 0.0,
            seed: 42,
            normalize: Normalize::Zscore,
            engine: EngineKind::Fused,
            precision: Precision::F32,
            init_from: None,
            freeze: vec![],
            members: vec![],
            calibrate: false,
            allow_leaks: false,
            allow_unseen_classes: false,
            by: None,
            skeleton: None,
            width: None,
            threads: 0,
            resume: false,
            checkpoint_seconds: 30.0,
            tensorboard: None,
        }
    }
}

impl TrainingOptions {
    /// Every name that [`Self::parse`] knows.
    pub const NAMES: [&str; 44] = [
        "preset",
        "bidirectional",
        "pooling",
        "units",
        "dropout",
        "input_dropout",
        "dense",
        "dense_dropout",
        "loss",
        "focal_gamma",
        "label_smoothing",
        "reduction",
        "epochs",
        "batch_size",
        "learning_rate",
        "beta1",
        "beta2",
        "epsilon",
        "weight_decay",
        "clip_norm",
        "monitor",
        "early_stopping_patience",
        "reduce_lr_patience",
        "reduce_lr_factor",
        "min_delta",
        "cooldown",
        "min_lr",
        "seed",
        "normalize",
        "engine",
        "precision",
        "init_from",
        "freeze",
        "members",
        "calibrate",
        "allow_leaks",
        "allow_unseen_classes",
        "by",
        "skeleton",
        "width",
        "threads",
        "resume",
        "checkpoint_seconds",
        "tensorboard",
    ];

    /// A named starting point: `seed` (units 128,64), `small` (64,32, milder and slower) or `tiny` (32,16).
    pub fn preset(name: &str) -> Result<Self> {
        let seed = Self::default();
        let small = || Self {
            units: vec![64, 32],
            dropout: vec![0.2, 0.2],
            dense: vec![16],
            dense_dropout: 0.1,
            learning_rate: 5e-4,
            batch_size: 8,
            epochs: 100,
            ..Self::default()
        };
        match name {
            "seed" => Ok(seed),
            "small" => Ok(small()),
            "tiny" => Ok(Self { units: vec![32, 16], dense: vec![8], ..small() }),
            _ => query_err!("unknown preset '{name}'{}", suggest(name, ["seed", "small", "tiny"])),
        }
    }

    /// Options by name, as SQL gives them; whatever is not named keeps its preset's value.
    ///
    /// `dropout` may be one value for all LSTM layers. Options that only make sense together are checked together.
    pub fn parse(given: &BTreeMap<String, String>) -> Result<Self> {
        let mut options = Self::preset(given.get("preset").map_or("seed", |name| name.trim()))?;
        for (name, value) in given {
            options.set(name, value.trim())?;
        }
        let layers = options.units.len();
        match options.dropout[..] {
            [_] => options.dropout = vec![options.dropout[0]; layers],
            // A preset's dropout follows a changed number of layers.
            _ if !given.contains_key("dropout") => options.dropout = vec![options.dropout[0]; layers],
            _ if options.dropout.len() != layers => {
                return query_err!(
                    "option dropout: expected one value, or one for each of the {layers} layers of units (was '{}')",
                    given["dropout"]
                );
            }
            _ => {}
        }
        if given.contains_key("checkpoint_seconds") && !options.resume {
            return query_err!("option checkpoint_seconds needs option resume to be 'true'");
        }
        if options.precision == Precision::Bf16 && options.engine == EngineKind::Candle {
            return query_err!("option precision 'bf16' needs option engine to be 'fused' (was 'candle')");
        }
        if given.contains_key("focal_gamma") && options.loss != LossKind::Focal {
            return query_err!("option focal_gamma needs option loss to be 'focal' (was 'cross_entropy')");
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let option = Given { name, value };
        match name {
            "preset" => {}
            "bidirectional" => self.bidirectional = option.one("true or false", |_| true)?,
            "pooling" if value == "last" => self.pooling = Pooling::Last,
            "pooling" if value == "attention" => self.pooling = Pooling::Attention,
            "pooling" => return option.refused("'last' or 'attention'"),
            "units" => self.units = option.counts("whole numbers >= 1, such as '128,64'", 1, most::UNITS)?,
            "dropout" => self.dropout = option.list("numbers in [0, 1), such as '0.3,0.3'", is_share)?,
            "input_dropout" => self.input_dropout = option.one("a number in [0, 1)", is_share)?,
            "dense" if matches!(value, "" | "0" | "none") => self.dense = Vec::new(),
            "dense" => self.dense = option.counts("whole numbers >= 1, such as '32', or 'none'", 1, most::UNITS)?,
            "dense_dropout" => self.dense_dropout = option.one("a number in [0, 1)", is_share)?,
            "loss" if value == "cross_entropy" => self.loss = LossKind::CrossEntropy,
            "loss" if value == "focal" => self.loss = LossKind::Focal,
            "loss" => return option.refused("'cross_entropy' or 'focal'"),
            "focal_gamma" => self.focal_gamma = option.amount("a number >= 0", is_amount, most::FACTOR)?,
            "label_smoothing" => self.label_smoothing = option.one("a number in [0, 1)", is_share)?,
            "reduction" if value == "batch" => self.reduction = Reduction::Batch,
            "reduction" if value == "weights" => self.reduction = Reduction::Weights,
            "reduction" => return option.refused("'batch' or 'weights'"),
            "epochs" => self.epochs = option.count("a whole number >= 1", 1, most::EPOCHS)?,
            "batch_size" => self.batch_size = option.count("a whole number >= 1", 1, most::BATCH_SIZE)?,
            "learning_rate" => self.learning_rate = option.amount("a number > 0", is_positive, most::FACTOR)?,
            "beta1" => self.beta1 = option.one("a number in [0, 1)", is_share)?,
            "beta2" => self.beta2 = option.one("a number in [0, 1)", is_share)?,
            "epsilon" => self.epsilon = option.amount("a number > 0", is_positive, most::FACTOR)?,
            "weight_decay" => self.weight_decay = option.amount("a number >= 0", is_amount, most::FACTOR)?,
            "clip_norm" => self.clip_norm = option.amount("a number >= 0; 0 is off", is_amount, most::NORM)?,
            "monitor" if value == "val_loss" => self.monitor = Monitor::ValLoss,
            "monitor" if value == "val_accuracy" => self.monitor = Monitor::ValAccuracy,
            "monitor" => return option.refused("'val_loss' or 'val_accuracy'"),
            "early_stopping_patience" => {
                self.early_stopping_patience = option.count("a whole number of epochs; 0 is off", 0, most::EPOCHS)?;
            }
            "reduce_lr_patience" => {
                self.reduce_lr_patience = option.count("a whole number of epochs; 0 is off", 0, most::EPOCHS)?
            }
            "reduce_lr_factor" => self.reduce_lr_factor = option.one("a number in (0, 1)", |x| 0.0 < *x && *x < 1.0)?,
            "min_delta" => self.min_delta = option.amount("a number >= 0", is_amount, most::NORM)?,
            "cooldown" => self.cooldown = option.count("a whole number of epochs", 0, most::EPOCHS)?,
            "min_lr" => self.min_lr = option.amount("a number >= 0", is_amount, most::FACTOR)?,
            "seed" => self.seed = option.one("a whole number >= 0", |_| true)?,
            "normalize" if value == "zscore" => self.normalize = Normalize::Zscore,
            "normalize" if value == "none" => self.normalize = Normalize::None,
            "normalize" => return option.refused("'zscore' or 'none'"),
            "engine" if value == "fused" => self.engine = EngineKind::Fused,
            "engine" if value == "candle" => self.engine = EngineKind::Candle,
            "engine" => return option.refused("'fused' or 'candle'"),
            "precision" if value == "f32" => self.precision = Precision::F32,
            "precision" if value == "bf16" => self.precision = Precision::Bf16,
            "precision" => return option.refused("'f32' or 'bf16'"),
            "calibrate" => self.calibrate = option.one("true or false", |_| true)?,
            "allow_leaks" => self.allow_leaks = option.one("true or false", |_| true)?,
            "allow_unseen_classes" => self.allow_unseen_classes = option.one("true or false", |_| true)?,
            "by" if value == "video" => self.by = Some(Unit::Video),
            "by" if value == "subject" => self.by = Some(Unit::Subject),
            "by" => return option.refused("'video' or 'subject'"),
            "skeleton" if value.is_empty() => return option.refused("the name of a skeleton, such as 'body25'"),
            "skeleton" => self.skeleton = Some(value.to_owned()),
            "width" => self.width = Some(option.count("a whole number of frames >= 1", 1, MOST_VALUES)?),
            "threads" => self.threads = option.count("a whole number; 0 is one for each core", 0, most::THREADS)?,
            "resume" => self.resume = option.one("true or false", |_| true)?,
            "checkpoint_seconds" => {
                self.checkpoint_seconds = option.amount("a number >= 0", is_amount, most::SECONDS)?
            }
            "init_from" if value.is_empty() => return option.refused("a model, such as 'gait' or 'gait@3'"),
            "init_from" => self.init_from = Some(value.to_owned()),
            "members" => {
                self.members = option.list("models, such as 'gait@1,gait@2'", |name: &String| !name.is_empty())?;
            }
            "freeze" => {
                self.freeze = option.list("names of layers, such as 'lstm1,lstm2'", |name: &String| !name.is_empty())?
            }
            "tensorboard" if value.is_empty() => return option.refused("a folder"),
            "tensorboard" => self.tensorboard = Some(value.to_owned()),
            _ => return query_err!("unknown option '{name}'{}", suggest(name, Self::NAMES)),
        }
        Ok(())
    }
}

fn is_share(x: &f64) -> bool {
    (0.0..1.0).contains(x)
}

fn is_positive(x: &f64) -> bool {
    *x > 0.0 && x.is_finite()
}

fn is_amount(x: &f64) -> bool {
    *x >= 0.0 && x.is_finite()
}

/// What is refused when an option is read, as nothing could come of it. What a net needs is refused once its shape is known, by its bytes: `train/size.rs`.
mod most {
    /// Units of a layer: its weights in itself alone would be 16 billion.
    pub const UNITS: usize = 1 << 16;
    /// Layers.
    pub const LAYERS: usize = 64;
    /// Epochs, and numbers of them.
    pub const EPOCHS: usize = 1_000_000;
    /// Windows of a minibatch.
    pub const BATCH_SIZE: usize = 1 << 20;
    /// Worker threads.
    pub const THREADS: usize = 1024;
    /// A year.
    pub const SECONDS: f64 = 31_536_000.0;
    /// Rates, exponents and other factors.
    pub const FACTOR: f64 = 1000.0;
    /// Norms of gradients, and differences of a metric.
    pub const NORM: f64 = 1e9;
}

/// An option as it was written.
struct Given<'a> {
    name: &'a str,
    value: &'a str,
}

impl Given<'_> {
    fn one<T: FromStr>(&self, expected: impl Display, allowed: impl Fn(&T) -> bool) -> Result<T> {
        match self.value.parse() {
            Ok(value) if allowed(&value) => Ok(value),
            _ => self.refused(expected),
        }
    }

    /// A number that is `allowed`, and at most so much.
    fn amount(&self, expected: &str, allowed: impl Fn(&f64) -> bool, most: f64) -> Result<f64> {
        let value = self.one(expected, |value: &f64| allowed(value))?;
        if value > most { self.refused(format!("at most {most}")) } else { Ok(value) }
    }

    /// A whole number in `least..=most`.
    fn count(&self, expected: &str, least: usize, most: usize) -> Result<usize> {
        match self.counts(expected, least, most)?[..] {
            [value] => Ok(value),
            _ => self.refused(expected),
        }
    }

    /// Some whole numbers in `least..=most`, which may have any number of digits.
    fn counts(&self, expected: &str, least: usize, most: usize) -> Result<Vec<usize>> {
        let parts: Vec<&str> = self.value.split(',').map(str::trim).collect();
        let is_whole = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !parts.iter().all(is_whole) {
            return self.refused(expected);
        }
        let values: Vec<usize> = parts.iter().map(|part| part.parse().unwrap_or(usize::MAX)).collect();
        if values.iter().any(|value| *value < least) {
            return self.refused(expected);
        }
        if values.iter().any(|value| *value > most) {
            return self.refused(format!("at most {most}"));
        }
        if values.len() > most::LAYERS {
            return query_err!(
                "option {}: expected at most {} numbers (got {})",
                self.name,
                most::LAYERS,
                values.len()
            );
        }
        Ok(values)
    }

    fn list<T: FromStr>(&self, expected: impl Display, allowed: impl Fn(&T) -> bool) -> Result<Vec<T>> {
        let parts = self.value.split(',').map(|part| part.trim().parse().ok().filter(|v| allowed(v)));
        parts.collect::<Option<Vec<T>>>().map_or_else(|| self.refused(expected), Ok)
    }

    fn refused<T>(&self, expected: impl Display) -> Result<T> {
        query_err!("option {}: expected {expected} (was '{}')", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &[(&str, &str)]) -> Result<TrainingOptions> {
        TrainingOptions::parse(&given.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect())
    }

    fn refusal(name: &str, value: &str) -> String {
        parse(&[(name, value)]).unwrap_err().to_string()
    }

    #[test]
    fn nothing_named_is_the_seed() {
        assert_eq!(parse(&[]).unwrap(), TrainingOptions::default());
    }

    #[test]
    fn a_preset_is_a_start_that_other_options_change() {
        let options = parse(&[("preset", "small"), ("epochs", "3"), ("units", "8, 8,8"), ("dense", "none")]).unwrap();
        assert_eq!((options.epochs, options.batch_size, options.learning_rate), (3, 8, 5e-4));
        assert_eq!((options.units, options.dropout, options.dense), (vec![8; 3], vec![0.2; 3], vec![]));
    }

    #[test]
    fn refusals_name_option_value_and_expectation() {
        assert_eq!(refusal("epochs", "0"), "option epochs: expected a whole number >= 1 (was '0')");
        assert_eq!(
            refusal("units", "128;64"),
            "option units: expected whole numbers >= 1, such as '128,64' (was '128;64')"
        );
        assert_eq!(refusal("normalize", "minmax"), "option normalize: expected 'zscore' or 'none' (was 'minmax')");
        assert_eq!(refusal("learning_rate", "NaN"), "option learning_rate: expected a number > 0 (was 'NaN')");
        assert_eq!(
            refusal("dropout", "0.1,0.1,0.1"),
            "option dropout: expected one value, or one for each of the 2 layers of units (was '0.1,0.1,0.1')"
        );
    }

    #[test]
    fn every_number_is_taken_or_refused_with_its_bound() {
        let numbers =
            ["0", "-1", "1", "2147483647", "2147483648", "4294967296", "9007199254740992", "9223372036854775807"];
        let others =
            ["-9223372036854775808", "99999999999999999999999999", "1e308", "NaN", "inf", "-inf", "1e-320", "1.5"];
        for name in TrainingOptions::NAMES {
            for value in numbers.iter().chain(&others) {
                let mut given = vec![(name, *value)];
                given.extend((name == "checkpoint_seconds").then_some(("resume", "true")));
                given.extend((name == "focal_gamma").then_some(("loss", "focal")));
                match parse(&given) {
                    Err(error) => {
                        let error = error.to_string();
                        let names = error.contains(&format!("option {name}: expected")) || error.contains("preset");
                        assert!(names && error.contains(value), "{name} {value}: {error}");
                    }
                    Ok(options) => {
                        let stored = serde_json::to_string(&options).unwrap();
                        let read: TrainingOptions = serde_json::from_str(&stored).unwrap();
                        // Those that are not stored aside.
                        let read = TrainingOptions {
                            width: options.width,
                            resume: options.resume,
                            checkpoint_seconds: options.checkpoint_seconds,
                            tensorboard: options.tensorboard.clone(),
                            ..read
                        };
                        assert_eq!(read, options, "{name} {value}");
                        assert!(std::time::Duration::try_from_secs_f64(options.checkpoint_seconds).is_ok());
                        let whole = [options.epochs, options.batch_size, options.threads, options.cooldown];
                        let whole = whole.iter().chain([&options.early_stopping_patience, &options.reduce_lr_patience]);
                        let mut whole = whole.chain(&options.units).chain(&options.dense);
                        assert!(whole.all(|value| *value <= most::BATCH_SIZE), "{name} {value}");
                    }
                }
            }
        }
        assert_eq!(refusal("threads", "1000000"), "option threads: expected at most 1024 (was '1000000')");
        assert_eq!(refusal("units", "8,1000000"), "option units: expected at most 65536 (was '8,1000000')");
        assert_eq!(refusal("epochs", "1000000000000"), "option epochs: expected at most 1000000 (was '1000000000000')");
        assert!(refusal("units", &["1"; 65].join(",")).ends_with("expected at most 64 numbers (got 65)"));
    }

    #[test]
    fn losses_are_given_by_name_and_refused_by_name() {
        let given = [("loss", "focal"), ("focal_gamma", "0.5"), ("label_smoothing", "0.1"), ("reduction", "weights")];
        let TrainingOptions { loss, focal_gamma, label_smoothing, reduction, .. } = parse(&given).unwrap();
        assert_eq!((loss, focal_gamma, label_smoothing), (LossKind::Focal, 0.5, 0.1));
        assert_eq!(reduction, Reduction::Weights);
        assert_eq!(parse(&[("loss", "focal")]).unwrap().focal_gamma, 2.0);
        for (name, value, error) in [
            ("loss", "hinge", "option loss: expected 'cross_entropy' or 'focal' (was 'hinge')"),
            ("focal_gamma", "-1", "option focal_gamma: expected a number >= 0 (was '-1')"),
            ("focal_gamma", "2", "option focal_gamma needs option loss to be 'focal' (was 'cross_entropy')"),
            ("label_smoothing", "1", "option label_smoothing: expected a number in [0, 1) (was '1')"),
            ("reduction", "mean", "option reduction: expected 'batch' or 'weights' (was 'mean')"),
            ("input_dropout", "1", "option input_dropout: expected a number in [0, 1) (was '1')"),
        ] {
            assert_eq!(refusal(name, value), error);
        }
        assert_eq!(parse(&[("input_dropout", "0.25")]).unwrap().input_dropout, 0.25);
    }

    #[test]
    fn options_of_a_model_from_before_an_option_have_its_default() {
        let json = serde_json::to_string(&TrainingOptions::default()).unwrap();
        let mut old: BTreeMap<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
        for name in ["loss", "focal_gamma", "label_smoothing", "reduction", "input_dropout", "precision"] {
            assert!(old.remove(name).is_some());
        }
        let read = serde_json::from_value::<TrainingOptions>(serde_json::to_value(old).unwrap()).unwrap();
        assert_eq!(read, TrainingOptions::default());
    }

    #[test]
    fn a_typing_error_finds_its_name() {
        assert_eq!(refusal("epoch", "3"), "unknown option 'epoch'; did you mean 'epochs'?");
        assert_eq!(refusal("preset", "tinny"), "unknown preset 'tinny'; did you mean 'tiny'?");
    }

    #[test]
    fn every_name_that_is_listed_is_known() {
        for name in TrainingOptions::NAMES {
            let error = parse(&[(name, "?")]).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(!error.starts_with("unknown option"), "{name}");
        }
    }

    #[test]
    fn what_says_how_a_run_is_kept_is_not_part_of_it() {
        let given = [("resume", "true"), ("checkpoint_seconds", "0"), ("tensorboard", "logs/gait"), ("width", "30")];
        let options = parse(&given).unwrap();
        assert_eq!(options.width, Some(30));
        assert_eq!(
            (options.resume, options.checkpoint_seconds, options.tensorboard.as_deref()),
            (true, 0.0, Some("logs/gait"))
        );
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<TrainingOptions>(&json).unwrap(), TrainingOptions::default());
        assert_eq!(refusal("checkpoint_seconds", "5"), "option checkpoint_seconds needs option resume to be 'true'");
    }

    #[test]
    fn options_survive_json() {
        let options = TrainingOptions::preset("tiny").unwrap();
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<TrainingOptions>(&json).unwrap(), options);
    }
}
