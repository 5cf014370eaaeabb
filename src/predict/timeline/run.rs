//! Runs of frames of one class.

use std::ops::Range;

use super::{Frames, Interval, Options};

/// An interval with the sums that a longer one needs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) class: Option<u32>,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) frames: u64,
    /// Whether no gap lies between the run before and this one.
    pub(super) follows: bool,
    /// Over its frames, the sum of the top probability.
    top: f64,
    /// Over its frames, the sum of each class's probability, `[classes]`.
    sums: Vec<f64>,
}

impl Run {
    /// Adds frames of another run.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.frames += other.frames;
        self.top += other.top;
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, more)| *sum += more);
    }

    /// The mean probability of a class on its frames.
    pub(super) fn mean(&self, class: u32) -> f64 {
        self.sums[class as usize] / self.frames as f64
    }

    /// What the caller sees of it.
    pub(super) fn interval(&self) -> Interval {
        let confidence = self.class.map_or_else(|| self.top / self.frames as f64, |class| self.mean(class));
        let Self { class, first, last, frames, .. } = *self;
        Interval { class, frame_start: first, frame_end: last, frames, confidence }
    }
}

/// The runs of a recording, as its frames come by.
pub(super) struct Runs<'a> {
    frames: &'a Frames,
    options: Options,
    /// Those so far, in the order of time.
    pub(super) done: Vec<Run>,
}

impl<'a> Runs<'a> {
    pub(super) fn new(frames: &'a Frames, options: Options) -> Self {
        Self { frames, options, done: vec![] }
    }

    /// Adds the frames at these places, which come after all before and share their mean probabilities, `[classes]`.
    pub(super) fn add(&mut self, places: Range<usize>, mean: &[f64]) {
        let (class, top) = top(mean);
        let class = class.filter(|_| top >= self.options.min_confidence);
        let max_gap = self.options.max_gap;
        let mut stretches = self.frames.at(places).peekable();
        while let Some((first, mut last)) = stretches.next() {
            let count = |first: i64, last: i64| last.abs_diff(first).saturating_add(1);
            let mut frames = count(first, last);
            while let Some((next, end)) = stretches.next_if(|(next, _)| near(last, *next, max_gap)) {
                frames += count(next, end);
                last = end;
            }
            let n = frames as f64;
            let follows = self.done.last().is_some_and(|run| near(run.last, first, max_gap));
            let sums = mean.iter().map(|p| n * p).collect();
            let run = Run { class, first, last, frames, follows, top: n * top, sums };
            match self.done.last_mut().filter(|before| follows && before.class == class) {
                Some(before) => before.absorb(&run),
                None => self.done.push(run),
            }
        }
    }
}

/// The first of the most probable classes, and its probability; none of no classes.
fn top(mean: &[f64]) -> (Option<u32>, f64) {
    let larger = |top: (Option<u32>, f64), (class, p): (usize, &f64)| match top {
        (Some(_), most) if *p <= most => top,
        _ => (Some(class as u32), *p),
    };
    mean.iter().enumerate().fold((None, 0.0), larger)
}

/// Whether two frame numbers, the later one second, are not further apart than `max_gap`.
fn near(earlier: i64, later: i64, max_gap: i64) -> bool {
    i128::from(later) - i128::from(earlier) <= i128::from(max_gap)
}
