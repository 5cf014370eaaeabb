//! Frames of one recording that lie on two sides.

use super::super::side::Side;

/// The frames of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    /// The first.
    pub first: i64,
    /// The last, inclusive.
    pub last: i64,
    /// Where the window was put.
    pub side: Side,
}

/// For each window, in the order of their first frames, whether one of another side shares a frame with it.
pub(super) fn shared(spans: &mut [Span]) -> Vec<bool> {
    spans.sort_unstable();
    let mut shared = vec![false; spans.len()];
    // A window shares frames with one that begins before it and has not ended,
    let mut ends = [i64::MIN; 3];
    for (shared, span) in shared.iter_mut().zip(spans.iter()) {
        *shared |= others(span.side).any(|side| ends[side as usize] >= span.first);
        let end = &mut ends[span.side as usize];
        *end = (*end).max(span.last);
    }
    // or with one that begins before it ends.
    let mut next = [i64::MAX; 3];
    for (shared, span) in shared.iter_mut().zip(spans.iter()).rev() {
        *shared |= others(span.side).any(|side| next[side as usize] <= span.last);
        next[span.side as usize] = span.first;
    }
    shared
}

fn others(side: Side) -> impl Iterator<Item = Side> {
    Side::ALL.into_iter().filter(move |other| *other != side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn windows_share_frames_exactly_when_their_spans_meet() {
        let mut stream = Stream::new(7, &["spans"]);
        for _ in 0..200 {
            let mut spans: Vec<Span> = (0..stream.below(12))
                .map(|_| {
                    let first = stream.below(40) as i64;
                    let side = Side::ALL[stream.below(3) as usize];
                    Span { first, last: first + stream.below(8) as i64, side }
                })
                .collect();
            let found = shared(&mut spans);
            let meet = |a: &Span, b: &Span| a.side != b.side && a.first <= b.last && b.first <= a.last;
            let expected: Vec<bool> = spans.iter().map(|a| spans.iter().any(|b| meet(a, b))).collect();
            assert_eq!(found, expected, "{spans:?}");
        }
    }
}
