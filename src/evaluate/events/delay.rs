//! Delays: how much later than the event its prediction starts and ends.

use super::tally::Eventful;
use super::{EventMetric, EventTally, Segment};
use crate::error::Result;
use crate::evaluate::draws::{Block, LANES, Lanes, add_times};
use crate::evaluate::metric::{Better, Metric, ratio};
use crate::interrupt::Interrupt;

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

/// The middle of some delays, and how far from 0 they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The value in the middle; the mean of two as `numpy.median` has it.
    pub median: f64,
    /// The mean of the values without their signs.
    pub mean_absolute: f64,
}

/// How late the matches of some recordings are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Late {
    /// Matches.
    pub n: u64,
    /// Of first frames, in frames; NULL without a match.
    pub start: Option<Spread>,
    /// Of last frames.
    pub end: Option<Spread>,
    /// Of first frames, in seconds; NULL also when a recording with a match does not know its frames in a second.
    pub start_seconds: Option<Spread>,
    /// Of last frames, in seconds, likewise.
    pub end_seconds: Option<Spread>,
}

/// The median delay of starts, in frames: half of the events are found later.
pub const START_MEDIAN: EventMetric = middle("start_delay_median", "frames", |tally| Some(tally.late.start?.median));

/// The mean distance of predicted from true starts, in frames, early or late.
pub const START_MEAN: EventMetric =
    distance("start_delay_mean_absolute", "frames", |tally| Some(tally.late.start?.mean_absolute));

/// The median delay of ends, in frames.
pub const END_MEDIAN: EventMetric = middle("end_delay_median", "frames", |tally| Some(tally.late.end?.median));

/// The mean distance of predicted from true ends, in frames, early or late.
pub const END_MEAN: EventMetric =
    distance("end_delay_mean_absolute", "frames", |tally| Some(tally.late.end?.mean_absolute));

/// The median delay of starts, in seconds; NULL when a recording with a match does not know its frames in a second.
pub const START_MEDIAN_SECONDS: EventMetric =
    middle("start_delay_median_seconds", "seconds", |tally| Some(tally.late.start_seconds?.median));

/// The mean distance of predicted from true starts, in seconds; NULL as the median.
pub const START_MEAN_SECONDS: EventMetric =
    distance("start_delay_mean_absolute_seconds", "seconds", |tally| Some(tally.late.start_seconds?.mean_absolute));

/// The median delay of ends, in seconds; NULL as that of starts.
pub const END_MEDIAN_SECONDS: EventMetric =
    middle("end_delay_median_seconds", "seconds", |tally| Some(tally.late.end_seconds?.median));

/// The mean distance of predicted from true ends, in seconds; NULL as the median.
pub const END_MEAN_SECONDS: EventMetric =
    distance("end_delay_mean_absolute_seconds", "seconds", |tally| Some(tally.late.end_seconds?.mean_absolute));

/// Early or late by any amount, best at 0. `n` counts matches.
const fn middle(name: &'static str, unit: &'static str, value: fn(&EventTally) -> Option<f64>) -> EventMetric {
    let range = (f64::NEG_INFINITY, f64::INFINITY);
    EventMetric { metric: Metric { name, unit, better: Better::Zero, range, value }, n: |tally| tally.late.n }
}

/// An amount from 0 on, lower is better. `n` counts matches.
const fn distance(name: &'static str, unit: &'static str, value: fn(&EventTally) -> Option<f64>) -> EventMetric {
    let metric = Metric { name, unit, better: Better::Lower, range: (0.0, f64::INFINITY), value };
    EventMetric { metric, n: |tally| tally.late.n }
}

/// The delays of recordings, the least first: the middle one of any draw of them is found by counting.
pub(super) struct Sorted {
    start: Vec<(f64, u32)>,
    end: Vec<(f64, u32)>,
    start_seconds: Vec<(f64, u32)>,
    end_seconds: Vec<(f64, u32)>,
    /// Delays of each recording.
    n: Vec<f64>,
    /// Those of them that have no seconds.
    unknown: Vec<f64>,
}

impl Sorted {
    pub fn new(recordings: &[Eventful]) -> Self {
        let sorted = |of: fn(&Delay) -> Option<f64>| {
            let all =
                (0..).zip(recordings).flat_map(|(number, recording)| recording.delays.iter().map(move |d| (d, number)));
            let mut all: Vec<(f64, u32)> = all.filter_map(|(delay, number)| Some((of(delay)?, number))).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            all
        };
        Self {
            start: sorted(|delay| Some(delay.start)),
            end: sorted(|delay| Some(delay.end)),
            start_seconds: sorted(|delay| Some(delay.start / delay.hz?)),
            end_seconds: sorted(|delay| Some(delay.end / delay.hz?)),
            n: recordings.iter().map(|recording| recording.delays.len() as f64).collect(),
            unknown: recordings.iter().map(|r| r.delays.iter().filter(|d| d.hz.is_none()).count() as f64).collect(),
        }
    }

    /// Those of each draw of a block.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn late(&self, block: &Block, interrupt: &Interrupt) -> Result<Vec<Late>> {
        let n = block.sum(self.n.iter().copied(), interrupt)?;
        let unknown = block.sum(self.unknown.iter().copied(), interrupt)?;
        let of = |delays: &[(f64, u32)]| spread(delays, &n, block, interrupt);
        let (start, end) = (of(&self.start)?, of(&self.end)?);
        let (start_seconds, end_seconds) = (of(&self.start_seconds)?, of(&self.end_seconds)?);
        let late = |lane: usize| {
            let known = |spread: Option<Spread>| spread.filter(|_| unknown[lane] == 0.0);
            Late {
                n: n[lane] as u64,
                start: start[lane],
                end: end[lane],
                start_seconds: known(start_seconds[lane]),
                end_seconds: known(end_seconds[lane]),
            }
        };
        Ok((0..block.draws()).map(late).collect())
    }
}

/// The spread of sorted delays in each draw, of which there are `n`; NULL of nothing.
fn spread(delays: &[(f64, u32)], n: &Lanes, block: &Block, interrupt: &Interrupt) -> Result<Vec<Option<Spread>>> {
    let [mut passed, mut below, mut above, mut sum] = [[0.0; LANES]; 4];
    for (turn, (delay, recording)) in delays.iter().enumerate() {
        if turn.is_multiple_of(1024) {
            interrupt.check()?;
        }
        let counts = block.of(*recording as usize);
        add_times(&mut sum, counts, delay.abs());
        for lane in 0..LANES {
            let before = passed[lane];
            passed[lane] += f64::from(counts[lane]);
            // The two in the middle have as many before them: of an odd number they are the same.
            for (middle, place) in
                [(&mut below[lane], ((n[lane] - 1.0) / 2.0).floor()), (&mut above[lane], (n[lane] / 2.0).floor())]
            {
                *middle = if before <= place && place < passed[lane] { *delay } else { *middle };
            }
        }
    }
    let spread = |lane: usize| {
        let median = if n[lane] % 2.0 == 1.0 { above[lane] } else { (below[lane] + above[lane]) / 2.0 };
        Some(Spread { median, mean_absolute: ratio(sum[lane], n[lane])? })
    };
    Ok((0..block.draws()).map(spread).collect())
}
