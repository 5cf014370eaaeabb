//! Paired comparison: whether one model beats another on the same recordings, or was only luckier.

use rayon::prelude::*;

use super::draws::{Block, Lanes};
use super::interval::bootstrap_sums;
use super::metric::Better;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::random::Stream;

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
    let Some(observed) = sums(pairs).difference() else { return Ok(None) };
    let p = randomisation(pairs, observed, seed, interrupt)?;
    let drawn = bootstrap_sums(
        pairs.len(),
        seed,
        interrupt,
        |block| drawn(pairs, block, interrupt),
        |sums| {
            let [a, below_a, b, below_b] = sums;
            let part = |numerator, denominator| Part { numerator, denominator };
            Pair { a: part(a, below_a), b: part(b, below_b) }.difference()
        },
    )?;
    // As for accuracy: draws that all agree make an interval of width 0, which claims too much.
    let bounds = drawn.filter(|(low, high)| low < high);
    let verdict = match better {
        _ if p >= ALPHA => Verdict::NoDifferenceShown,
        Better::Higher if observed > 0.0 => Verdict::Better,
        Better::Lower if observed < 0.0 => Verdict::Better,
        _ => Verdict::Worse,
    };
    let (low, high) = (bounds.map(|(low, _)| low), bounds.map(|(_, high)| high));
    Ok(Some(Paired { difference: observed, low, high, p, groups: pairs.len() as u64, verdict }))
}

