//! Where the rows of a training come from: block by block, from memory or from disk.

use super::examples::Examples;
use crate::error::Result;

/// Bytes of the values of a block.
const BLOCK_BYTES: usize = 1 << 20;

/// Rows of a block of windows with `values` values each: a matter of the shape alone, so that the order of training is
/// one, too.
pub fn block_rows(values: usize) -> usize {
    (BLOCK_BYTES / (4 * values.max(1))).clamp(1, 1024)
}

/// The rows of one side of a split, in the order of their names, cut into blocks.
pub trait Source: Send + Sync {
    /// All rows.
    fn rows(&self) -> usize;

    /// Rows of each block; the last may have fewer.
    fn block_rows(&self) -> usize;

    /// The rows of block `index`, 0..[`Self::blocks`].
    fn block(&self, index: usize) -> Result<Examples>;

    /// The number of blocks.
    fn blocks(&self) -> usize {
        self.rows().div_ceil(self.block_rows())
    }
}

impl Source for Examples {
    fn rows(&self) -> usize {
        self.len()
    }

    fn block_rows(&self) -> usize {
        block_rows(self.width * self.dim)
    }

    fn block(&self, index: usize) -> Result<Examples> {
        let first = index * Source::block_rows(self);
        let rows: Vec<usize> = (first..(first + Source::block_rows(self)).min(self.len())).collect();
        Ok(self.select(&rows))
    }
}
