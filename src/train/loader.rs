//! Minibatches in the order of an epoch.
//!
//! Rows are shuffled by (seed, epoch), whatever the data lies in. A set that is more than one chunk of blocks is shuffled
//! in two steps: its blocks, and the rows of each [`CHUNK`] of blocks that follow one another. So a set on disk is read in
//! long runs, of which two are in memory, one that is trained on and one that is read meanwhile; and a copy, while a chunk is put
//! behind the rows that the one before has left.

use std::sync::mpsc::sync_channel;
use std::thread;

use super::examples::Examples;
use super::normalize::Normalization;
use super::source::Source;
use crate::error::{Error, Result};
use crate::nn::engine::Minibatch;
use crate::random::Stream;

/// Blocks whose rows are shuffled together.
pub const CHUNK: usize = 32;

/// Cuts an epoch into minibatches.
pub struct Loader<'a> {
    /// Raw rows.
    pub source: &'a dyn Source,
    /// The scale they are put on.
    pub normalization: &'a Normalization,
    /// Of the order.
    pub seed: u64,
    /// Rows of a minibatch; the last of an epoch may have fewer.
    pub batch_size: usize,
}

impl Loader<'_> {
    /// Minibatches of an epoch.
    pub fn steps(&self) -> usize {
        self.source.rows().div_ceil(self.batch_size)
    }

    /// Calls `step` for each minibatch of `epoch` (from 1) behind the first `skip`, with its number from 1.
    ///
    /// # Errors
    /// The first error of the source or of `step`, which ends the epoch.
    pub fn epoch(
        &self,
        epoch: usize,
        skip: usize,
        mut step: impl FnMut(usize, &Minibatch<'_>) -> Result<()>,
    ) -> Result<()> {
        let chunks = self.chunks(epoch);
        if chunks.len() == 1 {
            let mut cutter = Cutter::new(self.batch_size, skip);
            return cutter.chunk(self.load(&chunks[0])?, epoch, self.order(epoch, 0, &chunks[0]), true, &mut step);
        }
        thread::scope(|scope| {
            // A chunk is handed over when it is wanted.
            let (send, receive) = sync_channel(0);
            let chunks = &chunks;
            scope.spawn(move || {
                for chunk in chunks {
                    let loaded = self.load(chunk);
                    // Nobody listens any more once training has ended early.
                    if send.send(loaded).is_err() {
                        return;
                    }
                }
            });
            let mut cutter = Cutter::new(self.batch_size, skip);
            for (index, chunk) in chunks.iter().enumerate() {
                let rows = receive.recv().map_err(|_| Error::Internal("the reading thread ended early".into()))??;
                let order = self.order(epoch, index, chunk);
                cutter.chunk(rows, epoch, order, index + 1 == chunks.len(), &mut step)?;
            }
            Ok(())
        })
    }

    /// The blocks of each chunk.
    fn chunks(&self, epoch: usize) -> Vec<Vec<usize>> {
        let mut blocks: Vec<usize> = (0..self.source.blocks()).collect();
        if blocks.len() > CHUNK {
            Stream::new(self.seed, &["blocks", &epoch.to_string()]).shuffle(&mut blocks);
        }
        blocks.chunks(CHUNK).map(<[usize]>::to_vec).collect()
    }

    /// The order of the rows of a chunk.
    fn order(&self, epoch: usize, index: usize, blocks: &[usize]) -> Vec<usize> {
        let (all, size) = (self.source.rows(), self.source.block_rows());
        let rows = blocks.iter().map(|block| size.min(all - block * size)).sum();
        let mut order: Vec<usize> = (0..rows).collect();
        let (epoch, index) = (epoch.to_string(), index.to_string());
        let key = ["shuffle", &epoch, &index];
        Stream::new(self.seed, if index == "0" { &key[..2] } else { &key }).shuffle(&mut order);
        order
    }

    fn load(&self, blocks: &[usize]) -> Result<Examples> {
        let mut rows = Examples::default();
        for block in blocks {
            rows.append(self.source.block(*block)?);
        }
        self.normalization.apply_to(&mut rows.features);
        Ok(rows)
    }
}

/// Minibatches of chunk after chunk; rows that do not fill one wait for the next chunk.
struct Cutter {
    batch_size: usize,
    skip: usize,
    done: usize,
    rest: Examples,
}

impl Cutter {
    fn new(batch_size: usize, skip: usize) -> Self {
        Self { batch_size, skip, done: 0, rest: Examples::default() }
    }

