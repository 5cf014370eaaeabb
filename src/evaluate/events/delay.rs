//! Delays: how much later than the event its prediction starts and ends.

use super::{EventMetric, EventTally, Segment};
use crate::evaluate::metric::{Better, Metric, ratio};

/// The least overlap, in percent, of segments whose ends are compared.
///
/// The loosest of the segment F1's: a stricter one would leave out the predictions that are late, and praise the rest.
pub const OVERLAP: u8 = 10;

/// How late a predicted segment is that matches a true one: predicted minus true, negative when early.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delay {
    /// Of its first frame, in frame numbers.
    pub start: f64,
    /// Of its last frame, in frame numbers.
    pub end: f64,
    /// Frames in a second of its recording; NULL when unknown.
    pub hz: Option<f64>,
}

impl Delay {
    /// The delay of a predicted segment.
    pub(super) fn between(truth: &Segment, predicted: &Segment, hz: Option<f64>) -> Self {
        // Frame numbers may be nanoseconds, too large for a float; their difference is not.
        let late = |predicted: i64, truth: i64| (i128::from(predicted) - i128::from(truth)) as f64;
        let start = late(predicted.frame_start, truth.frame_start);
        Self { start, end: late(predicted.frame_end, truth.frame_end), hz }
    }
}

/// The median delay of starts, in frames: half of the events are found later.
pub const START_MEDIAN: EventMetric = middle("start_delay_median", "frames", |tally| median(all(tally, start)?));

/// The mean distance of predicted from true starts, in frames, early or late.
pub const START_MEAN: EventMetric = distance("start_delay_mean_absolute", "frames", |tally| mean(all(tally, start)?));

/// The median delay of ends, in frames.
pub const END_MEDIAN: EventMetric = middle("end_delay_median", "frames", |tally| median(all(tally, end)?));

/// The mean distance of predicted from true ends, in frames, early or late.
pub const END_MEAN: EventMetric = distance("end_delay_mean_absolute", "frames", |tally| mean(all(tally, end)?));

/// The median delay of starts, in seconds; NULL when a recording with a match does not know its frames in a second.
pub const START_MEDIAN_SECONDS: EventMetric =
    middle("start_delay_median_seconds", "seconds", |tally| median(all(tally, |d| Some(d.start / d.hz?))?));

/// The mean distance of predicted from true starts, in seconds; NULL as the median.
pub const START_MEAN_SECONDS: EventMetric =
    distance("start_delay_mean_absolute_seconds", "seconds", |tally| mean(all(tally, |d| Some(d.start / d.hz?))?));

/// The median delay of ends, in seconds; NULL as that of starts.
pub const END_MEDIAN_SECONDS: EventMetric =
    middle("end_delay_median_seconds", "seconds", |tally| median(all(tally, |d| Some(d.end / d.hz?))?));

/// The mean distance of predicted from true ends, in seconds; NULL as the median.
pub const END_MEAN_SECONDS: EventMetric =
    distance("end_delay_mean_absolute_seconds", "seconds", |tally| mean(all(tally, |d| Some(d.end / d.hz?))?));

/// Early or late by any amount, best at 0. `n` counts matches.
const fn middle(name: &'static str, unit: &'static str, value: fn(&EventTally) -> Option<f64>) -> EventMetric {
    let range = (f64::NEG_INFINITY, f64::INFINITY);
    EventMetric { metric: Metric { name, unit, better: Better::Zero, range, value }, n }
}

/// An amount from 0 on, lower is better. `n` counts matches.
const fn distance(name: &'static str, unit: &'static str, value: fn(&EventTally) -> Option<f64>) -> EventMetric {
    EventMetric { metric: Metric { name, unit, better: Better::Lower, range: (0.0, f64::INFINITY), value }, n }
}

fn n(tally: &EventTally) -> u64 {
    tally.delays.len() as u64
}

fn start(delay: &Delay) -> Option<f64> {
    Some(delay.start)
}

fn end(delay: &Delay) -> Option<f64> {
    Some(delay.end)
}

/// One number of each delay; NULL when one of them is.
fn all(tally: &EventTally, of: fn(&Delay) -> Option<f64>) -> Option<Vec<f64>> {
    tally.delays.iter().map(of).collect()
}

/// The value in the middle, the mean of two as `numpy.median` does; NULL of nothing.
fn median(mut values: Vec<f64>) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let (place, even) = (values.len() / 2, values.len().is_multiple_of(2));
    let (lower, upper, _) = values.select_nth_unstable_by(place, f64::total_cmp);
    let below = lower.iter().copied().max_by(f64::total_cmp).filter(|_| even);
    Some(below.map_or(*upper, |below| (below + *upper) / 2.0))
}

/// The mean of the values without their signs; NULL of nothing.
fn mean(values: Vec<f64>) -> Option<f64> {
    ratio(values.iter().map(|value| value.abs()).sum(), values.len() as f64)
}
