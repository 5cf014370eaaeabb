//! Softmax over slices; the gates of recurrent cells have theirs in [`super::fused`].

/// Turns each row of logits [rows, classes] into probabilities, in place. Sums are taken in f64.
pub fn softmax(logits: &mut [f32], classes: usize) {
    for row in logits.chunks_exact_mut(classes) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|z| libm::exp(f64::from(z - top))).sum();
        row.iter_mut().for_each(|z| *z = (libm::exp(f64::from(*z - top)) / sum) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_of_equal_logits_is_uniform_however_large() {
        let mut rows = [1e4, 1e4, 1e4, 1e4, 0.0, f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY];
        softmax(&mut rows, 4);
        assert_eq!(rows, [0.25, 0.25, 0.25, 0.25, 0.5, 0.0, 0.5, 0.0]);
    }
}
