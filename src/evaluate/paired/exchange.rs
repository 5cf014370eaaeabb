//! The randomisation test: how often models that are exchanged, recording by recording, are as far apart as those that were seen.

use rayon::prelude::*;

use super::{DRAWS, EXACT, Pair, Part, sums};
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::random::Stream;

/// The share of exchanges of `a` and `b` that give at least as large a difference, of either sign.
pub(super) fn randomisation(pairs: &[Pair], observed: f64, seed: u64, interrupt: &Interrupt) -> Result<f64> {
    // Numbers of the order of 1 that are equal on paper may differ by rounding. An exchange that leaves one side
    // without rows has no difference, and counts as large.
    let least = observed.abs() * (1.0 - 1e-12) - 1e-14;
    let all = sums(pairs);
    // An exchange takes from `a` what the exchanged recordings have more there, and gives it to `b`.
    let more: Vec<Part> = pairs.iter().map(|pair| pair.a.less(pair.b)).collect();
    let is_extreme = |moved: Part| {
        let exchanged = Pair { a: all.a.less(moved), b: all.b.plus(moved) };
        exchanged.difference().is_none_or(|value| value.abs() >= least)
    };
    if pairs.len() <= EXACT {
        interrupt.check()?;
        let moved = |mask: u32| {
            let exchanged = more.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
            exchanged.fold(Part::default(), |sum, (_, more)| sum.plus(*more))
        };
        let exchanges = 1u32 << pairs.len();
        let count = (0..exchanges).filter(|mask| is_extreme(moved(*mask))).count();
        return Ok(count as f64 / f64::from(exchanges));
    }
    // Each turn begins where it would in one stream, so that it is the same whoever takes it.
    let turns = |from: u64| {
        let mut stream = Stream::new(seed, &["paired"]);
        stream.skip(from * pairs.len() as u64);
        let turns = from..(from + TURNS).min(DRAWS);
        turns.map(|_| Ok(u64::from(is_extreme(drawn_exchange(&more, &mut stream, interrupt)?)))).sum::<Result<u64>>()
    };
    let starts: Vec<u64> = (0..DRAWS).step_by(TURNS as usize).collect();
    let count = starts.into_par_iter().map(turns).sum::<Result<u64>>()?;
    Ok((count + 1) as f64 / (DRAWS + 1) as f64)
}

/// Exchanges that one thread draws at a time.
const TURNS: u64 = 100;

/// What an exchange moves: every recording's part, or not, by one bit each.
fn drawn_exchange(more: &[Part], stream: &mut Stream, interrupt: &Interrupt) -> Result<Part> {
    // Several strands, since a sum waits for the one before it.
    let mut strands = [Part::default(); 4];
    for more in more.chunks(LOOK) {
        interrupt.check()?;
        for more in more.chunks(strands.len()) {
            for (strand, more) in strands.iter_mut().zip(more) {
                // All bits or none of each number, in place of a branch that would be mistaken every other time.
                let kept = 0u64.wrapping_sub(stream.bits() >> 63);
                strand.numerator += f64::from_bits(more.numerator.to_bits() & kept);
                strand.denominator += f64::from_bits(more.denominator.to_bits() & kept);
            }
        }
    }
    Ok(strands.into_iter().fold(Part::default(), Part::plus))
}

/// Recordings between two looks at the flag, in fours.
const LOOK: usize = 4096;
