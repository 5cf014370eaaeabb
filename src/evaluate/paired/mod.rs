//! Paired comparison: whether one model beats another on the same recordings, or was only luckier.

mod exchange;

use std::collections::BTreeMap;

use self::exchange::randomisation;
use super::draws::{Block, Lanes};
use super::interval::{RESAMPLES, bootstrap};
use super::metric::Better;
use crate::error::Result;
use crate::interrupt::Interrupt;

/// Up to so many recordings every exchange is tried, 2^16 of them; with more, [`DRAWS`] are drawn.
pub const EXACT: usize = 16;
/// How many exchanges are drawn. The observed one counts too, so the least p is 1 / 10,000.
pub const DRAWS: u64 = 9_999;
/// A verdict needs p below this.
pub const ALPHA: f64 = 0.05;

/// What one model did on one recording: a part of the pooled number `sum of numerators / sum of denominators`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Part {
    /// For accuracy the rows predicted right; for a mean loss the sum of losses.
    pub numerator: f64,
    /// Rows.
    pub denominator: f64,
}

/// What two models, or two cells of a study, did on the same recording.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pair {
    /// The model that is judged.
    pub a: Part,
    /// The model it is judged against.
    pub b: Part,
}

impl Pair {
    /// The accuracy of both on the same rows of one recording.
    pub fn accuracy(rows: u64, correct_a: u64, correct_b: u64) -> Self {
        let part = |correct: u64| Part { numerator: correct as f64, denominator: rows as f64 };
        Self { a: part(correct_a), b: part(correct_b) }
    }
}

/// Whether a difference over so many recordings can reach [`ALPHA`]: of 2^n exchanges two are as far apart as what was seen, at
/// the least.
pub fn can_tell(recordings: usize) -> bool {
    recordings >= 1 && 0.5f64.powi(recordings.min(64) as i32 - 1) < ALPHA
}

/// What the test found for `a` against `b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `a` is better.
    Better,
    /// `a` is worse.
    Worse,
    /// The recordings do not tell them apart; that is not to say that they are equal.
    NoDifferenceShown,
}

impl Verdict {
    /// The words of the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoDifferenceShown => "no difference shown",
        }
    }
}

/// Two models compared over recordings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paired {
    /// Pooled number of `a` less that of `b`; for accuracy a difference of shares in [-1, 1].
    pub difference: f64,
    /// Lower end of its 95 % interval; NULL with fewer than two recordings, or where every draw of recordings gave the
    /// same.
    pub low: Option<f64>,
    /// Upper end of it.
    pub high: Option<f64>,
    /// Two-sided p of the randomisation test, in (0, 1].
    pub p: f64,
    /// Recordings.
    pub groups: u64,
    /// What p says at [`ALPHA`].
    pub verdict: Verdict,
}

impl Paired {
    /// The same comparison with a p that was corrected by [`holm`](super::holm::holm), and the verdict that is left.
    pub fn corrected(self, p: f64) -> Self {
        // A corrected p is never the smaller one, so a verdict can be lost and not won.
        Self { p, verdict: if p < ALPHA { self.verdict } else { Verdict::NoDifferenceShown }, ..self }
    }
}

/// Compares two models over `pairs`, one for each recording, in an order that does not change, as that of their names.
///
/// If the models were equal, each recording could as well have come with the two exchanged. p is the share of such
/// exchanges whose difference is at least as far from 0 as the observed one: all 2^n of them for n up to [`EXACT`]
/// recordings, else the observed one and [`DRAWS`] drawn from `seed`. Recordings on which both are equal stay in. NULL
/// where one of the models has no rows.
///
/// p cannot be below 2 / 2^n, which is 0.25 with 3 recordings and 0.06 with 5: nothing can be shown with so few,
/// however far apart the models are, and the more comparisons are made the more recordings it takes. The interval is
/// that of [`bootstrap`] over recordings, too narrow when they are few, so with few recordings believe the verdict.
///
/// Fisher 1935, The Design of Experiments, section 21; Phipson and Smyth 2010, doi:10.2202/1544-6115.1585 for the drawn
/// p.
///
/// ```
/// use posequel::evaluate::{metric::Better, paired::{Pair, Verdict, compare}};
/// use posequel::interrupt::Interrupt;
/// let three = compare(&[Pair::accuracy(10, 10, 0); 3], Better::Higher, 7, &Interrupt::default())?.unwrap();
/// assert_eq!((three.difference, three.p, three.verdict), (1.0, 2.0 / 8.0, Verdict::NoDifferenceShown));
/// # Ok::<(), posequel::error::Error>(())
/// ```
///
/// # Errors
/// [`crate::error::Error::Interrupted`].
pub fn compare(pairs: &[Pair], better: Better, seed: u64, interrupt: &Interrupt) -> Result<Option<Paired>> {
    Ok(compare_each(&[pairs.to_vec()], better, seed, interrupt)?.into_iter().next().flatten())
}

