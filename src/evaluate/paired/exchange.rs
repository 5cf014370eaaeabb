//! The randomisation test: how often models that are exchanged, recording by recording, are as far apart as those that were seen.

use rayon::prelude::*;

use super::{DRAWS, EXACT, Pair, Part, sums};
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::random::Stream;

/// Recordings between two looks at the flag.
const LOOK: usize = 1024;

/// Sums that are made side by side.
const STRANDS: usize = 8;

/// Exchanges that one thread draws at a time.
const TURNS: u64 = 100;

/// For each list, all over as many recordings: the share of exchanges of `a` and `b` that give at least as large a difference, of either
/// sign. The same exchanges are tried for every list.
///
/// # Errors
/// [`crate::error::Error::Interrupted`].
pub(super) fn randomisation(lists: &[&[Pair]], seed: u64, interrupt: &Interrupt) -> Result<Vec<f64>> {
    let recordings = lists.first().map_or(0, |pairs| pairs.len());
    let moves: Vec<Moves> = lists.iter().map(|pairs| Moves::of(pairs)).collect();
    if recordings <= EXACT {
        let exchanges = 1u32 << recordings;
        let share = |moves: &Moves| {
            let count = (0..exchanges).filter(|exchange| moves.is_extreme(moves.exchanged(*exchange))).count();
            interrupt.check().map(|()| count as f64 / f64::from(exchanges))
        };
        return moves.iter().map(share).collect();
    }
    // Each turn begins where it would in one stream, so that it is the same whoever takes it.
    let turns = |from: u64| {
        let mut stream = Stream::new(seed, &["paired"]);
        stream.skip(from * recordings as u64);
        let mut counts = vec![0u64; moves.len()];
        for _ in from..(from + TURNS).min(DRAWS) {
            let moved = drawn(&moves, recordings, &mut stream, interrupt)?;
            let extreme = moves.iter().zip(moved).map(|(moves, moved)| moves.is_extreme(moved));
            counts.iter_mut().zip(extreme).for_each(|(count, is_extreme)| *count += u64::from(is_extreme));
        }
        Ok(counts)
    };
    let starts: Vec<u64> = (0..DRAWS).step_by(TURNS as usize).collect();
    let counts = starts.into_par_iter().map(turns).collect::<Result<Vec<_>>>()?;
    // The observed exchange counts, too.
    let share = |list: usize| (1 + counts.iter().map(|counts| counts[list]).sum::<u64>()) as f64 / (DRAWS + 1) as f64;
    Ok((0..lists.len()).map(share).collect())
}

/// What the exchange of each recording takes from `a` and gives to `b`.
struct Moves {
    all: Pair,
    /// What is at least as far apart as what was seen.
    least: f64,
    numerators: Vec<f64>,
    /// None where both have the same rows of every recording, so that none move.
    denominators: Vec<f64>,
}

impl Moves {
    fn of(pairs: &[Pair]) -> Self {
        let all = sums(pairs);
        // Numbers of the order of 1 that are equal on paper may differ by rounding.
        let least = all.difference().unwrap_or(0.0).abs() * (1.0 - 1e-12) - 1e-14;
        let numerators = pairs.iter().map(|pair| pair.a.numerator - pair.b.numerator).collect();
        let denominators: Vec<f64> = pairs.iter().map(|pair| pair.a.denominator - pair.b.denominator).collect();
        let is_still = denominators.iter().all(|moved| *moved == 0.0);
        Self { all, least, numerators, denominators: if is_still { vec![] } else { denominators } }
    }

    /// An exchange that leaves one side without rows has no difference, and counts as large.
    fn is_extreme(&self, moved: Part) -> bool {
        let exchanged = Pair { a: self.all.a.less(moved), b: self.all.b.plus(moved) };
        exchanged.difference().is_none_or(|value| value.abs() >= self.least)
    }

    /// What is moved when the recordings whose bits are set are exchanged.
    fn exchanged(&self, exchange: u32) -> Part {
        let sum =
            |moves: &[f64]| (0..).zip(moves).filter(|(i, _)| exchange >> i & 1 == 1).map(|(_, moved)| moved).sum();
        Part { numerator: sum(&self.numerators), denominator: sum(&self.denominators) }
    }
}

/// What one exchange moves in each list: every recording's part, or not, by the highest of 64 bits.
fn drawn(moves: &[Moves], recordings: usize, stream: &mut Stream, interrupt: &Interrupt) -> Result<Vec<Part>> {
    let mut moved = vec![Part::default(); moves.len()];
    let mut masks = [0u64; LOOK];
    for start in (0..recordings).step_by(LOOK) {
        interrupt.check()?;
        let masks = &mut masks[..LOOK.min(recordings - start)];
        masks.iter_mut().for_each(|mask| *mask = 0u64.wrapping_sub(stream.bits() >> 63));
        for (moves, moved) in moves.iter().zip(&mut moved) {
            moved.numerator += kept(&moves.numerators[start..], masks);
            if !moves.denominators.is_empty() {
                moved.denominator += kept(&moves.denominators[start..], masks);
            }
        }
    }
    Ok(moved)
}

/// The sum of the numbers that a mask keeps, all bits or none of each, in place of a branch that would be mistaken every other time. In
/// several strands, since a sum waits for the one before it.
fn kept(values: &[f64], masks: &[u64]) -> f64 {
    let mut strands = [0.0; STRANDS];
    let (values, last) = values[..masks.len()].as_chunks();
    let (masks, last_masks) = masks.as_chunks();
    let mut add = |values: &[f64; STRANDS], masks: &[u64; STRANDS]| {
        (0..STRANDS).for_each(|i| strands[i] += f64::from_bits(values[i].to_bits() & masks[i]));
    };
    values.iter().zip(masks).for_each(|(values, masks)| add(values, masks));
    let rest: f64 = last.iter().zip(last_masks).map(|(value, mask)| f64::from_bits(value.to_bits() & mask)).sum();
    strands.iter().sum::<f64>() + rest
}
