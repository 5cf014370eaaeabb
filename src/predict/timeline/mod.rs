//! Labelled intervals of one recording, from what a model said about its overlapping windows. Pure.
//!
//! 1. A frame's probabilities are the mean over the windows that cover it. A frame that no window covers has no
//!    prediction and counts as not recorded: nothing is filled in.
//! 2. A frame's class is the most probable one, the first by label order where several are. With `min_confidence` a
//!    frame whose best mean is below it is unlabelled.
//! 3. Maximal runs of one class are intervals. A step of frame numbers above `max_gap` ends an interval.
//! 4. Intervals shorter than `min_length` go to a neighbour; merge.rs has the rule.
//!
//! The result does not depend on the order of the windows, not in its last bit. Time is O((windows + frames) K)
//! beside two sorts of the windows, however much they overlap; memory is that of the windows, of the gaps, and of one number per
//! class and run.

mod cover;
mod frames;
mod merge;
pub mod pass;
mod run;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub use self::frames::Frames;
use crate::error::{Error, Result, data_err};
use run::Runs;

/// How far above 1 a probability may be: rounding of float32, not a wrong scale.
const ROUNDING: f32 = 1e-3;

/// How frames become intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// The largest step of frame numbers inside an interval, at least 1.
    pub max_gap: i64,
    /// The least number of frames of an interval that has a neighbour; 0 and 1 ask for nothing.
    pub min_length: u64,
    /// A frame whose best mean probability is below it is unlabelled; 0 labels every frame.
    pub min_confidence: f64,
    /// Whether unlabelled intervals are part of the result.
    pub unlabelled: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_gap: 1, min_length: 1, min_confidence: 0.0, unlabelled: false }
    }
}

/// Frames of one recording that follow each other and have one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The index of the class; NULL where no class reached `min_confidence`.
    pub class: Option<u32>,
    /// Its first frame number.
    pub frame_start: i64,
    /// Its last frame number, inclusive.
    pub frame_end: i64,
    /// Its predicted frames; fewer than its frame numbers where `max_gap` bridges missing ones.
    pub frames: u64,
    /// The mean over its frames of the probability of its class, in [0, 1]: of the top probability, that is, except on
    /// frames that `min_length` gave it. Unlabelled: the mean of the top probability.
    pub confidence: f64,
}

/// What a model said about the windows of one recording.
///
/// ```
/// use posequel::predict::timeline::{Frames, Options, Timeline};
/// let mut timeline = Timeline::new(2, Options::default());
/// timeline.window(0, 3, 4, &[0.9, 0.1])?;
/// timeline.window(2, 5, 4, &[0.2, 0.8])?;
/// let found = timeline.finish(&Frames::of(0..6)?)?;
/// // Frames 2 and 3 are in both windows: 0.55 for class 0.
/// let told: Vec<_> = found.iter().map(|i| (i.class, i.frame_start, i.frame_end)).collect();
/// assert_eq!(told, [(Some(0), 0, 3), (Some(1), 4, 5)]);
/// # Ok::<(), posequel::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Timeline {
    classes: usize,
    options: Options,
    windows: Vec<Window>,
    /// Those of all windows, [windows, classes].
    probabilities: Vec<f32>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start: i64,
    end: i64,
    valid: u64,
}

impl Timeline {
    /// A recording of which nothing is known yet, for a model of `classes` classes.
    pub fn new(classes: usize, options: Options) -> Self {
        Self { classes, options, windows: vec![], probabilities: vec![] }
    }

    /// Adds a window: its first and last frame number, how many recorded frames it has, and its probabilities,
    /// `[classes]`.
    ///
    /// Windows come in any order. A window without a prediction is not added. Repeated frames of a padded window are
    /// not among the `valid` ones. What is no probability is [`Error::Data`].
    pub fn window(&mut self, start: i64, end: i64, valid: u64, probabilities: &[f32]) -> Result<()> {
        if probabilities.len() != self.classes || end < start {
            let (given, classes) = (probabilities.len(), self.classes);
            return Err(Error::Internal(format!(
                "window {start} to {end} has {given} probabilities of {classes} classes"
            )));
        }
        // NaN is in no range.
        if let Some(p) = probabilities.iter().find(|p| !(0.0..=1.0 + ROUNDING).contains(*p)) {
            return data_err!("the window of frames {start} to {end} has the probability {p}, which is not in [0, 1]");
        }
        self.windows.push(Window { start, end, valid });
        self.probabilities.extend_from_slice(probabilities);
        Ok(())
    }

    /// The intervals of the recording, in the order of time. `frames` are its frame numbers; they may have gaps.
    ///
    /// [`Error::Data`] when these are not the frames that the windows were cut from: a window then has more or fewer of
    /// them between its ends than it saw, and which ones it saw cannot be known.
    pub fn finish(self, frames: &Frames) -> Result<Vec<Interval>> {
        let seen = self.windows.iter().map(|window| window.among(frames)).collect::<Result<Vec<_>>>()?;
        let mut runs = Runs::new(frames, self.options);
        cover::stretches(&seen, &self.probabilities, self.classes, |stretch, mean| runs.add(stretch, mean));
        let merged = merge::merge(runs.done, &self.options);
        let told = merged.iter().filter(|run| self.options.unlabelled || run.class.is_some());
        Ok(told.map(run::Run::interval).collect())
    }
}

impl Window {
    /// The places of its frames among those of the recording.
    fn among(&self, frames: &Frames) -> Result<Range<usize>> {
        let Self { start, end, valid } = *self;
        let places = frames.places(start, end);
        let count = places.len();
        if count as u64 == valid {
            return Ok(places);
        }
        data_err!(
            "the window of frames {start} to {end} saw {valid} frames, but the recording has {count} there; \
             give the frames that the windows were cut from"
        )
    }
}
