//! Labels that changed places.

use std::collections::BTreeMap;

use super::newcombe::Share;
use super::not_trained::has_hardly_learnt;
use super::wording::{percent, sql_text};
use super::{Check, Facts, Finding};
use crate::evaluate::metric::confusion::Confusion;
use crate::split::side::Side;

/// `permuted_labels`
pub const CHECK: Check = Check {
    name: "permuted_labels",
    about: "Classes that are told apart well, but called by each other's names.",
    find: |facts| {
        // The net learnt from the labels of train: it cannot know better. One that has hardly learnt knows nothing.
        let judged = facts.matrices().filter(|(side, _)| *side != Side::Train && !has_hardly_learnt(facts));
        judged.filter_map(|(side, matrix)| finding(facts, side, matrix)).collect()
    },
};

/// What renaming must gain, in shares of rows. Two classes in seven that changed places gain 2/7.
const GAIN: f64 = 0.25;

/// Rows of a class below which its name is not doubted: five that agree by chance are rare.
const ROWS: u64 = 5;

const CAUSE: &str = "the net tells these classes apart, so their labels changed places: two sources number or name \
                     them differently, or left and right were mirrored";

fn finding(facts: &Facts, side: Side, matrix: &Confusion) -> Option<Finding> {
    let moved = moved(matrix);
    let gained = moved.iter().map(|(truth, called)| matrix.count(*truth, *called)).sum::<u64>();
    let lost = moved.iter().map(|(truth, _)| matrix.count(*truth, *truth)).sum::<u64>();
    let rows = matrix.rows() as f64;
    let share = |hits: u64| Share { value: hits as f64 / rows, rows };
    let (as_is, renamed) = (share(matrix.correct()), share(matrix.correct() - lost + gained));
    if renamed.value - as_is.value < GAIN || renamed.wilson().0 <= as_is.wilson().1 {
        return None;
    }
    let pairs: Vec<String> = moved
        .iter()
        .map(|(truth, called)| format!("'{}' is called '{}'", facts.label(*truth), facts.label(*called)))
        .collect();
    let message = format!(
        "{}: with these names accuracy on {side} would be {} in place of {}",
        pairs.join(", "),
        percent(renamed.value),
        percent(as_is.value)
    );
    Some(Finding::error(&CHECK, message).on(side).because(CAUSE).advise(advice(facts, &moved)))
}

/// The classes that changed places, each with the name it is called by; at least two, or none. No two have one name, since most rows that are
/// called by it are of one class.
fn moved(matrix: &Confusion) -> Vec<(usize, usize)> {
    let called = matrix.pairs().map(|(truth, called, _)| (truth, called)).filter(|pair| is_moved(matrix, *pair));
    let names: BTreeMap<usize, usize> = called.collect();
    names.iter().map(|(class, name)| (*class, *name)).filter(|(class, _)| is_ring(&names, *class)).collect()
}

/// Whether the names lead from a class back to it: only then the new names are a permutation.
fn is_ring(names: &BTreeMap<usize, usize>, class: usize) -> bool {
    let mut place = class;
    while let Some(next) = names.get(&place) {
        place = *next;
        if place == class {
            return true;
        }
    }
    false
}

/// Whether most rows of a class are called by another name, and most rows of that name are of the class.
fn is_moved(matrix: &Confusion, (truth, called): (usize, usize)) -> bool {
    let both = matrix.count(truth, called);
    truth != called && both >= ROWS && 2 * both > matrix.support(truth) && 2 * both > matrix.predicted(called)
}

