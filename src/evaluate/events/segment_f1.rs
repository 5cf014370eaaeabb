//! Segment F1: how many events were found, and how many findings are events.

use super::{EventMetric, EventTally, Segment};
use crate::evaluate::metric::{Better, Metric, ratio};

/// The least overlaps that the metrics ask for, in percent.
pub const THRESHOLDS: [u8; 3] = [10, 25, 50];

/// F1 of segments that overlap by 10 % of what both cover: forgiving about where events begin and end.
pub const AT_10: EventMetric = metric("segment_f1_10", |tally| f1(tally, 0));

/// F1 of segments that overlap by 25 % of what both cover.
pub const AT_25: EventMetric = metric("segment_f1_25", |tally| f1(tally, 1));

/// F1 of segments that overlap by 50 % of what both cover: fragments of an event no longer find it.
pub const AT_50: EventMetric = metric("segment_f1_50", |tally| f1(tally, 2));

/// A share in [0, 1], higher is better; `n` counts true segments.
const fn metric(name: &'static str, value: fn(&EventTally) -> Option<f64>) -> EventMetric {
    let metric = Metric { name, unit: "share", better: Better::Higher, range: (0.0, 1.0), value };
    EventMetric { metric, n: |tally| tally.truth }
}

/// 2 tp / (2 tp + fp + fn), summed over all recordings first; NULL without segments.
///
/// Lea et al. 2017, arXiv:1611.05267; summed over recordings as by Farha and Gall 2019, arXiv:1903.01945
fn f1(tally: &EventTally, threshold: usize) -> Option<f64> {
    ratio(2.0 * tally.hits[threshold] as f64, (tally.truth + tally.predicted) as f64)
}

/// The pairs of places (predicted, true) of segments that match, by predicted segment. Both lists are in the order of
/// time.
///
/// A predicted segment matches the true segment of its class that it overlaps most, among those that no earlier
/// predicted segment has matched, if frames in both are `percent` % or more of frames in either. Of equal overlaps
/// the earlier wins. The public code of MS-TCN takes the best of ALL true segments, and where that is matched already
/// the prediction is wrong even if it also finds another. Frames are counted by their numbers, missing ones included.
pub(super) fn matches(truth: &[Segment], predicted: &[Segment], percent: u8) -> Vec<(usize, usize)> {
    let mut used = vec![false; truth.len()];
    let mut pairs = vec![];
    for (p, segment) in predicted.iter().enumerate() {
        let first = truth.partition_point(|t| t.frame_end < segment.frame_start);
        let met = truth[first..].partition_point(|t| t.frame_start <= segment.frame_end);
        let free = (first..first + met).filter(|t| !used[*t] && truth[*t].class == segment.class);
        let best = free
            .map(|t| (t, Overlap::of(segment, &truth[t])))
            .reduce(|best, next| if next.1.exceeds(&best.1) { next } else { best });
        if let Some((t, _)) = best.filter(|(_, overlap)| overlap.reaches(percent)) {
            used[t] = true;
            pairs.push((p, t));
        }
    }
    pairs
}

/// Frames in both of two segments that meet, and frames in either: whole numbers, so that 10 % is 10 %.
struct Overlap {
    both: i128,
    either: i128,
}

impl Overlap {
    fn of(a: &Segment, b: &Segment) -> Self {
        let frames = |first: i64, last: i64| i128::from(last) - i128::from(first) + 1;
        Self {
            both: frames(a.frame_start.max(b.frame_start), a.frame_end.min(b.frame_end)),
            either: frames(a.frame_start.min(b.frame_start), a.frame_end.max(b.frame_end)),
        }
    }

    fn exceeds(&self, other: &Self) -> bool {
        // At most (2^64)^2 only for segments of all frame numbers there are; those that are real fit by far.
        self.both.saturating_mul(other.either) > other.both.saturating_mul(self.either)
    }

    fn reaches(&self, percent: u8) -> bool {
        100 * self.both >= i128::from(percent) * self.either
    }
}
