//! Classes that are told apart by what is missing.

use super::effective::effective_rows;
use super::newcombe::Share;
use super::wording::percent;
use super::{Check, Finding, Score};
use crate::split::side::Side;

/// `missingness`
pub const CHECK: Check = Check {
    name: "missingness",
    about: "Which values were missing, and were filled, tells classes apart by itself.",
    find: |facts| facts.missingness.iter().filter_map(finding).collect(),
};

/// What must be gained on the best answer that is the same for all rows, in shares of rows.
const GAIN: f64 = 0.1;

/// What a logistic regression on the shares of filled frames of each feature, and on nothing else, gets right on a side that
/// it was not fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct Missingness {
    /// The side.
    pub side: Side,
    /// Rows, and those of them that are right.
    pub score: Score,
    /// Rows of the commonest class of the side.
    pub commonest: u64,
    /// The same of each recording; none where they are not known.
    pub recordings: Vec<Score>,
}

fn finding(told: &Missingness) -> Option<Finding> {
    let Score { rows, correct } = told.score;
    if rows == 0 {
        return None;
    }
    let (all, side) = (rows as f64, told.side);
    let (value, guess) = (correct as f64 / all, told.commonest as f64 / all);
    if value - guess < GAIN || (Share { value, rows: all }).wilson().0 <= guess {
        return None;
    }
    // Rows of one recording miss the same joints: whether other recordings would show it, too, is another question.
    let (low, high) = (Share { value, rows: effective_rows(all, &told.recordings) }).wilson();
    let message = format!(
        "which values were missing tells the class of {} of {side}, without a look at any value; always saying the commonest \
         class gets {}{}",
        percent(value),
        percent(guess),
        if low > guess { "" } else { "; the recordings are too few to be sure of that" }
    );
    let found = if low > guess { Finding::warning(&CHECK, message) } else { Finding::note(&CHECK, message) };
    Some(
        found
            .on(side)
            .between((low, high))
            .because(
                "joints or sensors are lost in some movements, recordings or cameras and not in others: a net that is given \
                 what they were filled with may know the class by that, and not by the movement",
            )
            .advise(
                "look at what is filled in each class, SELECT split, label, values_filled FROM models.<name>.balance; leave \
                 out the features that are lost, fill short runs only, pose_windows((SELECT * FROM frames), nulls => \
                 'interpolate', max_fill => 5), and test on recordings of another camera",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy, scores};
    use super::super::{Facts, Score, Severity};
    use super::{CHECK, Missingness};
    use crate::split::side::Side;

    fn told(correct: u64, commonest: u64) -> Facts {
        let score = Score { rows: 140, correct };
        let missingness = vec![Missingness { side: Side::Test, score, commonest, recordings: vec![] }];
        Facts { missingness, ..healthy() }
    }

    #[test]
    fn what_is_missing_may_tell_the_class() {
        // openpose_7act: 0.474 against 0.143.
        let findings = found(&CHECK, &told(66, 20));
        assert_eq!(
            findings[0].message,
            "which values were missing tells the class of 47.1 % of test, without a look at any value; always saying the \
             commonest class gets 14.3 %"
        );
        assert_eq!(found(&CHECK, &told(30, 20)), []);
    }

    #[test]
    fn rows_of_one_recording_are_not_many() {
        let mut facts = told(66, 20);
        assert_eq!(found(&CHECK, &facts)[0].severity, Severity::Warning);
        facts.missingness[0].recordings = scores(&[(66, 66), (0, 37), (0, 37)]);
        let findings = found(&CHECK, &facts);
        assert_eq!(findings[0].severity, Severity::Note);
        assert!(findings[0].message.ends_with("; the recordings are too few to be sure of that"));
    }
}