fn advice(facts: &Facts, moved: &[(usize, usize)]) -> String {
    let when = |(truth, called): &(usize, usize)| {
        format!("WHEN {} THEN {}", sql_text(facts.label(*truth)), sql_text(facts.label(*called)))
    };
    let compare = "compare SELECT source, split, label, count(*) FROM dataset GROUP BY source, split, label";
    let cases: Vec<String> = moved.iter().map(when).collect();
    let rename = format!("in the source that is wrong, CASE label {} ELSE label END AS label", cases.join(" "));
    match moved {
        [(a, b), (c, d)] if (a, b) == (d, c) => format!(
            "{compare}; {rename}; if they are left and right of one movement, \
             pose_augment(..., mirror_labels => {})",
            sql_text(&format!("{}<->{}", facts.label(*a), facts.label(*b)))
        ),
        _ => format!("{compare}; {rename}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy, matrix};
    use crate::split::side::Side;

    /// 7 classes of 20 rows, 18 of each called by the name that `names` gives it, the others by their own.
    fn named(names: [usize; 7]) -> super::Facts {
        let mut facts = healthy();
        let cells: Vec<_> = (0..7).flat_map(|class| [(class, names[class], 18), (class, class, 2)]).collect();
        facts.measured[Side::Test as usize].confusion = Some(matrix(7, &cells));
        facts
    }

    #[test]
    fn three_labels_in_a_ring_are_named() {
        let findings = found(&super::CHECK, &named([1, 2, 0, 3, 4, 5, 6]));
        assert_eq!((findings.len(), findings[0].split), (1, Some(Side::Test)));
        // 6 + 80 of 140 as it is, 54 + 80 renamed.
        assert_eq!(
            findings[0].message,
            "'jump' is called 'kick', 'kick' is called 'run', 'run' is called 'jump': \
             with these names accuracy on test would be 95.7 % in place of 61.4 %"
        );
        assert!(findings[0].advice.contains("CASE label WHEN 'jump' THEN 'kick' WHEN 'kick' THEN 'run'"));
    }

    #[test]
    fn two_labels_that_changed_places_may_be_left_and_right() {
        let mut facts = healthy();
        let cells = [(0, 1, 18), (0, 0, 2), (1, 0, 18), (1, 1, 2), (2, 2, 20)];
        facts.measured[Side::Validation as usize].confusion = Some(matrix(7, &cells));
        let findings = found(&super::CHECK, &facts);
        assert!(findings[0].advice.ends_with("mirror_labels => 'jump<->kick')"), "{}", findings[0].advice);
    }

    #[test]
    fn train_is_never_accused_nor_anything_by_a_net_that_has_hardly_learnt() {
        let mut facts = named([1, 2, 0, 3, 4, 5, 6]);
        facts.measured[Side::Train as usize] = facts.measured[Side::Test as usize].clone();
        assert_eq!(found(&super::CHECK, &facts).iter().map(|f| f.split).collect::<Vec<_>>(), [Some(Side::Test)]);
        // Guessing among 7 classes is ln 7 = 1.946.
        facts.measured[Side::Train as usize].loss = Some(1.9);
        assert_eq!(found(&super::CHECK, &facts), []);
    }

    #[test]
    fn a_net_that_always_says_one_thing_has_no_permuted_labels() {
        let mut facts = healthy();
        facts.measured[2].confusion = Some(matrix(7, &[(5, 3, 16), (4, 3, 16), (2, 3, 2)]));
        assert_eq!(found(&super::CHECK, &facts), []);
    }

    #[test]
    fn a_class_that_took_a_name_and_gave_none_is_not_permuted() {
        // 0 is called 1 and 1 is called 2, but 2 was never seen: no ring, so a class is missing, not misnamed.
        let mut facts = healthy();
        facts.measured[2].confusion = Some(matrix(7, &[(0, 1, 20), (1, 2, 20), (3, 3, 20)]));
        assert_eq!(found(&super::CHECK, &facts), []);
    }

    #[test]
    fn few_rows_that_agree_by_chance_are_not_permuted() {
        // Of 20 rows of two classes 6 are right: 14 were right by the other names, [48 %, 85 %] against [15 %, 52 %].
        let mut facts = healthy();
        facts.measured[2].confusion = Some(matrix(7, &[(0, 0, 3), (0, 1, 7), (1, 0, 7), (1, 1, 3)]));
        assert_eq!(found(&super::CHECK, &facts), []);
    }

    #[test]
    fn names_in_place_are_not_permuted() {
        assert_eq!(found(&super::CHECK, &named([0, 1, 2, 3, 4, 5, 6])), []);
    }
}
