//! A loss that is no number, or grew.

use super::{Check, Epoch, Facts, Finding};

/// `diverged`
pub const CHECK: Check = Check {
    name: "diverged",
    about: "A loss that is not finite, or ends far above where it began.",
    find: |facts| find(facts).into_iter().collect(),
};

/// How many times the loss of the first epoch the last one has. Dropout and small minibatches make it go up and down by
/// tenths, not by halves.
const GROWN: f64 = 1.5;

const CAUSE: &str = "the steps of the optimizer are too long, or features have values far from the others";

fn find(facts: &Facts) -> Option<Finding> {
    let is_number = |epoch: &Epoch| epoch.loss.is_finite() && epoch.val_loss.is_none_or(f64::is_finite);
    let advice = advice(facts);
    if let Some(place) = facts.epochs.iter().position(|epoch| !is_number(epoch)) {
        let epoch = &facts.epochs[place];
        let (name, value) = if epoch.loss.is_finite() {
            ("val_loss", epoch.val_loss.unwrap_or(f64::NAN))
        } else {
            ("loss", epoch.loss)
        };
        let message = format!("{name} is {value} in epoch {}", place + 1);
        return Some(Finding::error(&CHECK, message).because(CAUSE).advise(advice));
    }
    let (first, last) = (facts.epochs.first()?, facts.epochs.last()?);
    (last.loss > GROWN * first.loss).then(|| {
        let message =
            format!("loss grew from {:.3} in epoch 1 to {:.3} in epoch {}", first.loss, last.loss, facts.epochs.len());
        Finding::error(&CHECK, message).because(CAUSE).advise(advice)
    })
}

fn advice(facts: &Facts) -> String {
    let rate = facts.epochs.first().and_then(|epoch| epoch.learning_rate).unwrap_or(1e-3);
    format!(
        "a tenth of the learning rate, and short gradients: OPTIONS ('learning_rate' '{}', 'clip_norm' '0.5'); look \
         at the features for outliers: SELECT * FROM models.<name>.features",
        // As f32 it is printed without the rounding of the division.
        (rate / 10.0) as f32
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};

    #[test]
    fn a_loss_that_is_no_number_is_an_error_with_its_epoch() {
        let mut facts = healthy();
        facts.epochs[4].loss = f64::NAN;
        assert_eq!(found(&super::CHECK, &facts)[0].message, "loss is NaN in epoch 5");
        let mut facts = healthy();
        facts.epochs[1].val_loss = Some(f64::INFINITY);
        assert_eq!(found(&super::CHECK, &facts)[0].message, "val_loss is inf in epoch 2");
    }

    #[test]
    fn a_loss_that_grew_is_an_error() {
        let mut facts = healthy();
        facts.epochs[19].loss = 1.6 * facts.epochs[0].loss;
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings[0].message, "loss grew from 1.900 in epoch 1 to 3.040 in epoch 20");
        assert!(findings[0].advice.contains("'learning_rate' '0.0001'"), "{}", findings[0].advice);
    }
}
