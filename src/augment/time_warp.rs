//! Time warp: the same movement, here faster and there slower.

use super::operation::{Call, Operation, Recorded};
use crate::error::Result;
use std::fmt::{self, Display, Formatter, Write};

use super::drawn;
use super::interpolate::frame_at;
use super::present::changed;
use crate::random::Stream;

/// A slowest and fastest speed, so that time neither stops nor jumps however large sigma is.
const SPEEDS: (f64, f64) = (1e-4, 1e4);

/// A smooth distortion of time that leaves the first frame first and the last one last.
///
/// After Um et al. 2017 (arXiv:1706.00527), whose speeds are 1 + N(0, σ²) on a cubic spline. Here they are exp N(0, σ²),
/// linear in between: above 0 for any σ, so that the order of the frames never turns.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeWarp {
    /// Speeds at both ends of the window and at the knots between, at equal distances; each above 0. Only how they
    /// compare matters, since they are made to end at the last frame.
    pub speeds: Vec<f64>,
}

impl TimeWarp {
    /// Speeds exp(N(0, sigma²)) for both ends and `knots` knots, in steps of 0.0001 and within 0.0001 and 10,000.
    pub fn draw(knots: usize, sigma: f64, stream: &mut Stream) -> Self {
        let speed = |z: f64| drawn::rounded(libm::exp(z).min(SPEEDS.1)).max(SPEEDS.0);
        Self { speeds: drawn::normals(sigma, stream).map(speed).take(knots + 2).collect() }
    }

    /// Warps a window of [frames, D] values.
    ///
    /// Frame t of T is read, linearly between two frames, at the place P(t) = (T - 1) · ∫₀ᵗ v / ∫₀ᵀ⁻¹ v, where v is
    /// linear from speed to speed: its integral is exact. The features in `velocities` (a place per time) are multiplied
    /// by P'(t). Equal speeds change no bit. Next to a missing value (NaN) the result is missing and has its bits.
    pub fn apply(&self, window: &[f32], dim: usize, velocities: &[usize], warped: &mut [f32]) {
        let last = window.len().checked_div(dim).unwrap_or(0).saturating_sub(1);
        let speeds = &self.speeds;
        if last == 0 || speeds.windows(2).all(|pair| pair[0] == pair[1]) {
            warped.copy_from_slice(window);
            return;
        }
        let pieces = speeds.len() - 1;
        let total: f64 = speeds.windows(2).map(|pair| travelled(pair, 1.0)).sum();
        let (mut piece, mut before, mut place) = (0, 0.0, 0.0f64);
        for (t, frame) in warped.chunks_exact_mut(dim).enumerate() {
            let time = (t * pieces) as f64 / last as f64;
            while piece + 1 < pieces && time >= (piece + 1) as f64 {
                before += travelled(&speeds[piece..], 1.0);
                piece += 1;
            }
            let share = time - piece as f64;
            // Never back, not even by rounding. The last sum is the total to the bit.
            place = place.max((before + travelled(&speeds[piece..], share)) / total * last as f64);
            frame_at(window, dim, place, frame);
            let rate = (speeds[piece] + share * (speeds[piece + 1] - speeds[piece])) / total * pieces as f64;
            velocities.iter().for_each(|&v| frame[v] = changed(frame[v], |x| x * rate));
        }
    }
}

/// The integral of the line from the first speed to the second over a share of the way.
fn travelled(speeds: &[f64], share: f64) -> f64 {
    share * (speeds[0] + 0.5 * share * (speeds[1] - speeds[0]))
}

/// The speeds, as in `0.9, 1.1, 1.0213`.
impl Display for TimeWarp {
    fn fmt(&self, text: &mut Formatter) -> fmt::Result {
        drawn::list(&self.speeds, text)
    }
}

#[derive(Debug)]
struct Warp {
    sigma: f64,
    knots: usize,
    velocities: Vec<usize>,
}

/// Reads `time_warp(sigma)` or `time_warp(sigma, knots)`, of 3 knots.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    let (sigma, knots) = call.number_and_count("sigma", "knots", 3, "time_warp(0.2) or time_warp(0.2, 3)")?;
    Ok(Box::new(Warp { sigma, knots, velocities: call.frame.velocities(&[])? }))
}

