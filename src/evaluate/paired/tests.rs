//! Comparisons against scipy and against all sums made anew.

use super::*;
use crate::error::Error;
use crate::random::Stream;

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
    assert!((ours.low.unwrap() - 0.18614).abs() < 0.0015 && (ours.high.unwrap() - 0.21386).abs() < 0.0015, "{ours:?}");
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
        let ended = randomisation(&[&pairs], 1, &interrupt);
        assert!(matches!(ended, Err(Error::Interrupted(_))), "{ended:?}");
    }
}

#[test]
fn several_comparisons_are_each_as_if_it_were_alone() {
    let list = |n: u64, step: u64| (0..n).map(|i| Pair::accuracy(20, i * step % 17, i * 5 % 13)).collect::<Vec<_>>();
    let lists =
        [list(30, 7), list(9, 3), vec![], list(30, 4), list(2000, 2), vec![Pair::accuracy(0, 0, 0); 30], list(9, 5)];
    let together = compare_each(&lists, Better::Lower, 3, &Interrupt::default()).unwrap();
    let alone: Vec<_> = lists.iter().map(|pairs| compare(pairs, Better::Lower, 3)).collect();
    assert_eq!(together, alone);
    assert_eq!(together.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, true, true, false, true]);
}
