//! Magnitude warp: each feature larger here and smaller there.

use super::operation::{Call, Operation, Recorded};
use crate::error::Result;
use std::fmt::{self, Display, Formatter, Write};

use super::drawn;
use super::present::changed;
use crate::random::Stream;

/// The largest factor, so that curves are finite however large sigma is.
const LARGEST: f64 = 1e4;

/// Smooth curves, one for each feature, that its values are multiplied by (Um et al. 2017, arXiv:1706.00527).
#[derive(Debug, Clone, PartialEq)]
pub struct MagnitudeWarp {
    /// Points of a curve: both ends of the window and the knots between, at equal distances. At least 2.
    pub points: usize,
    /// Factors at those points, [D, points] row-major.
    pub factors: Vec<f64>,
}

impl MagnitudeWarp {
    /// Factors 1 + N(0, sigma²) for both ends and `knots` knots of each of D features, in steps of 0.0001 and within
    /// ±10,000.
    pub fn draw(dim: usize, knots: usize, sigma: f64, stream: &mut Stream) -> Self {
        let points = knots + 2;
        let factor = |z: f64| drawn::rounded((1.0 + z).clamp(-LARGEST, LARGEST));
        Self { points, factors: drawn::normals(sigma, stream).map(factor).take(dim * points).collect() }
    }

    /// Multiplies each value of a window of [frames, D] by its feature's curve: the natural cubic spline through the
    /// factors.
    ///
    /// A missing value (NaN) and an infinite one stay, to the bit. Factors of 1 change no bit. A window of one frame has
    /// the first factors. A result past the range of f32 is infinite.
    pub fn apply(&self, window: &[f32], dim: usize, warped: &mut [f32]) {
        warped.copy_from_slice(window);
        let (n, dim) = (self.points, dim.max(1));
        let (last, pieces) = ((window.len() / dim).saturating_sub(1).max(1), n - 1);
        let bends: Vec<f64> = self.factors.chunks_exact(n).flat_map(second_derivatives).collect();
        for (t, frame) in warped.chunks_exact_mut(dim).enumerate() {
            let place = (t * pieces) as f64 / last as f64;
            let piece = (place as usize).min(pieces - 1);
            let share = place - piece as f64;
            // What a second derivative of 1 at this piece's beginning, or at its end, adds to the straight line.
            let bow = |s: f64| s * (s * s - 1.0) / 6.0;
            let (begin, end) = (bow(1.0 - share), bow(share));
            for ((value, y), m) in frame.iter_mut().zip(self.factors.chunks_exact(n)).zip(bends.chunks_exact(n)) {
                let line = y[piece] + share * (y[piece + 1] - y[piece]);
                *value = changed(*value, |x| x * (line + begin * m[piece] + end * m[piece + 1]));
            }
        }
    }
}

/// The second derivatives of the natural cubic spline through points at distances of 1: 0 at both ends, and between them
/// m₍ᵢ₋₁₎ + 4 mᵢ + m₍ᵢ₊₁₎ = 6 (y₍ᵢ₋₁₎ - 2 yᵢ + y₍ᵢ₊₁₎), solved by elimination from the first to the last.
fn second_derivatives(y: &[f64]) -> Vec<f64> {
    let n = y.len();
    let (mut m, mut above) = (vec![0.0; n], vec![0.0; n]);
    for i in 1..n - 1 {
        let pivot = 4.0 - above[i - 1];
        above[i] = 1.0 / pivot;
        m[i] = (6.0 * (y[i - 1] - 2.0 * y[i] + y[i + 1]) - m[i - 1]) / pivot;
    }
    for i in (1..n - 1).rev() {
        m[i] -= above[i] * m[i + 1];
    }
    m
}

/// The factors of each feature, with `;` between the features, as in `1.02, 0.9873; 0.99, 1.0012`.
impl Display for MagnitudeWarp {
    fn fmt(&self, text: &mut Formatter) -> fmt::Result {
        for (d, factors) in self.factors.chunks(self.points).enumerate() {
            text.write_str(if d == 0 { "" } else { "; " })?;
            drawn::list(factors, text)?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Warp {
    sigma: f64,
    knots: usize,
}

/// Reads `magnitude_warp(sigma)` or `magnitude_warp(sigma, knots)`, of 4 knots.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    let (sigma, knots) =
        call.number_and_count("sigma", "knots", 4, "magnitude_warp(0.02) or magnitude_warp(0.02, 4)")?;
    Ok(Box::new(Warp { sigma, knots }))
}

impl Operation for Warp {
    /// Of what is drawn it tells sigma alone: there are as many curves as features.
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> fmt::Result {
        MagnitudeWarp::draw(window.dim, self.knots, self.sigma, stream).apply(window.values, window.dim, changed);
        write!(drawn, "{}", self.sigma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warped(points: usize, factors: &[f64], window: &[f32], dim: usize) -> Vec<f32> {
        let mut warped = vec![9.0; window.len()];
        MagnitudeWarp { points, factors: factors.to_vec() }.apply(window, dim, &mut warped);
        warped
    }

    #[test]
    fn curves_are_natural_cubic_splines() {
        // y = [[1.1, 0.9, 1.0, 1.2], [0.7, 1.0, 1.3, 0.8]]
        // scipy.interpolate.CubicSpline(numpy.arange(4), y, axis=1, bc_type='natural')(numpy.linspace(0, 3, 8)).T
        let expected = [
            [1.1, 0.7],
            [0.988629737609330, 0.809912536443149],
            [0.911895043731779, 0.945014577259475],
            [0.901166180758018, 1.123032069970845],
            [0.949854227405248, 1.274927113702624],
            [1.027055393586006, 1.277084548104956],
            [1.111953352769679, 1.088921282798834],
            [1.2, 0.8],
        ];
        let warped = warped(4, &[1.1, 0.9, 1.0, 1.2, 0.7, 1.0, 1.3, 0.8], &[1.0; 16], 2);
        for (&x, e) in warped.iter().zip(expected.as_flattened()) {
            assert!((f64::from(x) - e).abs() < 1e-7, "{x} {e}");
        }
    }

    #[test]
    fn without_knots_curves_are_lines() {
        assert_eq!(warped(2, &[1.0, 2.0], &[4.0, 4.0, f32::NAN, 4.0, 4.0], 1)[..2], [4.0, 5.0]);
        assert_eq!(warped(2, &[0.5, 2.0], &[4.0], 1), [2.0], "one frame is the first");
    }

    #[test]
    fn the_largest_sigma_makes_no_missing_value() {
        let drawn = MagnitudeWarp::draw(2, 6, f64::MAX, &mut Stream::new(3, &[]));
        let mut warped = [0.0; 20];
        drawn.apply(&[1.0; 20], 2, &mut warped);
        assert!(warped.iter().all(|x| x.is_finite()), "{warped:?}");
    }

    #[test]
    fn the_text_of_a_draw_makes_it_again() {
        let drawn = MagnitudeWarp::draw(2, 1, 0.2, &mut Stream::new(5, &[]));
        let factors: Vec<f64> = drawn.to_string().replace(';', ",").split(", ").map(|v| v.parse().unwrap()).collect();
        assert_eq!(factors.len(), 6);
        assert_eq!(MagnitudeWarp { points: 3, factors }, drawn);
        assert_eq!(MagnitudeWarp::draw(2, 0, 0.0, &mut Stream::new(5, &[])).to_string(), "1, 1; 1, 1");
    }
}
