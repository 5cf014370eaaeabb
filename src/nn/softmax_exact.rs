//! Softmax in float64, the same bits on every platform.

/// Turns logits [K] into probabilities in place and returns `ln(sum over k of exp(logit_k))`.
///
/// The largest logit is taken off first, so nothing overflows. NaN in one logit makes all of them NaN.
pub(crate) fn softmax(logits: &mut [f64]) -> f64 {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter_mut().for_each(|z| *z = libm::exp(*z - top));
    let sum: f64 = logits.iter().sum();
    logits.iter_mut().for_each(|z| *z /= sum);
    top + libm::log(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_shares_of_the_exponentials() {
        // exp(ln 1), exp(ln 3) and exp(ln 4) over their sum 8, however far all of them are moved.
        for shift in [0.0, 5000.0, -5000.0] {
            let mut values = [1.0f64, 3.0, 4.0].map(|x| libm::log(x) + shift);
            let log_sum = softmax(&mut values);
            let near = |(p, share): (&f64, f64)| (p - share).abs() < 1e-12;
            assert!(values.iter().zip([0.125, 0.375, 0.5]).all(near), "{values:?}");
            assert!((log_sum - shift - libm::log(8.0)).abs() < 1e-11, "{log_sum}");
        }
    }

    #[test]
    fn a_logit_that_is_not_a_number_spoils_its_row() {
        let mut values = [0.0, f64::NAN];
        softmax(&mut values);
        assert!(values.iter().all(|p| p.is_nan()));
    }
}
