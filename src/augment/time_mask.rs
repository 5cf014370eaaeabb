//! Time mask: a run of frames without movement.

use super::operation::{Call, Limits, Operation, Recorded};
use crate::error::Result;
use std::fmt::{self, Display, Formatter, Write};

use super::present::mean;
use crate::random::Stream;

/// A run of frames that holds nothing but means (SpecAugment, Park et al. 2019, arXiv:1904.08779).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeMask {
    /// First frame, from 0.
    pub start: usize,
    /// Number of frames; 0 masks nothing.
    pub frames: usize,
}

impl TimeMask {
    /// A run of 0 to round(share · frames) frames of a window of so many, every length as likely (halves round up), and
    /// then every beginning.
    pub fn draw(frames: usize, share: f64, stream: &mut Stream) -> Self {
        let most = ((share * frames as f64).round() as usize).min(frames);
        let length = stream.below(most as u64 + 1) as usize;
        Self { start: stream.below((frames - length) as u64 + 1) as usize, frames: length }
    }

    /// Sets the values of the run in a window of [frames, D] to the mean of their feature over the whole window.
    ///
    /// A missing value (NaN) and an infinite one stay, to the bit, and are in no mean. A run of 0 frames changes no bit.
    pub fn apply(&self, window: &[f32], dim: usize, masked: &mut [f32]) {
        masked.copy_from_slice(window);
        let run = &mut masked[self.start * dim..][..self.frames * dim];
        if run.is_empty() {
            return;
        }
        for d in 0..dim {
            if let Some(mean) = mean(window.iter().skip(d).step_by(dim).copied()) {
                run.iter_mut().skip(d).step_by(dim).filter(|x| x.is_finite()).for_each(|x| *x = mean as f32);
            }
        }
    }
}

/// As in `start 3, frames 5`.
impl Display for TimeMask {
    fn fmt(&self, text: &mut Formatter) -> fmt::Result {
        write!(text, "start {}, frames {}", self.start, self.frames)
    }
}

#[derive(Debug)]
struct Mask {
    share: f64,
}

/// Reads `time_mask(share)`.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    Ok(Box::new(Mask { share: call.number("largest share of the window", Limits::Share, "time_mask(0.2)")? }))
}

impl Operation for Mask {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> fmt::Result {
        let mask = TimeMask::draw(window.frames(), self.share, stream);
        mask.apply(window.values, window.dim, changed);
        write!(drawn, "{mask}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_has_the_means_of_the_whole_window() {
        // numpy.nanmean([[1, 5], [2, 6], [6, numpy.nan], [nan, 7]], axis=0): [3., 6.]
        let mut masked = [0.0; 8];
        TimeMask { start: 1, frames: 2 }.apply(&[1.0, 5.0, 2.0, 6.0, 6.0, f32::NAN, f32::NAN, 7.0], 2, &mut masked);
        assert!(masked[5].is_nan() && masked[6].is_nan());
        assert_eq!((&masked[..5], masked[7]), (&[1.0, 5.0, 3.0, 6.0, 3.0][..], 7.0));
    }

    #[test]
    fn lengths_and_beginnings_are_uniform() {
        // 4 frames of which at most half: length 0 in 5 places, 1 in 4, 2 in 3, each length in a third of the draws.
        let (mut stream, mut counts) = (Stream::new(1, &["mask"]), [[0f64; 5]; 3]);
        for _ in 0..60_000 {
            let mask = TimeMask::draw(4, 0.5, &mut stream);
            counts[mask.frames][mask.start] += 1.0;
        }
        let chi2 = |counts: &[f64]| {
            let expected = 20_000.0 / counts.len() as f64;
            counts.iter().map(|c| (c - expected).powi(2) / expected).sum::<f64>()
        };
        let chi2 = chi2(&counts[0]) + chi2(&counts[1][..4]) + chi2(&counts[2][..3]);
        assert!(chi2 < 31.26, "chi2 {chi2} passes the 0.1 % point of 11 degrees of freedom");
    }

    #[test]
    fn a_share_of_nothing_masks_nothing() {
        let mut stream = Stream::new(2, &["mask"]);
        for (frames, share) in [(30, 0.0), (30, 0.01), (0, 1.0), (1, 0.4)] {
            assert_eq!(TimeMask::draw(frames, share, &mut stream).frames, 0, "{frames} {share}");
        }
    }

    #[test]
    fn text_says_which_frames() {
        assert_eq!(TimeMask { start: 3, frames: 5 }.to_string(), "start 3, frames 5");
    }
}
