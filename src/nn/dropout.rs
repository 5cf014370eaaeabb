//! Dropout masks that belong to a row, not to the batch or the thread it is in.

use super::config::ModelConfig;
use crate::random::Stream;

/// Dropout at each of its places in a net.
#[derive(Debug, Clone)]
pub struct Dropouts {
    /// After each recurrent layer.
    pub recurrent: Vec<Dropout>,
    /// Of what each recurrent layer reads.
    pub input: Dropout,
    /// After each dense layer.
    pub dense: Dropout,
}

/// The name by which the input masks of a recurrent layer are drawn: `lstm1_input`, and `lstm1_input_reverse` for its
/// second direction, whose masks are others, as in Keras.
pub fn input_name(config: &ModelConfig, layer: usize, direction: usize) -> String {
    format!("{}{}_input{}", config.cell.name(), layer + 1, ["", "_reverse"][direction])
}

impl Dropouts {
    /// The dropout of `config`.
    pub fn new(config: &ModelConfig, seed: u64) -> Self {
        let recurrent = config.dropout.iter().map(|&rate| Dropout::new(rate, seed)).collect();
        let [input, dense] = [config.input_dropout, config.dense_dropout].map(|rate| Dropout::new(rate, seed));
        Self { recurrent, input, dense }
    }
}

/// Inverted dropout (Srivastava 2014): multiplies by 0 with probability `rate`, else by 1 / (1 - rate).
///
/// The rate is kept in steps of 2^-16, and the scale is that of the rate as kept: the expected factor is exactly 1.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    threshold: u16,
    scale: f32,
    seed: u64,
}

impl Dropout {
    /// Dropout with `rate` in [0, 1).
    pub fn new(rate: f64, seed: u64) -> Self {
        let threshold = (rate * 65_536.0).round().min(65_535.0) as u16;
        Self { threshold, scale: (65_536.0 / (65_536.0 - f64::from(threshold))) as f32, seed }
    }

    /// The factors [steps * rows, units] of the named rows behind `layer` in one epoch, time-major, into `mask`;
    /// nothing if nothing is ever dropped.
    ///
    /// A row's factors are drawn in order of time: the first steps get the same ones whatever the padding behind them.
    pub fn mask(&self, epoch: u64, rows: &[&str], layer: &str, units: usize, steps: usize, mask: &mut Vec<f32>) {
        self.padded_mask(epoch, rows, layer, units, units, steps, mask);
    }

    /// The same factors with `padded` of them to a row, of which the first `units` are drawn and the others are 0.
    #[expect(clippy::too_many_arguments, reason = "a mask is of rows, steps and units of a layer")]
    pub fn padded_mask(
        &self,
        epoch: u64,
        rows: &[&str],
        layer: &str,
        units: usize,
        padded: usize,
        steps: usize,
        mask: &mut Vec<f32>,
    ) {
        mask.clear();
        if self.threshold == 0 {
            return;
        }
        mask.resize(steps * rows.len() * padded, 0.0);
        // Two draws a word, lower half first.
        let mut blocks = vec![[0; 64]; (steps * units).div_ceil(128)];
        let mut draws = vec![0; blocks.len() * 128];
        let epoch = epoch.to_string();
        for (row, name) in rows.iter().enumerate() {
            Stream::words(self.seed, &["dropout", layer, &epoch, name], &mut blocks);
            for (pair, word) in draws.as_chunks_mut::<2>().0.iter_mut().zip(blocks.as_flattened()) {
                *pair = [*word as u16, (word >> 16) as u16];
            }
            for (step, draws) in mask.chunks_exact_mut(rows.len() * padded).zip(draws.chunks_exact(units)) {
                for (factor, draw) in step[row * padded..][..units].iter_mut().zip(draws) {
                    *factor = if *draw >= self.threshold { self.scale } else { 0.0 };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(rate: f64, epoch: u64, row: &str, count: usize) -> Vec<f32> {
        let mut factors = Vec::new();
        Dropout::new(rate, 7).mask(epoch, &[row], "lstm1", 2, count / 2, &mut factors);
        factors
    }

    #[test]
    fn the_expected_factor_is_1_and_the_rate_is_kept() {
        let factors = mask(0.3, 1, "a", 100_000);
        let mean = factors.iter().map(|&x| f64::from(x)).sum::<f64>() / 1e5;
        let dropped = factors.iter().filter(|x| **x == 0.0).count() as f64 / 1e5;
        let sigma = (0.3f64 * 0.7 / 1e5).sqrt();
        assert!((dropped - 0.3).abs() < 4.0 * sigma && (mean - 1.0).abs() < 4.0 * sigma / 0.7);
    }

    #[test]
    fn rows_and_epochs_have_masks_of_their_own() {
        assert_eq!(mask(0.3, 1, "a", 64), mask(0.3, 1, "a", 64));
        assert_ne!(mask(0.3, 1, "a", 64), mask(0.3, 1, "b", 64));
        assert_ne!(mask(0.3, 1, "a", 64), mask(0.3, 2, "a", 64));
    }

    #[test]
    fn a_row_keeps_its_mask_in_any_company() {
        let (mut both, alone) = (Vec::new(), mask(0.3, 1, "b", 8));
        Dropout::new(0.3, 7).mask(1, &["a", "b"], "lstm1", 2, 4, &mut both);
        let of_b: Vec<f32> = both.chunks(4).flat_map(|step| step[2..].to_vec()).collect();
        assert_eq!(of_b, alone);
    }

    #[test]
    fn a_longer_window_begins_with_the_same_mask() {
        assert_eq!(mask(0.3, 1, "a", 90)[..30], mask(0.3, 1, "a", 30)[..]);
    }
}
