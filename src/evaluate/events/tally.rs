//! What a recording adds to the metrics of events, and the sums of recordings that were drawn.

use super::delay::{self, Delay, Late};
use super::segment_f1::{THRESHOLDS, matches};
use super::{Recorded, Segment, edit};
use crate::error::{Result, data_err};
use crate::evaluate::draws::Block;
use crate::interrupt::Interrupt;

/// The sums of the events of one recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Eventful {
    /// What can be added up.
    pub(super) counts: Counts,
    /// Its edit score, in percent; 0 without a segment.
    pub(super) edit: f64,
    /// How late the segments are that match at [`delay::OVERLAP`], by time.
    pub(super) delays: Vec<Delay>,
}

/// Counts of events.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Counts {
    truth: u64,
    predicted: u64,
    hits: [u64; THRESHOLDS.len()],
    eventful: u64,
}

/// The events of some recordings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventTally {
    /// True segments.
    pub truth: u64,
    /// Predicted segments.
    pub predicted: u64,
    /// Predicted segments that match a true one, at each of [`THRESHOLDS`].
    pub hits: [u64; THRESHOLDS.len()],
    /// Recordings with a segment, true or predicted.
    pub eventful: u64,
    /// Over these, the sum of their edit scores, in percent.
    pub edit: f64,
    /// How late the segments are that match at [`delay::OVERLAP`].
    pub late: Late,
}

impl Eventful {
    /// What one recording adds. Segments that overlap, or end before they start, are [`crate::error::Error::Data`].
    pub fn of(recording: &Recorded) -> Result<Self> {
        let hz = recording.hz;
        if let Some(hz) = hz.filter(|hz| !(hz.is_finite() && *hz > 0.0)) {
            return data_err!("recording '{}' has {hz} frames in a second; expected a number above 0", recording.name);
        }
        let truth = in_order(&recording.truth, "true", &recording.name)?;
        let predicted = in_order(&recording.predicted, "predicted", &recording.name)?;
        let score = edit::score(&truth, &predicted);
        let late = |(p, t): (usize, usize)| Delay::between(&truth[t], &predicted[p], hz);
        let counts = Counts {
            truth: truth.len() as u64,
            predicted: predicted.len() as u64,
            hits: THRESHOLDS.map(|percent| matches(&truth, &predicted, percent).len() as u64),
            eventful: u64::from(score.is_some()),
        };
        let delays = matches(&truth, &predicted, delay::OVERLAP).into_iter().map(late).collect();
        Ok(Self { counts, edit: score.unwrap_or(0.0), delays })
    }
}

/// Recordings whose delays are in order, so that those of a draw are found without a sort.
pub struct Events<'a> {
    recordings: &'a [Eventful],
    delays: delay::Sorted,
}

impl<'a> Events<'a> {
    /// Of these recordings.
    pub fn new(recordings: &'a [Eventful]) -> Self {
        Self { recordings, delays: delay::Sorted::new(recordings) }
    }

    /// The sums of each draw of a block; a recording that comes twice counts twice.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn tallies(&self, block: &Block, interrupt: &Interrupt) -> Result<Vec<EventTally>> {
        let sum = |of: &dyn Fn(&Eventful) -> f64| block.sum(self.recordings.iter().map(of), interrupt);
        // Counts are whole numbers below 2^53, which floats add up exactly.
        let count = |of: &dyn Fn(&Counts) -> u64| sum(&|recording| of(&recording.counts) as f64);
        let (truth, predicted) = (count(&|c| c.truth)?, count(&|c| c.predicted)?);
        let (eventful, edit) = (count(&|c| c.eventful)?, sum(&|recording| recording.edit)?);
        let hits = [count(&|c| c.hits[0])?, count(&|c| c.hits[1])?, count(&|c| c.hits[2])?];
        let late = self.delays.late(block, interrupt)?;
        let tally = |(lane, late): (usize, Late)| EventTally {
            truth: truth[lane] as u64,
            predicted: predicted[lane] as u64,
            hits: hits.map(|hits| hits[lane] as u64),
            eventful: eventful[lane] as u64,
            edit: edit[lane],
            late,
        };
        Ok(late.into_iter().enumerate().map(tally).collect())
    }
}

/// The segments in the order of time.
fn in_order(segments: &[Segment], which: &str, recording: &str) -> Result<Vec<Segment>> {
    let mut segments = segments.to_vec();
    segments.sort_unstable();
    if let Some(Segment { frame_start, frame_end, .. }) = segments.iter().find(|s| s.frame_end < s.frame_start) {
        return data_err!(
            "a {which} segment of recording '{recording}' starts at frame {frame_start} and ends at {frame_end}"
        );
    }
    match segments.array_windows().find(|[a, b]| b.frame_start <= a.frame_end) {
        None => Ok(segments),
        Some([a, b]) => data_err!(
            "{which} segments of recording '{recording}' overlap: frames {} to {} and {} to {}; a frame has one label: \
             make people, or layers of labels, recordings of their own",
            a.frame_start,
            a.frame_end,
            b.frame_start,
            b.frame_end
        ),
    }
}
