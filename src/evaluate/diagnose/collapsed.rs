//! A net that always says the same.

use super::wording::percent;
use super::{Check, Facts, Finding};
use crate::evaluate::metric::confusion::Confusion;
use crate::split::side::Side;

/// `collapsed`
pub const CHECK: Check = Check {
    name: "collapsed",
    about: "Nearly all rows are predicted to be of one class.",
    find: |facts| facts.matrices().filter_map(|(side, matrix)| finding(facts, side, matrix)).collect(),
};

/// Share of the predictions that one class has.
const OF_PREDICTIONS: f64 = 0.95;

/// Share of the true classes below which that is too much: where a class has more, a good net says it nearly always,
/// too.
const OF_TRUTH: f64 = 0.70;

/// Rows below which nothing is said: few rows may well be of few classes.
const ROWS: u64 = 10;

const CAUSE: &str = "the net learnt how often classes come and nothing of how they look: classes are unequal, steps \
                     too long, or windows too few";

fn finding(facts: &Facts, side: Side, matrix: &Confusion) -> Option<Finding> {
    let rows = matrix.rows();
    let share = |n: u64| n as f64 / rows as f64;
    let is_everything = |class: &usize| share(matrix.predicted(*class)) >= OF_PREDICTIONS;
    let class = (0..matrix.classes()).find(is_everything)?;
    if rows < ROWS || share(matrix.support(class)) >= OF_TRUTH {
        return None;
    }
    let message = format!(
        "{} of {rows} predictions on {side} ({}) are class '{}', which {} of the rows have",
        matrix.predicted(class),
        percent(share(matrix.predicted(class))),
        facts.label(class),
        percent(share(matrix.support(class)))
    );
    let finding = Finding::error(&CHECK, message).on(side).about(facts.label(class));
    Some(finding.because(CAUSE).advise(advice(facts.weighted)))
}

fn advice(weighted: bool) -> String {
    let weigh = match weighted {
        false => "let classes count alike: pose_weigh((SELECT * FROM dataset), method => 'balanced')",
        true => "make the weights heavier: pose_weigh((SELECT * FROM dataset), method => 'balanced', power => 1.5)",
    };
    format!(
        "{weigh}; or copy the rare classes: \
         pose_augment((SELECT * FROM parts), policy => 'noise(0.02), speed(0.8, 1.25)', balance => 'max'); \
         then a lower learning rate: OPTIONS ('learning_rate' '0.0005')"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy, matrix};

    #[test]
    fn one_answer_to_everything_is_an_error() {
        let mut facts = healthy();
        facts.measured[1].confusion = Some(matrix(7, &[(0, 3, 18), (3, 3, 20), (3, 1, 2)]));
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings[0].subject, "sit");
        assert_eq!(
            findings[0].message,
            "38 of 40 predictions on validation (95.0 %) are class 'sit', which 55.0 % of the rows have"
        );
    }

    #[test]
    fn a_class_that_most_rows_have_may_be_said_mostly() {
        let mut facts = healthy();
        facts.measured[1].confusion = Some(matrix(7, &[(0, 3, 10), (3, 3, 30)]));
        assert_eq!(found(&super::CHECK, &facts), []);
    }

    #[test]
    fn few_rows_say_nothing() {
        let mut facts = healthy();
        facts.measured[1].confusion = Some(matrix(7, &[(0, 3, 9)]));
        assert_eq!(found(&super::CHECK, &facts), []);
    }

    #[test]
    fn where_weights_are_in_use_they_are_to_be_heavier() {
        let mut facts = healthy();
        facts.weighted = true;
        facts.measured[2].confusion = Some(matrix(7, &[(0, 3, 34)]));
        assert!(found(&super::CHECK, &facts)[0].advice.contains("power => 1.5"));
    }
}
