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

/// What becomes of the rows behind the last whole window of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub enum Tail {
    /// They are left out, and counted.
    Drop,
    /// One more window ends with the segment; it overlaps the one before more than the stride says.
    Overlap,
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
/// A segment of n rows gives no window if n < width, else 1 + floor((n - width) / stride), and one more where a tail overlaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub struct Slicer {
    /// Rows in a window, at least 1.
    pub width: usize,
    /// Rows from one start to the next, at least 1.
    pub stride: usize,
    /// What becomes of short segments.
    pub short: Short,
    /// What becomes of the rows behind the last window.
    pub tail: Tail,
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
        let (width, stride) = (self.width as u64, self.stride as u64);
        while next + width <= end {
            out.push(Window { start: next, valid_len: self.width as u32 });
            next += stride;
        }
        if closed && self.short != Short::Drop && next == segment && end > segment {
            out.push(Window { start: segment, valid_len: (end - segment) as u32 });
        }
        // The last window began a stride before the next one.
        if closed && self.tail == Tail::Overlap && next > segment && next - stride + width < end {
            out.push(Window { start: end - width, valid_len: self.width as u32 });
        }
        next
    }

    /// The first row that a window of the segment, which is known up to row `end`, can still need: the next one's, or that of a
    /// tail.
    pub fn needed(&self, segment: u64, next: u64, end: u64) -> u64 {
        let tail = next.saturating_sub(self.stride as u64).max(end.saturating_sub(self.width as u64)).max(segment);
        match self.tail {
            Tail::Drop => next,
            Tail::Overlap => next.min(tail),
        }
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
        let tail = rows - reach;
        match self.tail {
            Tail::Drop => Account { windowed: reach - skipped, skipped, tail, ..Account::default() },
            Tail::Overlap => {
                let (windowed, skipped) = (reach - skipped + tail.min(width), skipped + tail.saturating_sub(width));
                Account { windowed, skipped, ..Account::default() }
            }
        }
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
            let slicer = Slicer { width, stride, short: Short::Drop, tail: Tail::Drop };
            let expected = if n < width { 0 } else { 1 + (n - width) / stride };
            assert_eq!(starts(slicer, n as u64).len(), expected, "{n} {width} {stride}");
        }
    }

    #[test]
    fn rows_may_arrive_one_by_one() {
        for stride in [1, 3, 9] {
            let slicer = Slicer { width: 5, stride, short: Short::Pad, tail: Tail::Drop };
            let (mut out, mut next) = (vec![], 100);
            for end in 101..=131 {
                next = slicer.cut(100, next, end, end == 131, &mut out);
            }
            assert_eq!(out.iter().map(|w| w.start - 100).collect::<Vec<_>>(), starts(slicer, 31));
        }
    }

    #[test]
    fn a_short_segment_is_padded_once() {
        let (slicer, mut out) = (Slicer { width: 5, stride: 2, short: Short::Pad, tail: Tail::Drop }, vec![]);
        let next = slicer.cut(10, 10, 12, false, &mut out);
        slicer.cut(10, next, 13, true, &mut out);
        assert_eq!(out, [Window { start: 10, valid_len: 3 }]);
    }

    #[test]
    fn a_tail_is_in_a_window_that_ends_with_the_segment() {
        for rows in 0..40_u64 {
            for stride in [1, 3, 5, 9] {
                let plain = Slicer { width: 5, stride, short: Short::Drop, tail: Tail::Drop };
                let slicer = Slicer { tail: Tail::Overlap, ..plain };
                let mut expected = starts(plain, rows);
                if expected.last().is_some_and(|start| start + 5 < rows) {
                    expected.push(rows - 5);
                }
                assert_eq!(starts(slicer, rows), expected, "{rows} {stride}");
                // Whatever is forgotten on the way is not needed any more.
                let (mut out, mut next) = (vec![], 0);
                for end in 1..=rows {
                    let needed = slicer.needed(0, next, end - 1);
                    let before = out.len();
                    next = slicer.cut(0, next, end, end == rows, &mut out);
                    assert!(out[before..].iter().all(|window| window.start >= needed), "{rows} {stride} {end}");
                }
            }
        }
    }

    #[test]
    fn every_row_is_accounted_for_once() {
        for rows in 0..60 {
            for stride in [1, 3, 5, 9] {
                for tail in [Tail::Drop, Tail::Overlap] {
                    let slicer = Slicer { width: 5, stride, short: Short::Drop, tail };
                    let covered =
                        (0..rows).filter(|r| starts(slicer, rows).iter().any(|s| (*s..s + 5).contains(r))).count();
                    let account = slicer.account(rows);
                    assert_eq!(account.windowed, covered as u64, "{rows} {stride}");
                    assert_eq!(account.windowed + account.skipped + account.tail + account.short, rows);
                }
            }
        }
    }
}
