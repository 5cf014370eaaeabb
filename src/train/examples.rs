//! Labelled windows in memory, as training reads them.

use crate::error::{Result, data_err};
use crate::nn::config::ModelConfig;

/// Labelled windows in memory. Rows are used in the order they are in: sort them by key, and results do not depend on
/// where they came from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examples {
    /// Frames of a window.
    pub width: usize,
    /// Features of a frame.
    pub dim: usize,
    /// Raw windows [rows, width, dim].
    pub features: Vec<f32>,
    /// Recorded frames of each window, 1..=width.
    pub valid_len: Vec<u32>,
    /// Class of each window, 0..classes.
    pub labels: Vec<u32>,
    /// Weight of each window in the loss; 1 for all if unweighted.
    pub weights: Vec<f32>,
    /// Name of each window, unique; its dropout is drawn by it.
    pub keys: Vec<String>,
}

impl Examples {
    /// The number of windows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The rows of the given numbers, in that order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let size = self.width * self.dim;
        let mut features = Vec::with_capacity(rows.len() * size);
        rows.iter().for_each(|row| features.extend_from_slice(&self.features[row * size..(row + 1) * size]));
        Self {
            width: self.width,
            dim: self.dim,
            features,
            valid_len: rows.iter().map(|row| self.valid_len[*row]).collect(),
            labels: rows.iter().map(|row| self.labels[*row]).collect(),
            weights: rows.iter().map(|row| self.weights[*row]).collect(),
            keys: rows.iter().map(|row| self.keys[*row].clone()).collect(),
        }
    }

    /// Adds rows of the same shape behind these; nothing yet takes the shape of the first.
    pub fn append(&mut self, mut rows: Self) {
        if self.is_empty() {
            *self = rows;
            return;
        }
        self.features.append(&mut rows.features);
        self.valid_len.append(&mut rows.valid_len);
        self.labels.append(&mut rows.labels);
        self.weights.append(&mut rows.weights);
        self.keys.append(&mut rows.keys);
    }

    /// Refuses rows that `config` cannot learn from, naming the first.
    pub(super) fn check(&self, side: &str, config: &ModelConfig) -> Result<()> {
        let (rows, size) = (self.len(), config.width * config.features);
        let columns = [self.valid_len.len(), self.weights.len(), self.keys.len()];
        if columns != [rows; 3] || self.features.len() != rows * size {
            return data_err!(
                "{side}: {rows} windows of {} frames with {} features need {} values (got {})",
                config.width,
                config.features,
                rows * size,
                self.features.len()
            );
        }
        for row in 0..rows {
            let key = &self.keys[row];
            if self.labels[row] as usize >= config.classes {
                return data_err!("{side}: window {key} has class {} of {}", self.labels[row], config.classes);
            }
            if !(1..=config.width).contains(&(self.valid_len[row] as usize)) {
                let valid = self.valid_len[row];
                return data_err!("{side}: window {key}: valid_len must be in 1..={} (was {valid})", config.width);
            }
            if !(self.weights[row] >= 0.0 && self.weights[row].is_finite()) {
                return data_err!("{side}: window {key}: weight must be a number >= 0 (was {})", self.weights[row]);
            }
            if !self.features[row * size..(row + 1) * size].iter().all(|x| x.is_finite()) {
                return data_err!("{side}: window {key} has a feature that is NaN or infinite");
            }
        }
        Ok(())
    }
}
