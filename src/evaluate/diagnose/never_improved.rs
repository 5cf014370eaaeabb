//! A first epoch that stayed the best.

use super::{Check, Facts, Finding};
use crate::split::quote::counted;
use crate::split::side::Side;

/// `never_improved`
pub const CHECK: Check = Check {
    name: "never_improved",
    about: "The best epoch is among the first two, and several followed.",
    find: |facts| find(facts).into_iter().collect(),
};

/// In so few epochs a net cannot have learnt what it is able to.
const EARLY: usize = 2;

/// Epochs without improvement that are no accident: the patience after which the learning rate is reduced by default.
const FOLLOWED: usize = 5;

fn find(facts: &Facts) -> Option<Finding> {
    let (best, epochs) = (facts.best_epoch?, facts.epochs.len());
    let first = facts.epochs.first()?;
    if best > EARLY || epochs < best + FOLLOWED {
        return None;
    }
    let message = format!(
        "epoch {best} of {epochs} was the best: {} brought nothing",
        counted((epochs - best) as u64, "later epoch")
    );
    let half = first.learning_rate.map_or(5e-4, |rate| rate / 2.0);
    Some(
        Finding::warning(&CHECK, message)
            .on(Side::Validation)
            .because(
                "the kept net has hardly learnt: what train teaches does not hold for validation, or validation is \
                 too small to show it, or steps are too long",
            )
            .advise(format!(
                "first what is wrong with the sides, if that is found; then OPTIONS ('learning_rate' '{half}', \
                 'batch_size' '8', 'early_stopping_patience' '20', 'monitor' 'val_accuracy')"
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};

    #[test]
    fn a_first_epoch_that_stays_the_best_is_a_warning() {
        let mut facts = healthy();
        facts.best_epoch = Some(1);
        facts.epochs.truncate(11);
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings[0].message, "epoch 1 of 11 was the best: 10 later epochs brought nothing");
        assert!(findings[0].advice.contains("'learning_rate' '0.0005'"), "{}", findings[0].advice);
    }

    #[test]
    fn few_epochs_say_nothing() {
        let mut facts = healthy();
        facts.best_epoch = Some(2);
        facts.epochs.truncate(6);
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
