//! Train rows that are known much better than validation rows.

use super::newcombe::Share;
use super::wording::percent;
use super::{Check, Facts, Finding};
use crate::split::side::Side;

/// `over_fitting`
pub const CHECK: Check = Check {
    name: "over_fitting",
    about: "A much higher accuracy on train than on validation, and a gap whose interval excludes 0.",
    find: |facts| find(facts).into_iter().collect(),
};

/// A gap of accuracies that is worth a word. Some gap there always is, as other people move in other ways.
const GAP: f64 = 0.15;

struct Seen {
    train: Share,
    validation: Share,
    when: String,
}

fn find(facts: &Facts) -> Option<Finding> {
    let Seen { train, validation, when } =
        if kept_the_first(facts) { last(facts) } else { kept(facts).or_else(|| last(facts)) }?;
    let (gap, (low, high)) = (train.value - validation.value, train.minus(validation));
    if gap < GAP || low <= 0.0 {
        return None;
    }
    let message = format!(
        "{} of train and {} of validation are right {when}: a gap of {} to {}",
        percent(train.value),
        percent(validation.value),
        percent(low),
        percent(high)
    );
    let cause = "the net knows its train windows by heart: they are few, of few recordings, or it is too large";
    let advice = "more recordings first; copies, pose_augment((SELECT * FROM parts), policy => 'noise(0.02), \
                  speed(0.8, 1.25)', copies => 4); a smaller net that forgets more: OPTIONS ('preset' 'small', \
                  'dropout' '0.5', 'input_dropout' '0.2', 'weight_decay' '0.01')";
    Some(Finding::warning(&CHECK, message).on(Side::Validation).because(cause).advise(advice).between((low, high)))
}

/// Whether the weights of the first epoch were kept, in which a net has hardly learnt: then the last one tells more.
fn kept_the_first(facts: &Facts) -> bool {
    facts.best_epoch == Some(1) && facts.epochs.len() > 1
}

/// The kept weights, measured without dropout.
fn kept(facts: &Facts) -> Option<Seen> {
    let of = |side| facts.measured(side).accuracy();
    Some(Seen { train: of(Side::Train)?, validation: of(Side::Validation)?, when: "with the kept weights".to_owned() })
}

/// The last epoch of the history. Copies are no rows of their own, and recordings are as unequal as with the kept
/// weights.
fn last(facts: &Facts) -> Option<Seen> {
    let epoch = facts.epochs.last()?;
    let share = |side: Side, value: f64| {
        let (windows, measured) = (facts.windows(side) as f64, facts.measured(side));
        let rows = measured.accuracy().map_or(windows, |share| share.rows.min(windows));
        (rows > 0.0 && value.is_finite()).then_some(Share { value, rows })
    };
    let (train, validation) = (share(Side::Train, epoch.accuracy)?, share(Side::Validation, epoch.val_accuracy?)?);
    Some(Seen { train, validation, when: format!("in epoch {}, the last", facts.epochs.len()) })
}

#[cfg(test)]
mod tests {
    use super::super::Measured;
    use super::super::tests::{found, healthy, matrix, scores};

    #[test]
    fn a_gap_of_the_kept_weights_is_a_warning() {
        let mut facts = healthy();
        facts.measured[1].confusion = Some(matrix(7, &[(0, 0, 100), (1, 2, 40)]));
        facts.measured[1].recordings = vec![];
        let findings = found(&super::CHECK, &facts);
        // 413 of 420 and 100 of 140.
        assert!(
            findings[0].message.starts_with("98.3 % of train and 71.4 % of validation are right with the kept weights")
        );
        assert!(findings[0].low.is_some_and(|low| low > 0.15) && findings[0].high.is_some_and(|high| high < 0.4));
    }

    #[test]
    fn a_gap_that_two_recordings_make_is_not_shown() {
        // 84 of 140 are 60 %, against 80 % of train: over rows that is a gap, but 3 recordings are all right and 2
        // all wrong.
        let mut facts = healthy();
        let of = |right, wrong| Measured {
            confusion: Some(matrix(7, &[(0, 0, right), (1, 2, wrong)])),
            ..Default::default()
        };
        (facts.measured[0], facts.measured[1]) = (of(336, 84), of(84, 56));
        assert_eq!(found(&super::CHECK, &facts).len(), 1);
        facts.measured[1].recordings = scores(&[(28, 28), (28, 28), (28, 28), (0, 28), (0, 28)]);
        assert_eq!(found(&super::CHECK, &facts), []);
    }

    #[test]
    fn where_the_first_epoch_was_kept_the_last_is_looked_at() {
        let mut facts = healthy();
        facts.best_epoch = Some(1);
        (facts.epochs[19].accuracy, facts.epochs[19].val_accuracy) = (0.9, Some(0.4));
        let findings = found(&super::CHECK, &facts);
        assert!(
            findings[0].message.starts_with("90.0 % of train and 40.0 % of validation are right in epoch 20, the last")
        );
    }

    #[test]
    fn a_small_gap_of_many_rows_is_no_over_fitting() {
        let mut facts = healthy();
        facts.measured[1].confusion = Some(matrix(7, &[(0, 0, 85_000), (1, 2, 15_000)]));
        facts.measured[1].recordings = vec![];
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
