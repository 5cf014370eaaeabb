//! Window slice: a part of the movement, stretched to the whole window.

use super::operation::{Call, Limits, Operation, Recorded};
use crate::error::Result;
use std::fmt::{self, Display, Formatter, Write};

use super::interpolate::frame_at;
use super::present::changed;
use crate::random::Stream;

/// A run of frames that becomes the whole window (Le Guennec et al. 2016, "Data augmentation for time series
/// classification using convolutional neural networks", whose slices have 90 % of the window).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSlice {
    /// First frame, from 0.
    pub start: usize,
    /// Number of frames.
    pub frames: usize,
}

impl WindowSlice {
    /// A run of round(share · frames) frames of a window of so many (halves round up), with every beginning as likely.
    ///
    /// It has at least 2 frames, so that there is a movement, where the window has as many.
    pub fn draw(frames: usize, share: f64, stream: &mut Stream) -> Self {
        let length = ((share * frames as f64).round() as usize).max(2).min(frames);
        Self { start: stream.below((frames - length) as u64 + 1) as usize, frames: length }
    }

    /// Stretches the run of a window of [frames, D] values, as many as it was drawn for, to all frames.
    ///
    /// With n frames in the run and T in the window, frame t is read at the place start + t · (n - 1) / (T - 1), linearly
    /// between two frames: the run's ends are the window's. The features in `velocities` (a place per time) are
    /// multiplied by (n - 1) / (T - 1). The whole window as the run changes no bit. Next to a missing value (NaN) the
    /// result is missing and has its bits.
    pub fn apply(&self, window: &[f32], dim: usize, velocities: &[usize], stretched: &mut [f32]) {
        let dim = dim.max(1);
        let all = window.len() / dim;
        let (steps, inner) = (all.saturating_sub(1).max(1), self.frames.saturating_sub(1));
        for (t, frame) in stretched.chunks_exact_mut(dim).enumerate() {
            frame_at(window, dim, (self.start * steps + t * inner) as f64 / steps as f64, frame);
            if self.frames < all {
                velocities.iter().for_each(|&v| frame[v] = changed(frame[v], |x| x * (inner as f64 / steps as f64)));
            }
        }
    }
}

/// As in `start 3, frames 27`.
impl Display for WindowSlice {
    fn fmt(&self, text: &mut Formatter) -> fmt::Result {
        write!(text, "start {}, frames {}", self.start, self.frames)
    }
}

#[derive(Debug)]
struct Slice {
    share: f64,
    velocities: Vec<usize>,
}

/// Reads `window_slice(share)`.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    let share = call.number("share of the window", Limits::Share, "window_slice(0.9)")?;
    Ok(Box::new(Slice { share, velocities: call.frame.velocities(&[])? }))
}

impl Operation for Slice {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> fmt::Result {
        let slice = WindowSlice::draw(window.frames(), self.share, stream);
        slice.apply(window.values, window.dim, &self.velocities, changed);
        write!(drawn, "{slice}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretched(start: usize, frames: usize, window: &[f32], dim: usize, velocities: &[usize]) -> Vec<f32> {
        let mut stretched = vec![9.0; window.len()];
        WindowSlice { start, frames }.apply(window, dim, velocities, &mut stretched);
        stretched
    }

    #[test]
    fn a_run_is_stretched_to_the_window() {
        // numpy.interp(numpy.linspace(2, 6, 8), numpy.arange(8), numpy.arange(8.) ** 2), the frames 2 to 6
        let expected =
            [4.0, 6.857142857142856, 10.0, 14.0, 18.57142857142857, 23.71428571428571, 29.714285714285715, 36.0];
        let window: Vec<f32> = (0..8u8).map(|t| f32::from(t * t)).collect();
        assert_eq!(stretched(2, 5, &window, 1, &[]), expected.map(|x: f64| x as f32));
    }

    #[test]
    fn a_stretched_movement_is_slower() {
        // A walk of 2 per frame and its velocity; 3 frames become 5, half as fast.
        let walk = [0.0, 2.0, 2.0, 2.0, 4.0, 2.0, 6.0, 2.0, 8.0, 2.0];
        assert_eq!(stretched(1, 3, &walk, 2, &[1]), [2.0, 1.0, 3.0, 1.0, 4.0, 1.0, 5.0, 1.0, 6.0, 1.0]);
    }

    #[test]
    fn a_run_has_the_length_of_its_share() {
        let mut stream = Stream::new(1, &["slice"]);
        let cases = [(30, 0.9, 27), (15, 0.9, 14), (30, 1.0, 30), (30, 1e-9, 2), (2, 0.1, 2), (1, 0.5, 1), (0, 0.5, 0)];
        for (frames, share, length) in cases {
            assert_eq!(WindowSlice::draw(frames, share, &mut stream).frames, length, "{frames} {share}");
        }
    }

    #[test]
    fn every_beginning_is_as_likely() {
        let (mut stream, mut counts) = (Stream::new(2, &["slice"]), [0f64; 4]);
        (0..40_000).for_each(|_| counts[WindowSlice::draw(30, 0.9, &mut stream).start] += 1.0);
        let chi2: f64 = counts.iter().map(|c| (c - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 16.27, "chi2 {chi2} passes the 0.1 % point of 3 degrees of freedom");
    }

    #[test]
    fn text_says_which_frames() {
        assert_eq!(WindowSlice { start: 3, frames: 27 }.to_string(), "start 3, frames 27");
    }
}
