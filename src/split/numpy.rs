//! Means and standard deviations with numpy's order of additions, on which ties of scikit-learn's hang.

/// The sum from the first to the last, as numpy adds up rows of a matrix.
pub(super) fn in_turn(values: &[f64]) -> f64 {
    values.iter().sum()
}

/// The sum as numpy adds up a row: in eight strands from eight values on, in halves above 128.
pub(super) fn in_strands(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return in_turn(values);
    }
    if n > 128 {
        let half = n / 2 - n / 2 % 8;
        return in_strands(&values[..half]) + in_strands(&values[half..]);
    }
    let mut strands = [0.0; 8];
    let eights = values.chunks_exact(8);
    let rest = eights.remainder();
    for eight in eights {
        strands.iter_mut().zip(eight).for_each(|(sum, value)| *sum += value);
    }
    let [a, b, c, d, e, f, g, h] = strands;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

/// The mean; NaN of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    in_strands(values) / values.len() as f64
}

/// The standard deviation over all values (not of a sample), by a sum.
pub(super) fn deviation(values: &[f64], sum: fn(&[f64]) -> f64) -> f64 {
    let n = values.len() as f64;
    let mean = sum(values) / n;
    let squares: Vec<f64> = values.iter().map(|value| (value - mean) * (value - mean)).collect();
    (sum(&squares) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_numpy() {
        // numpy.std(1 / numpy.arange(1, n + 1)) of 7, 20 and 300 values.
        let of = |n: u32| deviation(&(1..=n).map(|i| 1.0 / f64::from(i)).collect::<Vec<_>>(), in_strands);
        assert_eq!([7, 20, 300].map(of), [0.28065779881738834, 0.2178275363543148, 0.07094677343195521]);
    }
}
