//! How much a sort may hold, of the memory that there is.

use datafusion::execution::memory_pool::MemoryLimit;

/// Bytes and counts that follow from the limit of memory alone, and so are the same in each run of a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizes {
    /// Bytes of rows, with their keys, that are sorted at once.
    pub buffer: usize,
    /// Of these, what is taken even where the pool refuses it.
    pub least: usize,
    /// Bytes of a batch of sorted rows.
    pub chunk: usize,
    /// Runs that are merged at once.
    pub fan_in: usize,
    /// Bytes of sorted runs that stay in memory, if the pool has them.
    pub kept: usize,
}

/// Enough for long runs; more would only delay the first row, and be held beside what is kept.
const LARGEST_BUFFER: usize = 64 << 20;
/// One batch that is read, one that waits, one that is merged, what the merge made of them, and their keys.
pub const CHUNKS_OF_A_RUN: usize = 6;

impl Sizes {
    /// Of a sort that shares `limit` with what is read before it and what becomes of its rows.
    pub fn of(limit: &MemoryLimit) -> Self {
        let limit = match limit {
            MemoryLimit::Finite(limit) => *limit,
            MemoryLimit::Infinite | MemoryLimit::Unknown => usize::MAX,
        };
        let chunk = (limit / 512).clamp(32 << 10, 1 << 20);
        Self {
            buffer: (limit / 4).min(LARGEST_BUFFER),
            least: (limit / 16).min(LARGEST_BUFFER / 2),
            chunk,
            fan_in: (limit / 8 / (CHUNKS_OF_A_RUN * chunk)).clamp(2, 256),
            kept: limit / 3,
        }
    }

    /// Rows of a batch of about [`Self::chunk`] bytes, if `rows` have so many `bytes`; no more than `batch_size`.
    pub fn chunk_rows(&self, rows: usize, bytes: usize, batch_size: usize) -> usize {
        let of_a_row = bytes.div_ceil(rows.max(1)).max(1);
        (self.chunk / of_a_row).clamp(1, batch_size.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_lies_well_below_the_limit() {
        for limit in [16usize << 20, 64 << 20, 128 << 20, 1 << 30, 1 << 36] {
            let sizes = Sizes::of(&MemoryLimit::Finite(limit));
            let merging = sizes.fan_in * CHUNKS_OF_A_RUN * sizes.chunk;
            assert!(sizes.buffer <= limit / 4 && merging <= limit / 8 && sizes.fan_in >= 2, "{limit}: {sizes:?}");
        }
        assert_eq!(Sizes::of(&MemoryLimit::Infinite).buffer, LARGEST_BUFFER);
    }

    #[test]
    fn a_batch_has_a_row_at_least() {
        let sizes = Sizes::of(&MemoryLimit::Finite(64 << 20));
        assert_eq!(sizes.chunk_rows(10, 10 << 30, 8192), 1);
        assert_eq!(sizes.chunk_rows(1000, 1000, 8192), 8192);
        assert_eq!(sizes.chunk_rows(0, 0, 8192), 8192);
    }
}
