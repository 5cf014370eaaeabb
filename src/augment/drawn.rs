//! Drawn numbers that a text tells exactly: in steps of 0.0001.

use std::fmt::{Display, Formatter, Result};

use crate::random::Stream;

/// The nearest step of 0.0001, which decimal text of at most four places after the point gives back to the bit.
pub fn rounded(x: f64) -> f64 {
    // + 0.0 makes -0.0 a zero without a sign.
    (x * 1e4).round() / 1e4 + 0.0
}

/// Uniform in [low, high], in steps of 0.0001 and exactly `low` where both are the same.
pub fn between(low: f64, high: f64, stream: &mut Stream) -> f64 {
    rounded(stream.between(low, high)).clamp(low, high)
}

/// Independent normal numbers N(0, sigma²), not rounded, as many as are taken.
pub fn normals(sigma: f64, stream: &mut Stream) -> impl Iterator<Item = f64> {
    std::iter::repeat_with(|| stream.normal_pair()).flat_map(<[f64; 2]>::from).map(move |z| sigma * z)
}

/// Writes items one after the other, with `, ` between them.
pub fn list(items: impl IntoIterator<Item = impl Display>, text: &mut Formatter) -> Result {
    for (i, item) in items.into_iter().enumerate() {
        write!(text, "{}{item}", if i == 0 { "" } else { ", " })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_gives_a_drawn_number_back() {
        let mut stream = Stream::new(1, &["drawn"]);
        for _ in 0..1000 {
            let x = between(-30.0, 30.0, &mut stream);
            let text = x.to_string();
            assert!(text.split('.').nth(1).is_none_or(|places| places.len() <= 4), "{text}");
            assert_eq!(text.parse(), Ok(x));
        }
        assert_eq!(rounded(-0.00001).to_string(), "0");
    }

    #[test]
    fn nothing_between_two_equal_numbers() {
        assert_eq!(between(1.0 / 3.0, 1.0 / 3.0, &mut Stream::new(1, &[])), 1.0 / 3.0);
    }

    #[test]
    fn normals_have_their_deviation() {
        let variance = normals(0.5, &mut Stream::new(2, &[])).take(20_000).map(|x| x * x).sum::<f64>() / 20_000.0;
        // The variance of n squared normals is 2 σ⁴ / n; 4 standard errors.
        assert!((variance - 0.25).abs() < 4.0 * 0.25 * (2.0f64 / 20_000.0).sqrt(), "variance {variance}");
    }

    #[test]
    fn a_drawn_number_is_uniform_between_its_bounds() {
        let mut stream = Stream::new(1, &["rotate"]);
        let angles: Vec<f64> = (0..1000).map(|_| between(-15.0, 15.0, &mut stream)).collect();
        assert!(angles.iter().all(|a| a.abs() <= 15.0));
        // The mean of n draws of U(-t, t) has the deviation t / sqrt(3 n); 4 of them.
        assert!((angles.iter().sum::<f64>() / 1000.0).abs() < 4.0 * 15.0 / 3000f64.sqrt());
        assert_eq!(between(0.0, 0.0, &mut stream).to_string(), "0");
        assert_eq!(between(1.0, 1.0, &mut stream), 1.0);
    }
}
