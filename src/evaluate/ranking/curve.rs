//! Curves of one class against the rest: what every threshold would find, and at what price.

use super::order;

/// What a threshold finds of a class and of all others: a row is found when its score is at least the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// The score; NULL at the first point, which finds nothing.
    pub threshold: Option<f32>,
    /// Found rows of other classes, as a share of them.
    pub false_positive_rate: f64,
    /// Found rows of the class, as a share of them: recall.
    pub true_positive_rate: f64,
}

/// What a threshold finds, and how much of that is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionRecallPoint {
    /// The score; NULL at the last point, which finds nothing.
    pub threshold: Option<f32>,
    /// Rows of the class among the found, as a share of these; 1 where nothing is found.
    pub precision: f64,
    /// Found rows of the class, as a share of them.
    pub recall: f64,
}

/// Rows at or above a score.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    score: f32,
    own: u64,
    others: u64,
}

/// The counts at each score of sorted keys, the highest first.
pub(super) fn counts(keys: &[u64]) -> Vec<Count> {
    let (mut own, mut others) = (0, 0);
    let count = |tie: &[u64]| {
        let here = order::split(tie);
        own += here.0.len() as u64;
        others += here.1.len() as u64;
        Count { score: order::score(tie[0]), own, others }
    };
    order::ties(keys).map(count).collect()
}

/// The ROC curve of the counts.
pub(super) fn roc(counts: &[Count]) -> Vec<RocPoint> {
    let Some((own, others)) = both(counts) else { return vec![] };
    let first = RocPoint { threshold: None, false_positive_rate: 0.0, true_positive_rate: 0.0 };
    let point = |count: &Count| RocPoint {
        threshold: Some(count.score),
        false_positive_rate: count.others as f64 / others,
        true_positive_rate: count.own as f64 / own,
    };
    std::iter::once(first).chain(counts.iter().map(point)).collect()
}

/// The precision and recall of the counts.
pub(super) fn precision_recall(counts: &[Count]) -> Vec<PrecisionRecallPoint> {
    let Some((own, _)) = both(counts) else { return vec![] };
    let last = PrecisionRecallPoint { threshold: None, precision: 1.0, recall: 0.0 };
    let point = |count: &Count| PrecisionRecallPoint {
        threshold: Some(count.score),
        precision: count.own as f64 / (count.own + count.others) as f64,
        recall: count.own as f64 / own,
    };
    counts.iter().rev().map(point).chain([last]).collect()
}

/// Rows of the class and of all others, if there are both.
fn both(counts: &[Count]) -> Option<(f64, f64)> {
    counts.last().filter(|all| all.own > 0 && all.others > 0).map(|all| (all.own as f64, all.others as f64))
}
