//! What a recording adds to the metrics of events; recordings can be drawn again and added up.

use super::delay::{self, Delay};
use super::segment_f1::{THRESHOLDS, matches};
use super::{Recorded, Segment, edit};
use crate::error::{Result, data_err};

/// The sums of the events of recordings.
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
    /// How late the segments are that match at [`delay::OVERLAP`], by recording and then by time.
    pub delays: Vec<Delay>,
}

impl EventTally {
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
        Ok(Self {
            truth: truth.len() as u64,
            predicted: predicted.len() as u64,
            hits: THRESHOLDS.map(|percent| matches(&truth, &predicted, percent).len() as u64),
            eventful: u64::from(score.is_some()),
            edit: score.unwrap_or(0.0),
            delays: matches(&truth, &predicted, delay::OVERLAP).into_iter().map(late).collect(),
        })
    }

    /// The sum of recordings, in their order; one that comes twice counts twice.
    pub fn sum<'a>(recordings: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        recordings.into_iter().for_each(|recording| sum.add(recording));
        sum
    }

    /// Adds other recordings.
    pub fn add(&mut self, more: &Self) {
        self.truth += more.truth;
        self.predicted += more.predicted;
        self.hits.iter_mut().zip(more.hits).for_each(|(hits, more)| *hits += more);
        self.eventful += more.eventful;
        self.edit += more.edit;
        self.delays.extend_from_slice(&more.delays);
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