    fn chunk(
        &mut self,
        rows: Examples,
        epoch: usize,
        order: Vec<usize>,
        last: bool,
        step: &mut impl FnMut(usize, &Minibatch<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut all = std::mem::take(&mut self.rest);
        let before = all.len();
        all.append(rows);
        let order: Vec<usize> = (0..before).chain(order.into_iter().map(|row| before + row)).collect();
        for rows in order.chunks(self.batch_size) {
            if rows.len() < self.batch_size && !last {
                self.rest = all.select(rows);
                return Ok(());
            }
            self.done += 1;
            if self.done > self.skip {
                let batch = all.select(rows);
                let keys: Vec<&str> = batch.keys.iter().map(String::as_str).collect();
                let Examples { features, valid_len, labels, weights, .. } = &batch;
                step(self.done, &Minibatch { features, valid_len, labels, weights, keys: &keys, epoch: epoch as u64 })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::source::block_rows;

    /// Rows of 4 values that name themselves, in blocks of a few rows.
    struct Numbered(usize);

    impl Source for Numbered {
        fn rows(&self) -> usize {
            self.0
        }

        fn block_rows(&self) -> usize {
            5
        }

        fn block(&self, index: usize) -> Result<Examples> {
            let rows = index * 5..(index * 5 + 5).min(self.0);
            Ok(Examples {
                width: 2,
                dim: 2,
                features: rows.clone().flat_map(|row| [row as f32; 4]).collect(),
                valid_len: rows.clone().map(|_| 2).collect(),
                labels: rows.clone().map(|row| row as u32).collect(),
                weights: rows.clone().map(|_| 1.0).collect(),
                keys: rows.map(|row| row.to_string()).collect(),
            })
        }
    }

    fn epoch(rows: usize, batch_size: usize, epoch: usize, skip: usize) -> Vec<Vec<u32>> {
        let (source, normalization) = (Numbered(rows), Normalization::default());
        let loader = Loader { source: &source, normalization: &normalization, seed: 3, batch_size };
        let mut seen = vec![];
        let step = |number: usize, batch: &Minibatch<'_>| {
            assert_eq!(number, skip + seen.len() + 1);
            assert!(batch.labels.iter().zip(batch.features.chunks(4)).all(|(&l, f)| f == [l as f32; 4]));
            assert!(batch.labels.iter().zip(batch.keys).all(|(l, key)| l.to_string() == *key));
            seen.push(batch.labels.to_vec());
            Ok(())
        };
        loader.epoch(epoch, skip, step).unwrap();
        assert_eq!(seen.len() + skip, loader.steps());
        seen
    }

    #[test]
    fn every_row_comes_once_in_an_epoch_of_one_chunk_or_many() {
        for rows in [1, 7, 5 * CHUNK, 5 * CHUNK + 1, 1234] {
            let batches = epoch(rows, 16, 1, 0);
            assert!(batches[..batches.len() - 1].iter().all(|batch| batch.len() == 16));
            let mut all = batches.concat();
            all.sort_unstable();
            assert_eq!(all, (0..rows as u32).collect::<Vec<_>>());
        }
    }

    #[test]
    fn epochs_have_orders_of_their_own_and_the_size_of_minibatches_does_not_matter() {
        assert_ne!(epoch(1234, 16, 1, 0), epoch(1234, 16, 2, 0));
        assert_eq!(epoch(1234, 16, 1, 0).concat(), epoch(1234, 7, 1, 0).concat());
    }

    #[test]
    fn neighbours_are_parted_across_blocks() {
        let order = epoch(1234, 1234, 1, 0).concat();
        let near = order.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) <= 5).count();
        // A chunk is a random choice of 160 of 1,234 rows: some 10 of its 159 neighbours lie within 5 rows.
        assert!(near < 200, "{near}");
    }

    #[test]
    fn an_epoch_goes_on_where_it_was_left() {
        assert_eq!(epoch(1234, 16, 1, 0)[50..], epoch(1234, 16, 1, 50));
    }

    #[test]
    fn an_error_ends_the_epoch() {
        let (source, normalization) = (Numbered(1234), Normalization::default());
        let loader = Loader { source: &source, normalization: &normalization, seed: 3, batch_size: 16 };
        let mut steps = 0;
        let ended = loader.epoch(1, 0, |_, _| {
            steps += 1;
            if steps == 3 { Err(Error::Internal("enough".into())) } else { Ok(()) }
        });
        assert_eq!((steps, ended.is_err()), (3, true));
    }

    #[test]
    fn blocks_are_of_a_bounded_size() {
        assert_eq!((block_rows(210), block_rows(600), block_rows(10_000_000)), (1024, 436, 1));
    }
}
