//! Speed: the same movement, faster or slower.

use super::drawn::between;
use super::interpolate::frame_at;
use super::operation::{Call, Limits, Operation, Recorded};
use super::present::changed;
use crate::error::Result;
use crate::random::Stream;
use std::fmt::{Result as Written, Write};

/// Resamples a window of [width, D] values so that the movement runs `factor` times as fast (above 1 faster).
///
/// Frame t of the result is read at t · factor of the first `valid` frames, linearly between the two frames around it;
/// past the last valid frame that one is repeated, and so are the frames from `valid` on, which are padding.
/// Between a value and a missing one (NaN) the result is missing. The features in `velocities` (a place per time) are
/// multiplied by `factor`. A factor of 1 changes no bit of the valid frames.
pub fn resample(window: &[f32], dim: usize, valid: usize, factor: f64, velocities: &[usize], resampled: &mut [f32]) {
    let Some(last) = window.len().checked_div(dim).and_then(|width| valid.min(width).checked_sub(1)) else {
        resampled.copy_from_slice(window);
        return;
    };
    let recorded = &window[..(last + 1) * dim];
    for (t, result) in resampled.chunks_exact_mut(dim).enumerate() {
        frame_at(recorded, dim, t.min(last) as f64 * factor, result);
        for &v in velocities {
            result[v] = changed(result[v], |x| x * factor);
        }
    }
}

#[derive(Debug)]
struct Speed {
    range: (f64, f64),
    velocities: Vec<usize>,
}

/// Reads `speed(factor)` or `speed(low, high)`, with the names of velocities after that.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    let (range, names) = call.range(Limits::Above0, "speed(0.8, 1.25)")?;
    Ok(Box::new(Speed { range, velocities: call.frame.velocities(names)? }))
}

impl Operation for Speed {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> Written {
        let factor = between(self.range.0, self.range.1, stream);
        resample(window.values, window.dim, window.frames(), factor, &self.velocities, changed);
        write!(drawn, "{factor}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_speed(window: &[f32], dim: usize, valid: usize, factor: f64, velocities: &[usize]) -> Vec<f32> {
        let mut resampled = vec![0.0; window.len()];
        resample(window, dim, valid, factor, velocities, &mut resampled);
        resampled
    }

    #[test]
    fn speed_1_changes_no_bit() {
        let window = [1.0, -0.0, f32::NAN, f32::MIN_POSITIVE, 5.0, f32::MAX];
        let bits = |w: &[f32]| w.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&at_speed(&window, 2, 3, 1.0, &[0])), bits(&window));
    }

    #[test]
    fn frames_are_read_between_their_neighbours() {
        // numpy.interp(numpy.arange(5) * r, numpy.arange(5), [0, 1, 4, 9, 16]), which repeats the edge, for
        // r = 1.5: [0., 2.5, 9., 16., 16.]   and   r = 0.5: [0., 0.5, 1., 2.5, 4.]
        let window = [0.0, 1.0, 4.0, 9.0, 16.0];
        assert_eq!(at_speed(&window, 1, 5, 1.5, &[]), [0.0, 2.5, 9.0, 16.0, 16.0]);
        assert_eq!(at_speed(&window, 1, 5, 0.5, &[]), [0.0, 0.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn padding_is_not_read() {
        assert_eq!(at_speed(&[0.0, 2.0, 4.0, 77.0, 77.0], 1, 3, 2.0, &[]), [0.0, 4.0, 4.0, 4.0, 4.0]);
        assert_eq!(at_speed(&[0.0, 2.0, 4.0, 77.0, 77.0], 1, 3, 0.5, &[]), [0.0, 1.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn next_to_a_missing_value_the_result_is_missing() {
        let resampled = at_speed(&[0.0, 1.0, f32::NAN, 3.0, 4.0, 5.0], 1, 6, 0.5, &[]);
        assert_eq!(resampled[..3], [0.0, 0.5, 1.0]);
        assert!(resampled[3..].iter().all(|x| x.is_nan()), "places 1.5, 2 and 2.5: {resampled:?}");
    }

    #[test]
    fn velocities_grow_with_the_speed() {
        // A walk of 2 per frame, and its velocity beside it.
        let walk = [0.0, 2.0, 2.0, 2.0, 4.0, 2.0, 6.0, 2.0];
        assert_eq!(at_speed(&walk, 2, 4, 1.5, &[1]), [0.0, 3.0, 3.0, 3.0, 6.0, 3.0, 6.0, 3.0]);
    }

    #[test]
    fn a_window_with_no_valid_frame_stays() {
        assert_eq!(at_speed(&[1.0, 2.0], 1, 0, 2.0, &[]), [1.0, 2.0]);
    }
}
