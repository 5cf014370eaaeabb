//! Accuracy against guessing.

use super::newcombe::Share;
use super::unseen_class::is_unseen;
use super::wording::percent;
use super::{Check, Facts, Finding};
use crate::evaluate::binomial::at_most;
use crate::evaluate::metric::confusion::Confusion;
use crate::split::quote::quote;
use crate::split::side::Side;

/// `worse_than_chance`
pub const WORSE: Check = Check {
    name: "worse_than_chance",
    about: "So few rows are right that guessing would hardly do so badly.",
    find: |facts| on_unlearnt(facts, worse),
};

/// `not_better_than_chance`
pub const NOT_BETTER: Check = Check {
    name: "not_better_than_chance",
    about: "An accuracy whose interval reaches down to guessing.",
    find: |facts| on_unlearnt(facts, not_better),
};

/// How improbable it must be that guessing is as bad: one side of 95 %.
const P: f64 = 0.025;

/// What guessing gets right, in shares of rows.
struct Guesses {
    /// When all classes are guessed alike.
    alike: f64,
    /// When the commonest class is always said; none where a side has one class, which says nothing about a net.
    common: Option<(usize, f64)>,
}

fn on_unlearnt(facts: &Facts, find: fn(&Facts, Side, &Confusion) -> Option<Finding>) -> Vec<Finding> {
    // Train rows were learnt: whether that went well is for under_fitting to say.
    let judged = facts.matrices().filter(|(side, matrix)| *side != Side::Train && matrix.classes() > 1);
    judged.filter_map(|(side, matrix)| find(facts, side, matrix)).collect()
}

fn guesses(matrix: &Confusion) -> Guesses {
    let share = |class: usize| (class, matrix.support(class) as f64 / matrix.rows() as f64);
    let common = (0..matrix.classes()).rev().max_by_key(|class| matrix.support(*class));
    Guesses { alike: 1.0 / matrix.classes() as f64, common: common.map(share).filter(|(_, share)| *share < 1.0) }
}

fn worse(facts: &Facts, side: Side, matrix: &Confusion) -> Option<Finding> {
    let Guesses { alike, common } = guesses(matrix);
    let seen = format!("{} of {} rows of {side} are right", matrix.correct(), matrix.rows());
    let always = |class| format!("always saying '{}' gets {} right", facts.label(class), matrix.support(class));
    let (correct, rows) = independent(facts, side)?;
    let p = at_most(correct, rows, alike);
    let finding = if p < P {
        let guessing = format!("guessing among {} classes is as bad in {} of cases", matrix.classes(), percent(p));
        let and = common.map_or_else(String::new, |(class, _)| format!(", and {}", always(class)));
        Finding::error(&WORSE, format!("{seen}; {guessing}{and}")).probability(p)
    } else {
        let (class, share) = common?;
        let p = Some(at_most(correct, rows, share)).filter(|p| *p < P)?;
        let message = format!("{seen}, but {} (p = {})", always(class), percent(p));
        Finding::warning(&WORSE, message).about(facts.label(class)).probability(p)
    };
    let finding = finding.on(side).because(cause(facts, side, matrix.rows() == rows)).advise(advice(facts, side));
    Some(match facts.measured(side).bounds() {
        Some(bounds) => finding.between(bounds),
        None => finding,
    })
}

/// Right rows and rows, as many as they are worth if recordings are told apart; rounded so that p becomes no smaller.
fn independent(facts: &Facts, side: Side) -> Option<(u64, u64)> {
    let Share { value, rows } = facts.measured(side).accuracy()?;
    let whole = rows.floor();
    Some(((value * whole).ceil() as u64, whole as u64))
}

fn cause(facts: &Facts, side: Side, as_rows: bool) -> String {
    let unseen = unseen(facts, side);
    let structural = match unseen.is_empty() {
        true => {
            "more data does not mend that: labels changed places, features are made in another way, or classes are \
             weighted far from how often they come"
                .to_owned()
        }
        false => format!("{side} has {} that train never has", quote(unseen, "class")),
    };
    let independent = "p takes rows for independent; those of one recording are not, so it is somewhat larger";
    if as_rows { format!("{structural}; {independent}") } else { structural }
}

fn advice(facts: &Facts, side: Side) -> String {
    match unseen(facts, side).is_empty() {
        true => format!(
            "look at what is taken for what: SELECT * FROM models.<name>.confusion WHERE split = '{side}'; compare the \
             features of the sides: SELECT split, label, avg(features[1]) FROM dataset GROUP BY split, label"
        ),
        false => "train needs a recording of every class: record more where there is one only, then \
                  pose_split((SELECT * FROM windows), by => 'video')"
            .to_owned(),
    }
}

fn unseen(facts: &Facts, side: Side) -> Vec<&str> {
    let here = facts.classes.iter().filter(|class| is_unseen(class) && class.on(side).windows > 0);
    here.map(|class| class.label.as_str()).collect()
}

