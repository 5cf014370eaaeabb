//! Events: predicted intervals against true intervals, recording by recording.
//!
//! Rows say which windows were right; events say whether what happened was found, once, in the right order, and how
//! late. A frame without a label, true or predicted, is background: it belongs to no segment and is never right or
//! wrong by itself.

use std::sync::Arc;

use super::draws::Block;
use super::interval::{RESAMPLES, bootstrap};
use super::metric::Metric;
use super::report::{BOOTSTRAP, MetricRow};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;

pub mod delay;
pub mod edit;
pub mod segment_f1;
pub mod tally;

#[cfg(test)]
mod tests;

pub use tally::EventTally;
use tally::{Eventful, Events};

/// Frames of one class that follow each other: an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// Its first frame number.
    pub frame_start: i64,
    /// Its last frame number, inclusive.
    pub frame_end: i64,
    /// The index of its class.
    pub class: u32,
}

/// What happened in one recording, and what was predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its name, which no other recording has.
    pub name: Arc<str>,
    /// Its frames in a second; NULL when unknown, and then no delay is told in seconds.
    pub hz: Option<f64>,
    /// The true segments, in any order; none overlaps another.
    pub truth: Vec<Segment>,
    /// The predicted segments, in any order; none overlaps another.
    pub predicted: Vec<Segment>,
}

/// A metric of events, and what it is counted over.
#[derive(Debug, Clone)]
pub struct EventMetric {
    /// The metric.
    pub metric: Metric<EventTally>,
    /// The `n` of its row.
    pub n: fn(&EventTally) -> u64,
}

/// Every metric of events, in the order of their table: the one list.
pub const EVENT_METRICS: [EventMetric; 12] = [
    segment_f1::AT_10,
    segment_f1::AT_25,
    segment_f1::AT_50,
    edit::METRIC,
    delay::START_MEDIAN,
    delay::START_MEAN,
    delay::END_MEDIAN,
    delay::END_MEAN,
    delay::START_MEDIAN_SECONDS,
    delay::START_MEAN_SECONDS,
    delay::END_MEDIAN_SECONDS,
    delay::END_MEAN_SECONDS,
];

/// Every metric of events, with 95 % intervals over recordings drawn from `seed`, one row for each of
/// [`EVENT_METRICS`].
///
/// No segments give NULL metrics.
///
/// # Errors
/// [`Error::Data`] for segments that overlap, or end before they start; [`Error::Interrupted`].
///
/// ```
/// use posequel::evaluate::events::{Recorded, Segment, evaluate_events};
/// use posequel::interrupt::Interrupt;
/// let segment = |class, frame_start, frame_end| Segment { frame_start, frame_end, class };
/// let recording = Recorded {
///     name: "video1".into(),
///     hz: Some(30.0),
///     truth: vec![segment(0, 0, 99), segment(1, 100, 199)],
///     predicted: vec![segment(0, 0, 119), segment(1, 120, 199)],
/// };
/// let rows = evaluate_events(&[recording], 7, &Interrupt::default())?;
/// assert_eq!((rows[0].metric, rows[0].value), ("segment_f1_10", Some(1.0)));
/// // Of the two segments, one starts on time and one 20 frames late.
/// assert_eq!((rows[4].metric, rows[4].value), ("start_delay_median", Some(10.0)));
/// # Ok::<(), posequel::error::Error>(())
/// ```
pub fn evaluate_events(recordings: &[Recorded], seed: u64, interrupt: &Interrupt) -> Result<Vec<MetricRow>> {
    let mut recordings: Vec<&Recorded> = recordings.iter().collect();
    // Draws are of places, and sums are of floats: the order in which recordings come must not show.
    recordings.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(twice) = recordings.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(Error::Internal(format!("recording '{}' comes twice to the evaluation of events", twice[0].name)));
    }
    let of = |recording: &Recorded| interrupt.check().and_then(|()| Eventful::of(recording));
    let recordings = recordings.into_iter().map(of).collect::<Result<Vec<_>>>()?;
    rows(&recordings, seed, interrupt)
}

fn rows(recordings: &[Eventful], seed: u64, interrupt: &Interrupt) -> Result<Vec<MetricRow>> {
    let events = Events::new(recordings);
    let tallies = |block: &Block| events.tallies(block, interrupt);
    let all = tallies(&Block::once(recordings.len()))?.into_iter().next().unwrap_or_default();
    let values = |tally: &EventTally| EVENT_METRICS.iter().map(|event| (event.metric.value)(tally)).collect();
    let drawn = bootstrap(recordings.len(), RESAMPLES, seed, interrupt, |blocks| {
        let tallies = blocks.iter().map(tallies).collect::<Result<Vec<_>>>()?;
        Ok(tallies.iter().flatten().map(values).collect())
    })?;
    let bounds = |i: usize| drawn.get(i).copied().flatten();
    Ok((0..).zip(&EVENT_METRICS).map(|(i, event)| event.row(&all, bounds(i), recordings.len() as u64)).collect())
}

impl EventMetric {
    fn row(&self, tally: &EventTally, bounds: Option<(f64, f64)>, groups: u64) -> MetricRow {
        let Self { metric, n } = self;
        let value = (metric.value)(tally);
        // Recordings that are all perfect, or all worthless, agree in every draw: an interval of width 0, which
        // claims too much.
        let bounds = bounds.filter(|_| value.is_some_and(|value| value != metric.range.0 && value != metric.range.1));
        metric.row(value, bounds, BOOTSTRAP, n(tally), groups)
    }
}
