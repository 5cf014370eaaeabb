//! Cross-entropy with a weight for each row, its gradient, and its value over predicted probabilities.

/// Loss of each row and the gradient of the batch's loss.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossEntropy {
    /// -ln p(label) of each row, unweighted, in nats.
    pub rows: Vec<f64>,
    /// Rows whose most probable class is the label.
    pub correct: usize,
    /// d loss / d logits [rows, classes].
    pub gradient: Vec<f32>,
}

/// Keras' weighted loss `sum(weight * CE) / batch_rows` over logits [rows, classes], with its gradient.
///
/// `batch_rows` is that of the whole minibatch, of which these rows may be a part. (PyTorch divides by the sum of
/// the weights instead.)
pub fn cross_entropy(logits: &[f32], labels: &[u32], weights: &[f32], batch_rows: usize) -> CrossEntropy {
    let classes = logits.len() / labels.len().max(1);
    let mut result = CrossEntropy { rows: Vec::new(), correct: 0, gradient: Vec::with_capacity(logits.len()) };
    if labels.is_empty() {
        return result;
    }
    for ((row, &label), &weight) in logits.chunks_exact(classes).zip(labels).zip(weights) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let log_sum = libm::log(row.iter().map(|z| libm::exp(f64::from(z - top))).sum());
        let log_p = |z: f32| f64::from(z - top) - log_sum;
        let scale = f64::from(weight) / batch_rows as f64;
        result.rows.push(-log_p(row[label as usize]));
        result.correct += usize::from(argmax(row) == label as usize);
        result.gradient.extend(row.iter().enumerate().map(|(class, &z)| {
            let target = if class == label as usize { 1.0 } else { 0.0 };
            (scale * (libm::exp(log_p(z)) - target)) as f32
        }));
    }
    result
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

/// Scores probabilities [rows, classes]. A probability below 1e-7 counts as 1e-7, as in Keras.
pub fn score(probabilities: &[f32], labels: &[u32], weights: &[f32]) -> Score {
    let classes = probabilities.len() / labels.len().max(1);
    let (mut loss, mut weighted_loss, mut correct) = (0.0, 0.0, 0.0);
    for (i, (&label, &weight)) in labels.iter().zip(weights).enumerate() {
        let row = &probabilities[i * classes..(i + 1) * classes];
        // f64::max would turn NaN into the bound and hide a net that diverged.
        let p = f64::from(row[label as usize]);
        let ce = -libm::log(if p < 1e-7 { 1e-7 } else { p });
        loss += ce;
        weighted_loss += f64::from(weight) * ce;
        correct += f64::from(u8::from(argmax(row) == label as usize));
    }
    let rows = labels.len() as f64;
    Score { loss: loss / rows, weighted_loss: weighted_loss / rows, accuracy: correct / rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 6] = [0.5, -1.0, 2.0, 1.5, 0.25, -0.75];
    const LABELS: [u32; 2] = [0, 2];
    const WEIGHTS: [f32; 2] = [2.0, 0.5];

    fn loss(logits: &[f32]) -> f64 {
        let rows = cross_entropy(logits, &LABELS, &WEIGHTS, 2).rows;
        rows.iter().zip(WEIGHTS).map(|(ce, w)| f64::from(w) * ce / 2.0).sum()
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let gradient = cross_entropy(&LOGITS, &LABELS, &WEIGHTS, 2).gradient;
        for k in 0..6 {
            let (mut up, mut down) = (LOGITS, LOGITS);
            up[k] += 1.0 / 64.0;
            down[k] -= 1.0 / 64.0;
            let numeric = (loss(&up) - loss(&down)) * 32.0;
            assert!((numeric - f64::from(gradient[k])).abs() < 1e-4, "{k}: {numeric} {}", gradient[k]);
        }
    }

    #[test]
    fn extreme_logits_give_finite_losses() {
        let result = cross_entropy(&[1e4, -1e4], &[1], &[1.0], 1);
        assert_eq!(result.rows, [20_000.0]);
        assert_eq!(result.gradient, [1.0, -1.0]);
    }

    #[test]
    fn a_uniform_guess_costs_ln_of_classes() {
        let uniform = score(&[0.25; 8], &[0, 3], &[1.0, 3.0]);
        assert!((uniform.loss - 4f64.ln()).abs() < 1e-12);
        assert!((uniform.weighted_loss - 2.0 * 4f64.ln()).abs() < 1e-12);
        assert_eq!(uniform.accuracy, 0.5);
    }
}
