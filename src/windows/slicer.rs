//! Where windows begin and end inside a segment. Pure: row numbers in, row numbers out.

/// What becomes of a segment that is shorter than a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub enum Short {
    /// It is left out, and counted.
    Drop,
    /// It becomes one window; its last frame is repeated, `valid_len` tells how many frames are real.
    Pad,
    /// It becomes one window; its frames are repeated from the first on, `valid_len` tells how many are real.
    Loop,
}

/// One window: its first row, and how many of its rows were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The number of its first row, counted over the whole series.
    pub start: u64,
    /// Recorded rows, at most the width; the rest is padding.
    pub valid_len: u32,
}

/// Cuts segments into windows of `width` rows whose starts are `stride` rows apart.
///
/// A segment of n rows gives no window if n < width, else 1 + floor((n - width) / stride).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub struct Slicer {
    /// Rows in a window, at least 1.
    pub width: usize,
    /// Rows from one start to the next, at least 1.
    pub stride: usize,
    /// What becomes of short segments.
    pub short: Short,
}

/// What happened to the rows of one segment; every row is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Rows inside at least one window.
    pub windowed: u64,
    /// Rows between two windows, where the stride is longer than the width.
    pub skipped: u64,
    /// Rows after the last window.
    pub tail: u64,
    /// Rows of a segment that is too short.
    pub short: u64,
    /// Rows in windows that are left out because their label is not pure enough.
    pub impure: u64,
}

impl Account {
    /// Adds the rows of another segment.
    pub fn add(&mut self, other: Self) {
        self.windowed += other.windowed;
        self.skipped += other.skipped;
        self.tail += other.tail;
        self.short += other.short;
        self.impure += other.impure;
    }
}

impl Slicer {
    /// The windows of the segment that begins at row `segment` and is known up to row `end`, from the start `next` on.
    ///
    /// Returns the start of the next window. `closed` says that the segment ends at `end`.
    pub fn cut(&self, segment: u64, mut next: u64, end: u64, closed: bool, out: &mut Vec<Window>) -> u64 {
        while next + self.width as u64 <= end {
            out.push(Window { start: next, valid_len: self.width as u32 });
            next += self.stride as u64;
        }
        if closed && self.short != Short::Drop && next == segment && end > segment {
            out.push(Window { start: segment, valid_len: (end - segment) as u32 });
        }
        next
    }

    /// The recorded frame that stands at place `k` of a window with so many of them.
    pub fn recorded(&self, k: usize, valid_len: usize) -> usize {
        match self.short {
            _ if k < valid_len => k,
            Short::Loop => k % valid_len,
            Short::Drop | Short::Pad => valid_len - 1,
        }
    }

    /// The account of a closed segment of `rows` rows.
    pub fn account(&self, rows: u64) -> Account {
        let (width, stride) = (self.width as u64, self.stride as u64);
        if rows < width {
            return match self.short {
                Short::Drop => Account { short: rows, ..Account::default() },
                Short::Pad | Short::Loop => Account { windowed: rows, ..Account::default() },
            };
        }
        let steps = (rows - width) / stride;
        let reach = steps * stride + width;
        let skipped = steps * stride.saturating_sub(width);
        Account { windowed: reach - skipped, skipped, tail: rows - reach, ..Account::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(slicer: Slicer, rows: u64) -> Vec<u64> {
        let mut out = vec![];
        slicer.cut(0, 0, rows, true, &mut out);
        out.iter().map(|w| w.start).collect()
    }

    #[test]
    fn the_count_is_that_of_the_formula() {
        for (n, width, stride) in [(100, 30, 15), (29, 30, 15), (30, 30, 15), (61, 30, 1), (100, 7, 10), (100, 100, 10)]
        {
            let slicer = Slicer { width, stride, short: Short::Drop };
            let expected = if n < width { 0 } else { 1 + (n - width) / stride };
            assert_eq!(starts(slicer, n as u64).len(), expected, "{n} {width} {stride}");
        }
    }

    #[test]
    fn rows_may_arrive_one_by_one() {
        for stride in [1, 3, 9] {
            let slicer = Slicer { width: 5, stride, short: Short::Pad };
            let (mut out, mut next) = (vec![], 100);
            for end in 101..=131 {
                next = slicer.cut(100, next, end, end == 131, &mut out);
            }
            assert_eq!(out.iter().map(|w| w.start - 100).collect::<Vec<_>>(), starts(slicer, 31));
        }
    }

    #[test]
    fn a_short_segment_is_padded_once() {
        let (slicer, mut out) = (Slicer { width: 5, stride: 2, short: Short::Pad }, vec![]);
        let next = slicer.cut(10, 10, 12, false, &mut out);
        slicer.cut(10, next, 13, true, &mut out);
        assert_eq!(out, [Window { start: 10, valid_len: 3 }]);
    }

    #[test]
    fn every_row_is_accounted_for_once() {
        for rows in 0..60 {
            for stride in [1, 3, 5, 9] {
                let slicer = Slicer { width: 5, stride, short: Short::Drop };
                let covered =
                    (0..rows).filter(|r| starts(slicer, rows).iter().any(|s| (*s..s + 5).contains(r))).count();
                let account = slicer.account(rows);
                assert_eq!(account.windowed, covered as u64, "{rows} {stride}");
                assert_eq!(account.windowed + account.skipped + account.tail + account.short, rows);
            }
        }
    }
}
