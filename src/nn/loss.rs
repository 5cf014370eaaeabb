//! The losses that are trained on, with their gradients, and cross-entropy over predicted probabilities.

use crate::options::training::{LossKind, Reduction, TrainingOptions};

/// What is minimised: the sum of `weight * row loss` over a minibatch, divided by [`Self::divisor`].
///
/// A row's loss is `sum over classes of target * (1 - p)^gamma * -ln p`, p being the softmax of its logits. gamma 0 is the
/// cross-entropy; with another it is Keras' CategoricalFocalCrossentropy, without its bounds on p, and the row's weight is
/// its alpha. The target is 1 for the label and 0 for others; smoothed by e it is `(1 - e) + e / classes` and
/// `e / classes`, as in Keras and in PyTorch.
///
/// The weight is the row's, as Keras' `sample_weight`, and multiplies all of its classes. PyTorch's `weight` multiplies
/// each class of a target by its own instead: the same without smoothing.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    /// Exponent of 1 - p.
    pub gamma: f64,
    smoothing: f64,
    reduction: Reduction,
}

/// Losses and gradient of some rows of a minibatch.
#[derive(Debug, Clone, PartialEq)]
pub struct RowLosses {
    /// Sum of `weight * row loss` (nats).
    pub loss: f64,
    /// Rows whose most probable class is the label.
    pub correct: usize,
    /// d loss of the minibatch / d logits [rows, classes].
    pub gradient: Vec<f32>,
}

impl Loss {
    /// The loss of `options`.
    pub fn new(options: &TrainingOptions) -> Self {
        let &TrainingOptions { loss, focal_gamma, label_smoothing: smoothing, reduction, .. } = options;
        Self { gamma: if loss == LossKind::Focal { focal_gamma } else { 0.0 }, smoothing, reduction }
    }

    /// The targets of the label and of every other class.
    pub fn targets(&self, classes: usize) -> (f64, f64) {
        let other = self.smoothing / classes as f64;
        (1.0 - self.smoothing + other, other)
    }

    /// What the sum over a minibatch whose rows have these weights is divided by.
    pub fn divisor(&self, weights: &[f32]) -> f64 {
        match self.reduction {
            Reduction::Batch => weights.len() as f64,
            Reduction::Weights => weights.iter().map(|w| f64::from(*w)).sum(),
        }
    }

    /// Losses over logits [rows, classes] that are part of a minibatch with this divisor, and their gradient.
    ///
    /// A minibatch whose weights are all 0 has a gradient of 0, whatever it is divided by.
    pub fn rows(&self, logits: &[f32], labels: &[u32], weights: &[f32], divisor: f64) -> RowLosses {
        let classes = logits.len() / labels.len().max(1);
        let mut result = RowLosses { loss: 0.0, correct: 0, gradient: Vec::with_capacity(logits.len()) };
        if labels.is_empty() {
            return result;
        }
        let (on, off) = self.targets(classes);
        let mut by_log = vec![0.0; classes];
        for ((row, &label), &weight) in logits.chunks_exact(classes).zip(labels).zip(weights) {
            let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let log_sum = libm::log(row.iter().map(|z| libm::exp(f64::from(z - top))).sum());
            let log_p = |z: f32| f64::from(z - top) - log_sum;
            let mut loss = 0.0;
            for (class, by) in by_log.iter_mut().enumerate() {
                let target = if class == label as usize { on } else { off };
                // Without smoothing other classes add nothing, though their ln p may be infinite.
                *by = 0.0;
                if target > 0.0 {
                    let (value, slope) = self.term(log_p(row[class]));
                    loss += target * value;
                    *by = target * slope;
                }
            }
            result.loss += loss * f64::from(weight);
            result.correct += usize::from(argmax(row) == label as usize);
            // d ln p of class k / d logit j is 1 - p_j where j is k, and -p_j elsewhere.
            let sum: f64 = by_log.iter().sum();
            let scale = if divisor > 0.0 { f64::from(weight) / divisor } else { 0.0 };
            let gradient = row.iter().zip(&by_log).map(|(&z, by)| (scale * (by - libm::exp(log_p(z)) * sum)) as f32);
            result.gradient.extend(gradient);
        }
        result
    }

    /// `(1 - p)^gamma * -ln p`, and its derivative by ln p: `(1 - p)^gamma * (gamma * p * ln p / (1 - p) - 1)`.
    fn term(&self, log_p: f64) -> (f64, f64) {
        if self.gamma == 0.0 {
            return (-log_p, -1.0);
        }
        let q = -libm::expm1(log_p);
        let power = libm::pow(q, self.gamma);
        // ln p / (1 - p) goes to -1 as p goes to 1.
        let ratio = if q > 0.0 { log_p / q } else { -1.0 };
        (power * -log_p, power * (self.gamma * libm::exp(log_p) * ratio - 1.0))
    }
}

