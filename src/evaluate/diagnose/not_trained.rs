//! A net that was stopped before it learnt anything.

use super::wording::percent;
use super::{Check, Facts, Finding};
use crate::split::quote::counted;
use crate::split::side::Side;

/// `not_trained`
pub const CHECK: Check = Check {
    name: "not_trained",
    about: "A training that ended while it still learnt, with a net that knows its train rows hardly better than guessing.",
    find: |facts| find(facts).into_iter().collect(),
};

/// Checks that say what is wrong with data or labels by what a net makes of them: one that was not trained tells nothing.
pub(super) const SILENT: [&str; 7] = [
    "permuted_labels",
    "collapsed",
    "worse_than_chance",
    "not_better_than_chance",
    "worse_than_baseline",
    "under_fitting",
    "calibration",
];

/// What a net must take off the loss of guessing, in shares of it, before anything is read from its answers. This share is
/// McFadden's pseudo R2 (1974, Conditional logit analysis of qualitative choice behavior), which he calls an excellent fit at
/// 0.2 to 0.4.
const LEARNT: f64 = 0.05;

/// In so few epochs a net is stopped, whichever of them was the best.
const FEW: usize = 3;

/// What the kept weights know of train.
struct Known {
    /// Cross-entropy, nats.
    loss: f64,
    /// That of the best answer that is the same for all rows.
    guess: f64,
}

/// Where the kept weights were measured on train rows of two classes or more.
fn known(facts: &Facts) -> Option<Known> {
    let loss = facts.measured(Side::Train).loss.filter(|loss| loss.is_finite())?;
    let rows: Vec<f64> = facts.classes.iter().map(|class| class.train_rows() as f64).filter(|n| *n > 0.0).collect();
    let all: f64 = rows.iter().sum();
    // With weights classes count alike, so the best such answer is alike, too.
    let guess = match facts.weighted {
        true => (rows.len() as f64).ln(),
        false => rows.iter().map(|n| n / all * (all / n).ln()).sum(),
    };
    (rows.len() > 1).then_some(Known { loss, guess })
}

/// Whether the kept weights know of train rows hardly more than how often classes come; false where that is not known.
pub(super) fn has_hardly_learnt(facts: &Facts) -> bool {
    known(facts).is_some_and(|known| 1.0 - known.loss / known.guess < LEARNT)
}

fn find(facts: &Facts) -> Option<Finding> {
    let (epochs, last) = (facts.epochs.len(), facts.epochs.last()?);
    // Where a later epoch was worse, the training was not what stopped it.
    let is_stopped = epochs <= FEW || facts.best_epoch == Some(epochs);
    let Known { loss, guess } = known(facts).filter(|_| is_stopped && has_hardly_learnt(facts))?;
    let first = facts.epochs.first().map_or(f64::NAN, |epoch| epoch.loss);
    let fell = match last.loss < first {
        true => format!(", in which the loss fell from {first:.3} to {:.3}", last.loss),
        false => String::new(),
    };
    let message = format!(
        "after {}{fell}, the net is no better on its train rows than guessing: cross-entropy {loss:.3}, guessing {guess:.3}",
        counted(epochs as u64, "epoch")
    );
    let measured = facts.measured(Side::Train).accuracy();
    let right = measured.map_or_else(String::new, |share| format!(" ({} of train is right)", percent(share.value)));
    Some(
        Finding::error(&CHECK, message)
            .on(Side::Train)
            .because(format!(
                "training was stopped before the net learnt anything{right}: what it gets wrong tells nothing of labels or data"
            ))
            .advise(format!(
                "more epochs, which early stopping ends in time, or longer steps: OPTIONS ('epochs' '{}', 'learning_rate' \
                 '0.003')",
                (10 * epochs).max(50)
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy, matrix};
    use super::super::{Facts, diagnose};
    use super::{CHECK, has_hardly_learnt};

    /// 7 classes of 60 train rows, trained for so many epochs, all of which were better than the one before; ln 7 = 1.946.
    fn stopped(epochs: usize, loss: f64) -> Facts {
        let mut facts = healthy();
        facts.epochs.truncate(epochs);
        facts.best_epoch = Some(epochs);
        facts.measured[0].loss = Some(loss);
        facts
    }

    #[test]
    fn a_net_that_guesses_when_training_ends_is_not_trained() {
        let findings = found(&CHECK, &stopped(2, 1.93));
        // 0.1 + 1.8, 0.1 + 1.8 * 0.8
        assert_eq!(
            findings[0].message,
            "after 2 epochs, in which the loss fell from 1.900 to 1.540, the net is no better on its train rows than guessing: \
             cross-entropy 1.930, guessing 1.946"
        );
        assert!(findings[0].advice.contains("'epochs' '50'"), "{}", findings[0].advice);
    }

    #[test]
    fn a_net_that_learnt_or_had_its_time_is_not_called_so() {
        // 1.946 * 0.95 = 1.849
        assert_eq!(found(&CHECK, &stopped(2, 1.84)), []);
        let mut facts = stopped(20, 1.93);
        assert_eq!(found(&CHECK, &facts).len(), 1);
        facts.best_epoch = Some(9);
        assert_eq!(found(&CHECK, &facts), []);
        assert!(has_hardly_learnt(&facts));
        facts.measured[0].loss = None;
        assert!(!has_hardly_learnt(&facts));
    }

    #[test]
    fn the_commonest_class_is_guessed_where_nothing_is_weighted() {
        // 360 of 'sit' and 6 * 60: the entropy is 0.5 ln 2 + 6 * ln(12) / 12 = 1.589.
        let mut facts = stopped(2, 1.6);
        facts.classes[3].copies = 300;
        assert!(has_hardly_learnt(&facts));
        facts.weighted = true;
        assert!(!has_hardly_learnt(&facts));
    }

    #[test]
    fn what_it_gets_wrong_accuses_nobody() {
        let mut facts = stopped(2, 1.93);
        // All that a collapsed net whose labels changed places is accused of.
        facts.measured[2].confusion = Some(matrix(7, &[(0, 1, 60), (1, 0, 60), (2, 0, 20)]));
        facts.measured[1].confusion = Some(matrix(7, &[(0, 3, 100), (1, 3, 40)]));
        let named = |facts: &Facts| diagnose(facts).iter().map(|f| f.check).collect::<Vec<_>>();
        let findings = named(&facts);
        assert_eq!(findings[0], "not_trained");
        assert!(!findings.iter().any(|check| super::SILENT.contains(check)), "{findings:?}");
        facts.measured[0].loss = Some(0.3);
        let findings = named(&facts);
        assert!(["permuted_labels", "collapsed"].iter().all(|check| findings.contains(check)), "{findings:?}");
    }
}
