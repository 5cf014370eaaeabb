//! Edit score: whether the right events were found in the right order, whatever their lengths.

use super::{EventMetric, Segment};
use crate::evaluate::metric::{Better, Metric, ratio};

/// The mean over recordings of 100 (1 - d / m), d the Levenshtein distance of the predicted from the true sequence of
/// classes, m the length of the longer one. In percent of [0, 100], higher is better; every needless fragment costs.
///
/// A recording without a segment, true or predicted, has no score and is left out; NULL when all are. `n` counts
/// those with one. Lea et al. 2016, arXiv:1602.02995
pub const METRIC: EventMetric = EventMetric {
    metric: Metric {
        name: "edit_score",
        unit: "percent",
        better: Better::Higher,
        range: (0.0, 100.0),
        value: |tally| ratio(tally.edit, tally.eventful as f64),
    },
    n: |tally| tally.eventful,
};

/// The score of one recording, its segments in the order of time; NULL without any.
///
/// Segments of one class that background or a gap keeps apart are events of their own.
pub(super) fn score(truth: &[Segment], predicted: &[Segment]) -> Option<f64> {
    let classes = |segments: &[Segment]| segments.iter().map(|segment| segment.class).collect::<Vec<_>>();
    let distance = strsim::generic_levenshtein(&classes(truth), &classes(predicted)) as f64;
    ratio(distance, truth.len().max(predicted.len()) as f64).map(|share| 100.0 * (1.0 - share))
}