/// Index of the largest value, the first of equals; 0 for an empty row.
pub fn argmax(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

/// Loss and accuracy of predicted probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean cross-entropy over the rows (nats); NaN without rows.
    pub loss: f64,
    /// `sum(weight * CE) / rows`.
    pub weighted_loss: f64,
    /// Share of rows whose most probable class is the label.
    pub accuracy: f64,
}

/// Adds up the score of probabilities, part by part.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scorer {
    rows: usize,
    loss: f64,
    weighted_loss: f64,
    correct: usize,
}

impl Scorer {
    /// Adds probabilities [rows, classes]. A probability below 1e-7 counts as 1e-7, as in Keras.
    pub fn add(&mut self, probabilities: &[f32], labels: &[u32], weights: &[f32]) {
        let classes = probabilities.len() / labels.len().max(1);
        for (i, (&label, &weight)) in labels.iter().zip(weights).enumerate() {
            let row = &probabilities[i * classes..(i + 1) * classes];
            // f64::max would turn NaN into the bound and hide a net that diverged.
            let p = f64::from(row[label as usize]);
            let ce = -libm::log(if p < 1e-7 { 1e-7 } else { p });
            self.loss += ce;
            self.weighted_loss += f64::from(weight) * ce;
            self.correct += usize::from(argmax(row) == label as usize);
        }
        self.rows += labels.len();
    }

    /// The means over all rows.
    pub fn score(&self) -> Score {
        let rows = self.rows as f64;
        Score { loss: self.loss / rows, weighted_loss: self.weighted_loss / rows, accuracy: self.correct as f64 / rows }
    }
}