fn not_better(facts: &Facts, side: Side, matrix: &Confusion) -> Option<Finding> {
    if worse(facts, side, matrix).is_some() {
        return None;
    }
    let (low, high) = facts.measured(side).bounds()?;
    let Guesses { alike, common } = guesses(matrix);
    let (guess, chance) = match common {
        _ if low <= alike => (format!("guessing among {} classes", matrix.classes()), alike),
        Some((class, share)) if low <= share => (format!("always saying '{}'", facts.label(class)), share),
        _ => return None,
    };
    let message = format!(
        "accuracy on {side} is {} of {} rows, with the interval {} to {}; {guess} reaches {}",
        matrix.correct(),
        matrix.rows(),
        percent(low),
        percent(high),
        percent(chance)
    );
    let finding = Finding::warning(&NOT_BETTER, message).on(side).between((low, high));
    let cause = "the net learnt little, or the rows and recordings are too few to show what it learnt";
    let advice = "more recordings on this side, or every one of them tested once: \
                  pose_folds((SELECT * FROM windows), by => 'video', folds => 5)";
    Some(finding.because(cause).advise(advice))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy, matrix, scores};
    use super::super::{Facts, Severity};
    use super::{NOT_BETTER, WORSE};
    use crate::split::side::Side;

    fn on_test(cells: &[(usize, usize, u64)]) -> Facts {
        let mut facts = healthy();
        facts.measured[Side::Test as usize] =
            super::super::Measured { confusion: Some(matrix(7, cells)), ..Default::default() };
        facts
    }

    #[test]
    fn none_right_of_34_in_7_classes_is_worse_than_guessing() {
        // scipy.stats.binom.cdf(0, 34, 1 / 7), printed by tests/oracles/diagnose.py
        let facts = on_test(&[(0, 1, 16), (1, 2, 16), (2, 3, 2)]);
        let findings = found(&WORSE, &facts);
        assert!((findings[0].p.unwrap() - 0.005_294_307_384_124_492).abs() < 1e-12);
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(
            findings[0].message,
            "0 of 34 rows of test are right; guessing among 7 classes is as bad in 0.53 % of cases, and always \
             saying 'jump' gets 16 right"
        );
        // Wilson: z^2 / (n + z^2)
        assert!(findings[0].low == Some(0.0) && (findings[0].high.unwrap() - 0.101_514_56).abs() < 1e-7);
        assert_eq!(found(&NOT_BETTER, &facts), []);
    }

    #[test]
    fn what_the_commonest_class_beats_is_a_warning() {
        // 20 of 100, where 60 are of one class: guessing reaches 14.3.
        let facts = on_test(&[(0, 1, 60), (1, 1, 20), (2, 3, 20)]);
        let findings = found(&WORSE, &facts);
        assert_eq!((findings[0].severity, findings[0].subject.as_str()), (Severity::Warning, "jump"));
        assert!(
            findings[0].message.starts_with("20 of 100 rows of test are right, but always saying 'jump' gets 60 right")
        );
    }

    #[test]
    fn an_interval_that_reaches_down_to_guessing_is_a_warning() {
        // Wilson of 8 of 34 is [12.4 %, 40.0 %], and 1/7 = 14.3 %.
        let facts = on_test(&[(0, 0, 4), (1, 1, 4), (2, 3, 6), (3, 2, 6), (4, 5, 7), (5, 4, 7)]);
        assert_eq!(found(&WORSE, &facts), []);
        assert_eq!(
            found(&NOT_BETTER, &facts)[0].message,
            "accuracy on test is 8 of 34 rows, with the interval 12.4 % to 40.0 %; guessing among 7 classes reaches \
             14.3 %"
        );
    }

    #[test]
    fn the_interval_that_was_given_counts() {
        let mut facts = on_test(&[(0, 0, 20), (1, 1, 20), (2, 2, 20), (3, 4, 20)]);
        assert_eq!(found(&NOT_BETTER, &facts), []);
        facts.measured[Side::Test as usize].interval = Some((0.1, 1.0));
        assert_eq!(found(&NOT_BETTER, &facts).len(), 1);
    }

    #[test]
    fn a_side_of_one_class_is_not_compared_with_saying_it() {
        // Wilson of 12 of 20 is [38.7 %, 78.1 %].
        let facts = on_test(&[(0, 0, 12), (0, 1, 8)]);
        assert_eq!((found(&WORSE, &facts), found(&NOT_BETTER, &facts)), (vec![], vec![]));
    }

    #[test]
    fn rows_of_a_recording_that_go_together_do_not_make_p_small() {
        let mut facts = on_test(&[(0, 0, 10), (1, 2, 50), (2, 1, 40)]);
        // 10 of 100 where the commonest class has 50: one of 10 recordings is all right, so they are worth 9 rows.
        facts.measured[2].recordings = scores(&[(10, 10), (0, 10), (0, 10), (0, 10), (0, 10)]);
        facts.measured[2].recordings.extend(scores(&[(0, 10); 5]));
        let p = found(&WORSE, &facts)[0].p;
        // scipy.stats.binom.cdf(1, 9, 0.5): 10 / 512
        assert!(p.is_some_and(|p| (p - 10.0 / 512.0).abs() < 1e-12), "{p:?}");
    }
}
