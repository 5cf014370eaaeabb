//! Scale: the same movement, by a larger or smaller body.

use super::drawn;
use super::operation::{Call, Limits, Operation, Recorded};
use super::present::{changed, mean};
use crate::error::Result;
use crate::random::Stream;
use std::fmt::{Result as Written, Write};

/// Scales a window of [frames, D] values by a factor (above 1 larger).
///
/// The features of one of the `axes` (all x, all y ...) are positions and are scaled about the mean m of all their
/// values in the window: x' = m + factor · (x - m), so that the body stays where it is. `magnitudes` (velocities,
/// accelerations, distances) are scaled about 0: x' = factor · x. No feature may be named twice; those not named are
/// copied. A missing value (NaN) and an infinite one stay, to the bit, and are in no mean. A factor of 1 changes no bit.
/// A result past the range of f32 is infinite.
pub fn scale(window: &[f32], dim: usize, axes: &[Vec<usize>], magnitudes: &[usize], factor: f64, scaled: &mut [f32]) {
    scaled.copy_from_slice(window);
    if factor == 1.0 {
        return;
    }
    let dim = dim.max(1);
    let about = |centre: f64, columns: &[usize], scaled: &mut [f32]| {
        for frame in scaled.chunks_exact_mut(dim) {
            columns.iter().for_each(|&d| frame[d] = changed(frame[d], |x| centre + factor * (x - centre)));
        }
    };
    for axis in axes {
        if let Some(centre) = mean(window.chunks_exact(dim).flat_map(|frame| axis.iter().map(|&d| frame[d]))) {
            about(centre, axis, scaled);
        }
    }
    about(0.0, magnitudes, scaled);
}

#[derive(Debug)]
struct Scale {
    range: (f64, f64),
    axes: Vec<Vec<usize>>,
    magnitudes: Vec<usize>,
}

/// Reads `scale(factor)` or `scale(low, high)`: positions and velocities of the skeleton; or, named after that, features
/// that are scaled about 0; without either all features are.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    let (range, names) = call.range(Limits::Above0, "scale(0.8, 1.2)")?;
    let frame = call.frame;
    let (axes, magnitudes) = match names {
        [] if frame.has_body() => (frame.axes(), frame.velocities(&[])?),
        [] => (vec![], (0..frame.columns.dim).collect()),
        names => (vec![], names.iter().map(|name| frame.columns.find(name)).collect::<Result<_>>()?),
    };
    Ok(Box::new(Scale { range, axes, magnitudes }))
}

impl Operation for Scale {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> Written {
        let factor = drawn::between(self.range.0, self.range.1, stream);
        scale(window.values, window.dim, &self.axes, &self.magnitudes, factor, changed);
        write!(drawn, "{factor}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_scaled_about_its_mean_and_magnitudes_about_0() {
        // x = numpy.array([[1, 2], [3, numpy.nan], [5, 8.]]); m = numpy.nanmean(x); m + 1.5 * (x - m):
        // [[-0.4, 1.1], [2.6, nan], [5.6, 10.1]]
        let window = [1.0, 2.0, 4.0, 7.0, 3.0, f32::NAN, -6.0, 8.0, 5.0, 8.0, 0.0, 9.0];
        let mut scaled = [0.0; 12];
        scale(&window, 4, &[vec![0, 1]], &[2], 1.5, &mut scaled);
        assert!(scaled[5].is_nan());
        scaled[5] = 0.0;
        assert_eq!(scaled, [-0.4, 1.1, 6.0, 7.0, 2.6, 0.0, -9.0, 8.0, 5.6, 10.1, 0.0, 9.0]);
    }

    #[test]
    fn each_axis_has_its_own_mean() {
        let mut scaled = [0.0; 4];
        scale(&[0.0, 10.0, 2.0, 30.0], 2, &[vec![0], vec![1], vec![]], &[], 0.5, &mut scaled);
        assert_eq!(scaled, [0.5, 15.0, 1.5, 25.0]);
    }

    #[test]
    fn the_largest_values_are_finite_where_their_result_is() {
        let mut scaled = [0.0; 2];
        scale(&[f32::MAX, -f32::MAX], 1, &[vec![0]], &[], 0.5, &mut scaled);
        assert_eq!(scaled, [f32::MAX / 2.0, f32::MAX / -2.0]);
        scale(&[f32::MAX, f32::MAX], 1, &[vec![0]], &[], 3.0, &mut scaled);
        assert_eq!(scaled, [f32::MAX; 2], "the mean stays");
        scale(&[f32::MAX, 1.0], 1, &[], &[0], 2.0, &mut scaled);
        assert_eq!(scaled, [f32::INFINITY, 2.0]);
    }
}