/// Scores probabilities [rows, classes], see [`Scorer::add`].
pub fn score(probabilities: &[f32], labels: &[u32], weights: &[f32]) -> Score {
    let mut scorer = Scorer::default();
    scorer.add(probabilities, labels, weights);
    scorer.score()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 6] = [0.5, -1.0, 2.0, 1.5, 0.25, -0.75];
    const LABELS: [u32; 2] = [0, 2];
    const WEIGHTS: [f32; 2] = [2.0, 0.5];

    /// The mean over the two rows, and its gradient.
    fn mean(loss: Loss, logits: &[f32]) -> (f64, Vec<f32>) {
        let divisor = loss.divisor(&WEIGHTS);
        let rows = loss.rows(logits, &LABELS, &WEIGHTS, divisor);
        (rows.loss / divisor, rows.gradient)
    }

    /// Losses of every kind.
    fn losses() -> Vec<Loss> {
        let mut losses = vec![];
        for gamma in [0.0, 0.5, 1.0, 2.0, 3.5] {
            for smoothing in [0.0, 0.1] {
                losses.extend([Reduction::Batch, Reduction::Weights].map(|reduction| Loss {
                    gamma,
                    smoothing,
                    reduction,
                }));
            }
        }
        losses
    }

    /// ```python
    /// import torch, keras; torch.set_default_dtype(torch.float64)   # KERAS_BACKEND=torch
    /// ce = torch.nn.functional.cross_entropy
    /// z = torch.tensor([[.5, -1., 2.], [1.5, .25, -.75]], requires_grad=True)
    /// y, w = torch.tensor([0, 2]), torch.tensor([2., .5])
    /// one_hot = torch.nn.functional.one_hot(y, 3).double()
    /// def show(loss): z.grad = None; loss.backward(); print(loss.item(), z.grad.flatten())
    /// show((w * ce(z, y, reduction='none')).sum() / 2)
    /// show(ce(z, y, weight=torch.tensor([2., 1., .5])))
    /// show((w * ce(z, y, label_smoothing=.1, reduction='none')).sum() / 2)
    /// show((w * ce(z, y, label_smoothing=.1, reduction='none')).sum() / w.sum())
    /// for gamma, smoothing in [(2., 0.), (2., .1), (.5, .1)]:
    ///     show(keras.losses.CategoricalFocalCrossentropy(alpha=1., gamma=gamma, from_logits=True,
    ///         label_smoothing=smoothing)(one_hot, z, sample_weight=w))
    /// ```
    #[test]
    fn values_and_gradients_are_those_of_pytorch_and_keras() {
        use Reduction::{Batch, Weights};
        #[rustfmt::skip]
        let expected = [
            (
                0.0, 0.0, Batch, 2.386_479_449,
                [-0.824_709_608, 0.039_112_573, 0.785_597_035, 0.179_610_085, 0.051_459_151, -0.231_069_236],
            ),
            (
                0.0, 0.0, Weights, 1.909_183_559,
                [-0.659_767_686, 0.031_290_059, 0.628_477_628, 0.143_688_068, 0.041_167_321, -0.184_855_389],
            ),
            (
                0.0, 0.1, Batch, 2.359_396_116,
                [-0.758_042_941, 0.005_779_240, 0.752_263_701, 0.171_276_752, 0.043_125_818, -0.214_402_570],
            ),
            (
                0.0, 0.1, Weights, 1.887_516_893,
                [-0.606_434_353, 0.004_623_392, 0.601_810_961, 0.137_021_402, 0.034_500_654, -0.171_522_056],
            ),
            (
                2.0, 0.0, Batch, 1.735_505_1,
                [-0.976_131_770, 0.046_293_902, 0.929_837_869, 0.218_320_664, 0.062_549_918, -0.280_870_582],
            ),
            (
                2.0, 0.1, Batch, 1.728_457_9,
                [-0.903_494_300, 0.005_996_968, 0.897_497_332, 0.210_135_985, 0.051_151_363, -0.261_287_348],
            ),
            (
                0.5, 0.1, Batch, 2.177_667_6,
                [-0.818_368_486, 0.006_688_852, 0.811_679_633, 0.182_859_392, 0.045_243_883, -0.228_103_275],
            ),
        ];
        for (gamma, smoothing, reduction, value, gradient) in expected {
            let loss = Loss { gamma, smoothing, reduction };
            let ours = mean(loss, &LOGITS);
            assert!((ours.0 - value).abs() < 2e-7, "{loss:?}: {} {value}", ours.0);
            for (a, b) in ours.1.iter().zip(gradient) {
                assert!((f64::from(*a) - b).abs() < 1e-7, "{loss:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for loss in losses() {
            let (_, gradient) = mean(loss, &LOGITS);
            for k in 0..6 {
                let at = |step: f32| {
                    let mut moved = LOGITS;
                    moved[k] += step;
                    mean(loss, &moved).0
                };
                // The error of the fourth order: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h.
                let h = 1.0 / 64.0;
                let numeric = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * f64::from(h));
                assert!((numeric - f64::from(gradient[k])).abs() < 1e-6, "{loss:?} {k}: {numeric} {}", gradient[k]);
            }
        }
    }

    #[test]
    fn the_options_say_which_loss() {
        let focal = TrainingOptions { loss: LossKind::Focal, label_smoothing: 0.2, ..TrainingOptions::default() };
        assert_eq!((Loss::new(&focal).gamma, Loss::new(&focal).targets(4)), (2.0, (1.0 - 0.2 + 0.05, 0.05)));
        assert_eq!(Loss::new(&TrainingOptions { focal_gamma: 3.0, ..TrainingOptions::default() }).gamma, 0.0);
    }

    #[test]
    fn parts_of_a_minibatch_are_the_minibatch() {
        for loss in losses() {
            let divisor = loss.divisor(&WEIGHTS);
            let whole = loss.rows(&LOGITS, &LABELS, &WEIGHTS, divisor);
            let parts = [0, 1].map(|k| loss.rows(&LOGITS[3 * k..][..3], &LABELS[k..=k], &WEIGHTS[k..=k], divisor));
            assert_eq!(parts[0].loss + parts[1].loss, whole.loss);
            assert_eq!([&parts[0].gradient[..], &parts[1].gradient].concat(), whole.gradient);
        }
    }

    #[test]
    fn extreme_logits_give_finite_losses() {
        for loss in losses().into_iter().filter(|loss| loss.smoothing == 0.0) {
            let wrong = loss.rows(&[1e4, -1e4], &[1], &[1.0], 1.0);
            assert_eq!((wrong.loss, &wrong.gradient[..]), (20_000.0, &[1.0, -1.0][..]), "{loss:?}");
            let right = loss.rows(&[1e4, -1e4], &[0], &[1.0], 1.0);
            assert_eq!((right.loss, &right.gradient[..]), (0.0, &[0.0, 0.0][..]), "{loss:?}");
        }
        let [plain, infinite] = [[30.0, -30.0], [30.0, f32::NEG_INFINITY]].map(mean_of);
        assert!(plain.0 < 1e-20 && infinite.0 == 0.0 && infinite.1.iter().all(|g| *g == 0.0));
    }

    fn mean_of(logits: [f32; 2]) -> (f64, Vec<f32>) {
        let rows = Loss::new(&TrainingOptions::default()).rows(&logits, &[0], &[1.0], 1.0);
        (rows.loss, rows.gradient)
    }

    #[test]
    fn weights_of_0_have_no_gradient_and_nan_is_not_hidden() {
        for loss in losses() {
            let rows = loss.rows(&LOGITS, &LABELS, &[0.0, 0.0], loss.divisor(&[0.0, 0.0]));
            assert_eq!((rows.loss, rows.gradient), (0.0, vec![0.0; 6]));
            let mut diverged = LOGITS;
            diverged[4] = f32::NAN;
            assert!(mean(loss, &diverged).0.is_nan(), "{loss:?}");
        }
    }

    #[test]
    fn a_uniform_guess_costs_ln_of_classes() {
        let uniform = score(&[0.25; 8], &[0, 3], &[1.0, 3.0]);
        assert!((uniform.loss - 4f64.ln()).abs() < 1e-12);
        assert!((uniform.weighted_loss - 2.0 * 4f64.ln()).abs() < 1e-12);
        assert_eq!(uniform.accuracy, 0.5);
    }
}
