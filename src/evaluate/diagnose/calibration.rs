//! Probabilities that are not how often the net is right.

use super::wording::percent;
use super::{Check, Facts, Finding};
use crate::split::side::Side;

/// `calibration`
pub const CHECK: Check = Check {
    name: "calibration",
    about: "Probabilities that differ from how often the net is right.",
    find: |facts| [Side::Validation, Side::Test].into_iter().filter_map(|side| finding(facts, side)).collect(),
};

/// An expected calibration error that is worth a word: nets of this kind have 0.02 to 0.1 when nothing is wrong.
const ECE: f64 = 0.15;

/// With fewer rows the bins hold too few each: the error is large by chance.
const ROWS: u64 = 30;

fn finding(facts: &Facts, side: Side) -> Option<Finding> {
    let measured = facts.measured(side);
    let (ece, accuracy) = (measured.ece.filter(|ece| *ece > ECE)?, measured.accuracy()?.value);
    if measured.confusion.as_ref().is_none_or(|matrix| matrix.rows() < ROWS) {
        return None;
    }
    let sure = measured.confidence.map(|sure| format!(": {} sure, {} right", percent(sure), percent(accuracy)));
    let off = format!("probabilities on {side} are off by {} on average", percent(ece));
    let finding = Finding::warning(&CHECK, off + &sure.unwrap_or_default()).on(side);
    Some(match measured.confidence.is_some_and(|sure| sure < accuracy) {
        true => finding
            .because("the net is more often right than it says: it was stopped early, or targets or dropout are soft")
            .advise("OPTIONS ('epochs' '100', 'label_smoothing' '0', 'dropout' '0.2')"),
        false => finding
            .because(
                "the net is surer than it is right, as nets are that know train by heart: its probability is no \
                      threshold",
            )
            .advise(
                "OPTIONS ('calibrate' 'true') fits a temperature to validation; ('label_smoothing' '0.1', 'weight_decay' '0.01'), or the average of several seeds: \
                 STORED AS ENSEMBLE OPTIONS ('members' 'gait@1,gait@2'); see models.<name>.reliability",
            ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy, matrix};

    #[test]
    fn a_net_that_is_surer_than_right_is_a_warning() {
        let mut facts = healthy();
        (facts.measured[2].ece, facts.measured[2].confidence) = (Some(0.16), Some(0.99));
        facts.measured[2].confusion = Some(matrix(7, &[(0, 0, 83), (1, 2, 17)]));
        let findings = found(&super::CHECK, &facts);
        assert_eq!(
            findings[0].message,
            "probabilities on test are off by 16.0 % on average: 99.0 % sure, 83.0 % right"
        );
        assert!(findings[0].cause.starts_with("the net is surer than it is right"));
    }

    #[test]
    fn one_that_is_more_right_than_sure_gets_other_advice() {
        let mut facts = healthy();
        (facts.measured[2].ece, facts.measured[2].confidence) = (Some(0.4), Some(0.5));
        assert!(found(&super::CHECK, &facts)[0].cause.starts_with("the net is more often right than it says"));
    }

    #[test]
    fn few_rows_say_nothing() {
        let mut facts = healthy();
        facts.measured[2].ece = Some(0.5);
        facts.measured[2].confusion = Some(matrix(7, &[(0, 0, 29)]));
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