/// [`compare`] of several pairs of models, one list each: what is drawn for so many recordings is drawn once for all of them.
///
/// # Errors
/// [`crate::error::Error::Interrupted`].
pub fn compare_each(
    lists: &[Vec<Pair>],
    better: Better,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Vec<Option<Paired>>> {
    let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, list) in lists.iter().enumerate().filter(|(_, list)| sums(list).difference().is_some()) {
        by_length.entry(list.len()).or_default().push(place);
    }
    let mut all = vec![None; lists.len()];
    for (recordings, places) in by_length {
        let lists: Vec<&[Pair]> = places.iter().map(|place| lists[*place].as_slice()).collect();
        let p = randomisation(&lists, seed, interrupt)?;
        let intervals = bootstrap(recordings, RESAMPLES, seed, interrupt, |blocks| {
            Ok(blocks.iter().map(|block| drawn(&lists, block, interrupt)).collect::<Result<Vec<_>>>()?.concat())
        })?;
        for (i, place) in places.into_iter().enumerate() {
            all[place] = judged(lists[i], p[i], intervals.get(i).copied().flatten(), better);
        }
    }
    Ok(all)
}

fn judged(pairs: &[Pair], p: f64, drawn: Option<(f64, f64)>, better: Better) -> Option<Paired> {
    let difference = sums(pairs).difference()?;
    // As for accuracy: draws that all agree make an interval of width 0, which claims too much.
    let bounds = drawn.filter(|(low, high)| low < high);
    let verdict = match better {
        _ if p >= ALPHA => Verdict::NoDifferenceShown,
        Better::Higher if difference > 0.0 => Verdict::Better,
        Better::Lower if difference < 0.0 => Verdict::Better,
        _ => Verdict::Worse,
    };
    let (low, high) = (bounds.map(|(low, _)| low), bounds.map(|(_, high)| high));
    Some(Paired { difference, low, high, p, groups: pairs.len() as u64, verdict })
}

/// The difference of each list in each draw of a block.
fn drawn(lists: &[&[Pair]], block: &Block, interrupt: &Interrupt) -> Result<Vec<Vec<Option<f64>>>> {
    let of_list = |pairs: &&[Pair]| {
        let sum = |of: fn(&Pair) -> f64| block.sum(pairs.iter().map(of), interrupt);
        let a = (sum(|pair| pair.a.numerator)?, sum(|pair| pair.a.denominator)?);
        let b = (sum(|pair| pair.b.numerator)?, sum(|pair| pair.b.denominator)?);
        let part = |(numerator, denominator): (Lanes, Lanes), lane: usize| Part {
            numerator: numerator[lane],
            denominator: denominator[lane],
        };
        Ok((0..block.draws()).map(|lane| Pair { a: part(a, lane), b: part(b, lane) }.difference()).collect())
    };
    let lists = lists.iter().map(of_list).collect::<Result<Vec<Vec<_>>>>()?;
    Ok((0..block.draws()).map(|draw| lists.iter().map(|values| values[draw]).collect()).collect())
}

/// All recordings as one.
fn sums(pairs: &[Pair]) -> Pair {
    pairs.iter().fold(Pair::default(), |sum, pair| Pair { a: sum.a.plus(pair.a), b: sum.b.plus(pair.b) })
}

impl Part {
    fn plus(self, more: Self) -> Self {
        Self { numerator: self.numerator + more.numerator, denominator: self.denominator + more.denominator }
    }

    fn less(self, other: Self) -> Self {
        Self { numerator: self.numerator - other.numerator, denominator: self.denominator - other.denominator }
    }
}

impl Pair {
    /// The number of `a` less that of `b`; NULL where one has no rows.
    fn difference(self) -> Option<f64> {
        let value = self.a.numerator / self.a.denominator - self.b.numerator / self.b.denominator;
        value.is_finite().then_some(value)
    }
}

#[cfg(test)]
mod tests;