impl Operation for Warp {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> fmt::Result {
        let warp = TimeWarp::draw(self.knots, self.sigma, stream);
        warp.apply(window.values, window.dim, &self.velocities, changed);
        write!(drawn, "{warp}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warped(speeds: &[f64], window: &[f32], dim: usize, velocities: &[usize]) -> Vec<f32> {
        let mut warped = vec![9.0; window.len()];
        TimeWarp { speeds: speeds.to_vec() }.apply(window, dim, velocities, &mut warped);
        warped
    }

    #[test]
    fn frames_are_read_where_the_speeds_lead() {
        // v = [1.5, 0.5, 1.25, 0.8, 2]; u = numpy.linspace(0, 4, 10)
        // F = scipy.interpolate.make_interp_spline(numpy.arange(5), v, k=1).antiderivative(); p = F(u) / F(4) * 9
        // numpy.interp(p, numpy.arange(10), numpy.arange(10.) ** 2) and numpy.interp(u, numpy.arange(5), v) / F(4) * 4
        let expected = [
            [0.0, 1.395348837209302],
            [1.565891472868217, 0.981912144702843],
            [3.891472868217054, 0.568475452196383],
            [6.645348837209303, 0.697674418604651],
            [11.672480620155037, 1.007751937984496],
            [20.343023255813957, 1.069767441860465],
            [30.05232558139535, 0.883720930232558],
            [39.52713178294573, 0.868217054263565],
            [54.81395348837209, 1.364341085271318],
            [81.0, 1.86046511627907],
        ];
        let window: Vec<f32> = (0..10).flat_map(|t| [(t * t) as f32, 1.0]).collect();
        let warped = warped(&[1.5, 0.5, 1.25, 0.8, 2.0], &window, 2, &[1]);
        for (&x, e) in warped.iter().zip(expected.as_flattened()) {
            assert!((f64::from(x) - e).abs() < 1e-6 * e.max(1.0), "{x} {e}");
        }
    }

    #[test]
    fn both_ends_stay_and_the_order_never_turns() {
        let mut stream = Stream::new(1, &["time warp"]);
        for sigma in [0.1, 0.5, 3.0, 1e300] {
            for frames in [2, 3, 30, 200u16] {
                let window: Vec<f32> = (0..frames).map(f32::from).collect();
                let warped = warped(&TimeWarp::draw(4, sigma, &mut stream).speeds, &window, 1, &[]);
                assert!(warped.is_sorted(), "{sigma} {warped:?}");
                assert_eq!((warped[0], warped.last()), (0.0, window.last()));
            }
        }
    }

    #[test]
    fn missing_values_beside_an_end_do_not_reach_it() {
        let (mut stream, mut window) = (Stream::new(2, &["time warp"]), [f32::NAN; 30]);
        (window[0], window[29]) = (1.0, 5.0);
        for knots in (0..200).map(|i| i % 7) {
            let warped = warped(&TimeWarp::draw(knots, 2.0, &mut stream).speeds, &window, 1, &[]);
            assert_eq!((warped[0], warped[29]), (1.0, 5.0));
        }
    }

    #[test]
    fn time_neither_stops_nor_jumps() {
        let drawn = TimeWarp::draw(100, 1e300, &mut Stream::new(3, &["time warp"]));
        assert!(drawn.speeds.iter().all(|v| [1e-4, 1e4].contains(v)), "{drawn}");
    }

    #[test]
    fn the_text_of_a_draw_makes_it_again() {
        let drawn = TimeWarp::draw(3, 0.2, &mut Stream::new(5, &[]));
        let speeds: Vec<f64> = drawn.to_string().split(", ").map(|v| v.parse().unwrap()).collect();
        assert_eq!(speeds.len(), 5);
        assert_eq!(TimeWarp { speeds }, drawn);
        assert_eq!(TimeWarp::draw(1, 0.0, &mut Stream::new(5, &[])).to_string(), "1, 1, 1");
    }
}
