//! A training that ended too soon.

use super::{Check, Epoch, Facts, Finding};
use crate::split::side::Side;

/// `still_improving`
pub const CHECK: Check = Check {
    name: "still_improving",
    about: "The loss still fell by 5 % or more in the last epoch.",
    find: |facts| find(facts).into_iter().collect(),
};

/// What the last epoch took off the lowest loss before it. Less is what a learning rate that is too long does by
/// chance.
const FALL: f64 = 0.05;

fn find(facts: &Facts) -> Option<Finding> {
    let losses: Vec<f64> = facts.epochs.iter().map(watched).collect();
    let (last, before) = losses.split_last()?;
    let lowest = before.iter().copied().reduce(f64::min)?;
    let fell = *last <= (1.0 - FALL) * lowest;
    if !fell {
        return None;
    }
    let (n, side) = (losses.len(), facts.epochs.last().map(|e| e.val_loss.map_or(Side::Train, |_| Side::Validation))?);
    let name = if side == Side::Validation { "val_loss" } else { "loss" };
    let message = format!("{name} fell from {lowest:.3} to {last:.3} in epoch {n}, the last");
    Some(
        Finding::warning(&CHECK, message)
            .on(side)
            .because("training ended by its number of epochs, not because it had learnt what it could")
            .advise(format!(
                "more epochs; early stopping ends them in time: OPTIONS ('epochs' '{}', 'early_stopping_patience' \
                 '10')",
                3 * n
            )),
    )
}

/// What early stopping watches: the loss of validation, or of train where there is none.
fn watched(epoch: &Epoch) -> f64 {
    epoch.val_loss.unwrap_or(epoch.loss)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};

    #[test]
    fn a_loss_that_still_falls_is_a_warning() {
        let mut facts = healthy();
        facts.epochs.truncate(2);
        (facts.epochs[0].val_loss, facts.epochs[1].val_loss) = (Some(1.63), Some(1.149));
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings[0].message, "val_loss fell from 1.630 to 1.149 in epoch 2, the last");
        assert!(findings[0].advice.contains("'epochs' '6'"));
    }

    #[test]
    fn a_loss_that_is_flat_or_one_epoch_is_not() {
        let mut facts = healthy();
        facts.epochs.truncate(1);
        assert_eq!(found(&super::CHECK, &facts), []);
    }

    #[test]
    fn without_validation_the_loss_of_train_is_watched() {
        let mut facts = healthy();
        facts.epochs.truncate(2);
        facts.epochs.iter_mut().for_each(|epoch| epoch.val_loss = None);
        assert!(found(&super::CHECK, &facts)[0].message.starts_with("loss fell"));
    }
}
