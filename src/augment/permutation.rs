//! Permutation: parts of the movement in another order.

use super::operation::{Call, Operation, Recorded};
use crate::error::{Result, query_err};
use std::fmt::{self, Display, Formatter, Write};
use std::ops::Range;

use super::drawn;
use crate::random::Stream;

/// A new order of the window's segments (Um et al. 2017, arXiv:1706.00527).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permutation {
    /// Which segment stands at each place, all of them once, from 0.
    pub order: Vec<usize>,
}

impl Permutation {
    /// A uniformly drawn order of so many segments; of as many as there are frames, if those are fewer.
    ///
    /// The old order is as likely as any other: of two segments, half of the draws change nothing.
    pub fn draw(frames: usize, segments: usize, stream: &mut Stream) -> Self {
        let mut order: Vec<usize> = (0..segments.min(frames)).collect();
        stream.shuffle(&mut order);
        Self { order }
    }

    /// Cuts a window of [frames, D] values into runs of frames and puts them in the drawn order.
    ///
    /// With n segments of T frames, the first T mod n have one frame more than the others, as in `numpy.array_split`.
    /// Frames are copied whole, to the bit. One segment, or none, changes nothing.
    pub fn apply(&self, window: &[f32], dim: usize, permuted: &mut [f32]) {
        let frames = window.len().checked_div(dim).unwrap_or(0);
        if self.order.is_empty() {
            permuted.copy_from_slice(window);
        }
        let mut end = 0;
        for &segment in &self.order {
            let run = run(segment, self.order.len(), frames);
            let run = &window[run.start * dim..run.end * dim];
            permuted[end..][..run.len()].copy_from_slice(run);
            end += run.len();
        }
    }
}

/// The frames of one of n segments.
fn run(segment: usize, n: usize, frames: usize) -> Range<usize> {
    let begin = |segment: usize| segment * (frames / n) + segment.min(frames % n);
    begin(segment)..begin(segment + 1)
}

/// The old places of the segments, as in `2, 0, 1`.
impl Display for Permutation {
    fn fmt(&self, text: &mut Formatter) -> fmt::Result {
        drawn::list(&self.order, text)
    }
}

#[derive(Debug)]
struct Permute {
    segments: usize,
}

/// Reads `permutation(segments)`.
pub fn parse(call: &Call) -> Result<Box<dyn Operation>> {
    match call.arguments {
        &[segments] if segments.parse().is_ok_and(|n: usize| n >= 1) => {
            Ok(Box::new(Permute { segments: segments.parse().unwrap_or(1) }))
        }
        _ => query_err!("permutation expects a whole number of segments, at least 1, as in permutation(4)"),
    }
}

impl Operation for Permute {
    fn apply(&self, window: Recorded, stream: &mut Stream, changed: &mut [f32], drawn: &mut dyn Write) -> fmt::Result {
        let permutation = Permutation::draw(window.frames(), self.segments, stream);
        permutation.apply(window.values, window.dim, changed);
        write!(drawn, "{permutation}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_those_of_array_split() {
        // numpy.concatenate([numpy.array_split(numpy.arange(8), 3)[i] for i in [2, 0, 1]]): [6 7 0 1 2 3 4 5]
        let window: Vec<f32> = (0..8u8).flat_map(|t| [f32::from(t), f32::from(t) + 100.0]).collect();
        let mut permuted = [0.0; 16];
        Permutation { order: vec![2, 0, 1] }.apply(&window, 2, &mut permuted);
        let expected = [6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0].map(|t| [t, t + 100.0]);
        assert_eq!(permuted, expected.as_flattened());
    }

    #[test]
    fn every_order_is_as_likely() {
        let (mut stream, mut counts) = (Stream::new(1, &["permutation"]), std::collections::BTreeMap::new());
        (0..60_000).for_each(|_| *counts.entry(Permutation::draw(9, 3, &mut stream).order).or_insert(0.0) += 1.0);
        assert_eq!(counts.len(), 6);
        let chi2: f64 = counts.values().map(|c: &f64| (c - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 20.52, "chi2 {chi2} passes the 0.1 % point of 5 degrees of freedom");
    }

    #[test]
    fn there_are_no_more_segments_than_frames() {
        let mut stream = Stream::new(2, &["permutation"]);
        for (frames, segments, expected) in [(3, usize::MAX, 3), (3, 2, 2), (3, 1, 1), (3, 0, 0), (0, 4, 0)] {
            assert_eq!(Permutation::draw(frames, segments, &mut stream).order.len(), expected);
        }
    }

    #[test]
    fn text_says_the_order() {
        assert_eq!(Permutation { order: vec![2, 0, 1] }.to_string(), "2, 0, 1");
    }
}
