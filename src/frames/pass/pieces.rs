//! How long what a pass works on is: recordings, stretches without a gap, and segments.

use std::sync::{Arc, Mutex, PoisonError};

/// Runs of rows of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Runs {
    /// How many there are.
    pub count: u64,
    /// Rows of the longest.
    pub longest: u64,
    /// The first row of the one that has not ended.
    open: Option<u64>,
}

impl Runs {
    /// One begins at a row, where the one before it ends.
    pub fn begin(&mut self, row: u64) {
        self.end(row);
        self.count += 1;
        self.open = Some(row);
    }

    /// The last one ends before a row.
    pub fn end(&mut self, row: u64) {
        if let Some(start) = self.open.take() {
            self.longest = self.longest.max(row - start);
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
    }
}

/// What a pass was given and what it made of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pieces {
    /// Frames that came.
    pub frames: u64,
    /// Those of one key.
    pub recordings: Runs,
    /// Parts of them in which frame numbers never jump.
    pub stretches: Runs,
    /// Parts of these that a window may be cut from.
    pub segments: Runs,
    /// The least jump of frame numbers that ended a stretch.
    pub least_gap: Option<u64>,
    /// Windows that fit into segments.
    pub found: u64,
    /// Windows that came out.
    pub made: u64,
    /// Recordings of which no frame follows another, and the largest of their usual jumps.
    pub sparse: (u64, u64),
}

impl Pieces {
    /// The least jump with one more.
    pub fn gap(&mut self, step: u64) {
        self.least_gap = Some(self.least_gap.map_or(step, |least| least.min(step)));
    }

    fn merge(&mut self, other: Self) {
        self.frames += other.frames;
        self.recordings.merge(other.recordings);
        self.stretches.merge(other.stretches);
        self.segments.merge(other.segments);
        other.least_gap.into_iter().for_each(|step| self.gap(step));
        self.found += other.found;
        self.made += other.made;
        self.sparse = (self.sparse.0 + other.sparse.0, self.sparse.1.max(other.sparse.1));
    }
}

/// The pieces of all partitions, for whoever holds the plan before it runs. Optimizers build plans anew, and their metrics
/// with them; this goes from the old plan to the new one.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<(usize, Pieces)>>);

impl Ledger {
    /// Adds those of a partition that has ended. How many have, and the pieces of all of them.
    pub fn add(&self, pieces: Pieces) -> (usize, Pieces) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.0 += 1;
        all.1.merge(pieces);
        *all
    }

    /// Those of all partitions that have ended; None where none has.
    pub fn read(&self) -> Option<Pieces> {
        let (ended, pieces) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (ended > 0).then_some(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_all_partitions_is_kept_and_counts_are_added() {
        let of = |starts: &[u64], end: u64| {
            let mut runs = Runs::default();
            starts.iter().for_each(|start| runs.begin(*start));
            runs.end(end);
            Pieces { frames: end, segments: runs, ..Pieces::default() }
        };
        let ledger = Ledger::default();
        assert_eq!(ledger.read(), None);
        assert_eq!(ledger.add(of(&[0, 3, 10], 12)).0, 1);
        let (ended, all) = ledger.clone().add(of(&[0], 5));
        assert_eq!((ended, ledger.read()), (2, Some(all)));
        assert_eq!((all.frames, all.segments.count, all.segments.longest), (17, 4, 7));
    }

    #[test]
    fn the_least_gap_is_kept() {
        let mut pieces = Pieces::default();
        [7, 3, 5].into_iter().for_each(|step| pieces.gap(step));
        let ledger = Ledger::default();
        for pieces in [pieces, Pieces::default()] {
            ledger.add(pieces);
        }
        assert_eq!(ledger.read().unwrap().least_gap, Some(3));
    }
}