/// Numerator and denominator of `a`, then of `b`, summed in each draw.
fn drawn(pairs: &[Pair], block: &Block, interrupt: &Interrupt) -> Result<[Lanes; 4]> {
    let sum = |of: fn(&Pair) -> f64| block.sum(pairs.iter().map(of), interrupt);
    Ok([
        sum(|pair| pair.a.numerator)?,
        sum(|pair| pair.a.denominator)?,
        sum(|pair| pair.b.numerator)?,
        sum(|pair| pair.b.denominator)?,
    ])
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

/// The share of exchanges of `a` and `b` that give at least as large a difference, of either sign.
fn randomisation(pairs: &[Pair], observed: f64, seed: u64, interrupt: &Interrupt) -> Result<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn compare(pairs: &[Pair], better: Better, seed: u64) -> Option<Paired> {
        super::compare(pairs, better, seed, &Interrupt::default()).unwrap()
    }

    fn parts(rows: &[u64], correct: &[u64]) -> Vec<Part> {
        let part = |(rows, correct): (&u64, &u64)| Part { numerator: *correct as f64, denominator: *rows as f64 };
        rows.iter().zip(correct).map(part).collect()
    }

    fn pairs(a: Vec<Part>, b: Vec<Part>) -> Vec<Pair> {
        a.into_iter().zip(b).map(|(a, b)| Pair { a, b }).collect()
    }

    const ROWS: [u64; 8] = [30, 12, 25, 40, 8, 19, 33, 21];
    const A: [u64; 8] = [25, 9, 20, 31, 8, 12, 30, 15];

    #[test]
    fn five_recordings_tell_nothing_and_six_may() {
        // 2 / 2^5 = 0.0625 and 2 / 2^6 = 0.03125.
        assert!(!can_tell(0) && !can_tell(5) && can_tell(6) && can_tell(1_000_000));
    }

    #[test]
    fn the_exact_p_is_that_of_scipy() {
        // Printed by tests/oracles/paired.py: statistic and p of scipy.stats.permutation_test.
        let back = [21, 33, 19, 8, 40, 25, 12, 30];
        let (twelve, a) = ([10; 12], [9, 8, 7, 9, 6, 8, 9, 10, 7, 8, 9, 5]);
        for (pairs, difference, p) in [
            (pairs(parts(&ROWS, &A), parts(&ROWS, &[20, 9, 22, 25, 5, 10, 21, 14])), 0.12765957446808507, 0.0625),
            (pairs(parts(&ROWS, &A), parts(&back, &[15, 21, 12, 4, 28, 17, 7, 21])), 0.13297872340425532, 0.0234375),
            (
                pairs(parts(&twelve, &a), parts(&twelve, &[7, 8, 5, 9, 5, 6, 9, 7, 8, 6, 7, 4])),
                0.11666666666666659,
                0.015625,
            ),
            (pairs(parts(&ROWS, &[3; 8]), parts(&ROWS, &[3; 8])), 0.0, 1.0),
        ] {
            let ours = compare(&pairs, Better::Higher, 1).unwrap();
            assert!((ours.difference - difference).abs() < 1e-15 && ours.p == p, "{ours:?}, scipy {difference} {p}");
        }
    }

    #[test]
    fn the_drawn_p_comes_near_the_exact_one() {
        // The exact p of these 20 is 0.3728 (tests/oracles/paired.py); 9,999 draws have a standard error of 0.0048.
        let pairs: Vec<Pair> = (0..20).map(|i| Pair::accuracy(20, 10 + i * 7 % 11, 8 + i * 5 % 13)).collect();
        let ours = compare(&pairs, Better::Higher, 1).unwrap();
        assert!((ours.p - 0.3727836608886719).abs() < 4.0 * 0.0048, "{ours:?}");
        assert_eq!(Some(ours), compare(&pairs, Better::Higher, 1));
        assert_ne!(ours.p, compare(&pairs, Better::Higher, 2).unwrap().p);
    }

    #[test]
    fn the_least_drawn_p_counts_the_observed_exchange() {
        let all = [Pair::accuracy(10, 9, 1); 64];
        assert_eq!(compare(&all, Better::Higher, 1).unwrap().p, 1.0 / 10_000.0);
    }

    #[test]
    fn the_interval_is_that_of_the_normal_approximation() {
        // Differences of 0/10 to 4/10, 80 each of 400 recordings: mean 0.2, deviation sqrt(0.02) = 0.1414, so the
        // bounds lie 1.96 * 0.1414 / sqrt(400) = 0.01386 from it.
        let pairs: Vec<Pair> = (0..400).map(|i| Pair::accuracy(10, 5 + i % 5, 5)).collect();
        let ours = compare(&pairs, Better::Higher, 3).unwrap();
        assert!(
            (ours.low.unwrap() - 0.18614).abs() < 0.0015 && (ours.high.unwrap() - 0.21386).abs() < 0.0015,
            "{ours:?}"
        );
    }

    #[test]
    fn the_verdict_follows_the_sign_and_the_direction() {
        let six = |a, b, better| compare(&[Pair::accuracy(10, a, b); 6], better, 1).unwrap();
        assert_eq!((six(9, 5, Better::Higher).verdict, six(9, 5, Better::Higher).p), (Verdict::Better, 2.0 / 64.0));
        assert_eq!(six(5, 9, Better::Higher).verdict, Verdict::Worse);
        assert_eq!(six(5, 9, Better::Lower).verdict, Verdict::Better);
        assert_eq!(six(5, 9, Better::Lower).corrected(0.0625).verdict.name(), "no difference shown");
    }

    #[test]
    fn five_recordings_can_show_nothing() {
        let five = compare(&[Pair::accuracy(1000, 1000, 0); 5], Better::Higher, 1).unwrap();
        assert_eq!((five.p, five.verdict), (0.0625, Verdict::NoDifferenceShown));
    }

    #[test]
    fn one_recording_has_no_interval_and_none_no_difference() {
        let one = compare(&[Pair::accuracy(10, 9, 5)], Better::Higher, 1).unwrap();
        assert_eq!((one.difference, one.low, one.high, one.p), (0.4, None, None, 1.0));
        assert_eq!(compare(&[], Better::Higher, 1), None);
        assert_eq!(compare(&[Pair::accuracy(0, 0, 0); 3], Better::Higher, 1), None);
    }

    #[test]
    fn recordings_that_all_agree_have_no_interval_of_width_0() {
        let ours = compare(&[Pair::accuracy(10, 5, 5), Pair::accuracy(20, 8, 8)], Better::Higher, 1).unwrap();
        assert_eq!((ours.difference, ours.low, ours.high), (0.0, None, None));
    }

    /// All sums anew for each exchange, in the order of the recordings.
    fn plain(pairs: &[Pair], seed: u64) -> f64 {
        let difference = |pairs: &[Pair]| sums(pairs).difference();
        let least = difference(pairs).unwrap().abs() * (1.0 - 1e-12) - 1e-14;
        let mut stream = Stream::new(seed, &["paired"]);
        let mut exchange = || {
            let one = |pair: &Pair| if stream.bits() >> 63 == 1 { Pair { a: pair.b, b: pair.a } } else { *pair };
            pairs.iter().map(one).collect::<Vec<_>>()
        };
        let count = (0..DRAWS).filter(|_| difference(&exchange()).is_none_or(|value| value.abs() >= least)).count();
        (count + 1) as f64 / (DRAWS + 1) as f64
    }

    #[test]
    fn what_is_moved_decides_as_all_sums_anew() {
        let mut stream = Stream::new(2, &["pairs"]);
        for case in 0..6 {
            let mut part = |rows: u64| Part {
                numerator: if case < 3 { stream.below(rows + 1) as f64 } else { stream.uniform() * rows as f64 },
                denominator: rows as f64,
            };
            // Of unequal rows in every other case, and of none here and there.
            let pair = |i: u64| Pair { a: part(10), b: part(if case % 2 == 0 { 10 } else { i % 4 * 5 }) };
            let pairs: Vec<Pair> = (0..20 + case * 7).map(pair).collect();
            assert_eq!(compare(&pairs, Better::Higher, case).unwrap().p, plain(&pairs, case), "case {case}");
        }
    }

    #[test]
    fn an_end_that_was_asked_for_ends_a_comparison() {
        let interrupt = Interrupt::default();
        interrupt.request();
        for recordings in [3, 100] {
            let pairs = vec![Pair::accuracy(10, 9, 5); recordings];
            let ended = super::compare(&pairs, Better::Higher, 1, &interrupt);
            assert!(matches!(ended, Err(Error::Interrupted(_))), "{ended:?}");
            let ended = randomisation(&pairs, 0.4, 1, &interrupt);
            assert!(matches!(ended, Err(Error::Interrupted(_))), "{ended:?}");
        }
    }
}
