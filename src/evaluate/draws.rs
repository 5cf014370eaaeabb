//! Groups drawn anew with replacement: how often each was drawn, in many draws side by side.
//!
//! Whatever is a sum over groups is then a product of these counts and of what each group adds, which a processor makes of a
//! whole line of draws at once, and no draw is walked in the order in which it was drawn.

use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::random::Stream;

/// Draws in a block: their counts of one group are one line of a processor's cache.
pub const LANES: usize = 64;

/// One number for each draw of a block.
pub type Lanes = [f64; LANES];

/// Bytes of counts that are held at a time.
const HELD: usize = 64 << 20;

/// How often each group came in some draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// [groups, LANES]; 0 throughout in lanes without a draw.
    counts: Vec<[u8; LANES]>,
    draws: usize,
    most: u8,
}

impl Block {
    /// One draw in which every group comes once.
    pub fn once(groups: usize) -> Self {
        let mut line = [0; LANES];
        line[0] = 1;
        Self { counts: vec![line; groups], draws: 1, most: 1 }
    }

    /// Draws by their counts: `rows` is [draws, groups], at most [`LANES`] draws.
    fn new(rows: &[u8], groups: usize) -> Self {
        let mut counts = vec![[0; LANES]; groups];
        // Some groups at a time, so that what is written stays in a cache while every draw is read.
        for (place, tile) in counts.chunks_mut(LANES).enumerate() {
            for (lane, row) in rows.chunks_exact(groups).enumerate() {
                tile.iter_mut().zip(&row[place * LANES..]).for_each(|(line, count)| line[lane] = *count);
            }
        }
        Self { counts, draws: rows.len() / groups, most: rows.iter().copied().max().unwrap_or(0) }
    }

    /// How many draws there are, in the first lanes.
    pub fn draws(&self) -> usize {
        self.draws
    }

    /// Groups, drawn or not.
    pub fn groups(&self) -> usize {
        self.counts.len()
    }

    /// How often a group came in each draw.
    pub fn of(&self, group: usize) -> &[u8; LANES] {
        &self.counts[group]
    }

    /// The largest of all counts.
    pub fn most(&self) -> u8 {
        self.most
    }

    /// Adds up what each group has, as often as it came, in the order of the groups.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn sum(&self, values: impl IntoIterator<Item = f64>, interrupt: &Interrupt) -> Result<Lanes> {
        let mut sums = [0.0; LANES];
        for (group, value) in values.into_iter().enumerate() {
            if group.is_multiple_of(1024) {
                interrupt.check()?;
            }
            add_times(&mut sums, self.of(group), value);
        }
        Ok(sums)
    }
}

/// Adds a value as often as each draw has it. What is not a number spoils the draws that have it, and no other.
pub fn add_times(sums: &mut Lanes, counts: &[u8; LANES], value: f64) {
    if value.is_finite() {
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += f64::from(*count) * value);
    } else {
        sums.iter_mut().zip(counts).filter(|(_, count)| **count > 0).for_each(|(sum, _)| *sum += value);
    }
}

/// Draws of as many groups as there are, one after another from one stream.
pub struct Draws {
    stream: Stream,
    groups: usize,
    left: usize,
}

impl Draws {
    /// `draws` draws of `groups` groups, one at least.
    pub fn new(groups: usize, draws: usize, seed: u64) -> Self {
        Self { stream: Stream::new(seed, &["bootstrap over recordings"]), groups, left: draws }
    }

    /// The next blocks, as many as may be held at once; none at the end.
    ///
    /// # Errors
    /// [`crate::error::Error::Interrupted`].
    pub fn next(&mut self, interrupt: &Interrupt) -> Result<Vec<Block>> {
        let most = (HELD / (self.groups * LANES)).max(1);
        let mut blocks = vec![];
        while self.left > 0 && blocks.len() < most {
            blocks.push(self.block(interrupt)?);
        }
        Ok(blocks)
    }

    fn block(&mut self, interrupt: &Interrupt) -> Result<Block> {
        let draws = self.left.min(LANES);
        self.left -= draws;
        let mut rows = vec![0u8; draws * self.groups];
        for row in rows.chunks_exact_mut(self.groups) {
            for turn in 0..self.groups {
                if turn.is_multiple_of(65_536) {
                    interrupt.check()?;
                }
                let count = &mut row[self.stream.below(self.groups as u64) as usize];
                // Of 255 groups or fewer none comes more often; of more, one draw in 10^500 has one that does.
                *count = count.saturating_add(1);
            }
        }
        Ok(Block::new(&rows, self.groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn counts_are_those_of_the_draws_one_by_one() {
        let (groups, draws) = (150, 100);
        let mut stream = Stream::new(3, &["bootstrap over recordings"]);
        let mut plain = vec![vec![0u8; groups]; draws];
        plain.iter_mut().for_each(|counts| {
            (0..groups).for_each(|_| counts[stream.below(groups as u64) as usize] += 1);
        });
        let blocks = Draws::new(groups, draws, 3).next(&Interrupt::default()).unwrap();
        assert_eq!(blocks.iter().map(Block::draws).collect::<Vec<_>>(), [64, 36]);
        for (draw, plain) in plain.iter().enumerate() {
            let block = &blocks[draw / LANES];
            let counts: Vec<u8> = (0..groups).map(|group| block.of(group)[draw % LANES]).collect();
            assert_eq!(counts, *plain);
        }
        let most = plain.iter().flatten().copied().max().unwrap();
        assert_eq!(blocks.iter().map(Block::most).max(), Some(most));
        assert!((0..groups).all(|group| blocks[1].of(group)[36..].iter().all(|count| *count == 0)));
    }

    #[test]
    fn many_groups_come_in_several_parts_with_the_same_draws() {
        // A block of 2^18 groups is 16 MiB: four at a time.
        let mut draws = Draws::new(1 << 18, 5 * LANES, 1);
        let parts: Vec<Vec<Block>> = (0..3).map(|_| draws.next(&Interrupt::default()).unwrap()).collect();
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [4, 1, 0]);
        assert_ne!(parts[0][3], parts[1][0]);
    }

    #[test]
    fn a_value_that_is_no_number_spoils_the_draws_that_have_it() {
        let block = Block::new(&[2, 0, 1, 1, 1, 0], 3);
        let sums = block.sum([1.5, f64::NAN, 10.0], &Interrupt::default()).unwrap();
        assert!(sums[0] == 13.0 && sums[1].is_nan(), "{sums:?}");
    }

    #[test]
    fn an_end_that_was_asked_for_is_heard() {
        let interrupt = Interrupt::default();
        interrupt.request();
        assert!(matches!(Draws::new(5, 10, 1).next(&interrupt), Err(Error::Interrupted(_))));
        assert!(matches!(Block::once(5).sum([1.0; 5], &interrupt), Err(Error::Interrupted(_))));
    }
}
