//! Train rows that the net never learnt.

use super::wording::percent;
use super::{Check, Facts, Finding};
use crate::split::quote::counted;
use crate::split::side::Side;

/// `under_fitting`
pub const CHECK: Check = Check {
    name: "under_fitting",
    about: "An accuracy on train that is near guessing in every epoch.",
    find: |facts| find(facts).into_iter().collect(),
};

/// Share of the way from guessing to all right that a net must go: less is what chance and the commonest class do.
const WAY: f64 = 0.1;

const CAUSE: &str = "features that say nothing of the classes, windows too short for the movement, labels that are not \
                     theirs, or too few steps";

const ADVICE: &str = "try windows of other lengths, pose_windows((SELECT * FROM frames), width => 45) or width => \
                      20; features that do not depend on place and size, pose_normalize(pose_center(features, \
                      'coco17'), 'coco17'); more and longer steps, OPTIONS ('epochs' '100', 'learning_rate' '0.003', \
                      'batch_size' '8'); a net that reads both ways and looks at every frame, OPTIONS \
                      ('bidirectional' 'true', 'pooling' 'attention'), or STORED AS GRU";

fn find(facts: &Facts) -> Option<Finding> {
    let best = facts.epochs.iter().map(|epoch| epoch.accuracy).filter(|a| a.is_finite()).reduce(f64::max)?;
    let alike = 1.0 / facts.classes.len() as f64;
    // With weights all classes count alike, so that the commonest is no good answer.
    let guess = if facts.weighted { alike } else { facts.largest_train_share()?.max(alike) };
    if facts.classes.len() < 2 || best >= guess + WAY * (1.0 - guess) {
        return None;
    }
    let epochs = counted(facts.epochs.len() as u64, "epoch");
    let message = format!(
        "at best {} of train is right in {epochs}; guessing reaches \
                           {}",
        percent(best),
        percent(guess)
    );
    Some(Finding::warning(&CHECK, message).on(Side::Train).because(CAUSE).advise(ADVICE))
}

#[cfg(test)]
mod tests {
    use super::super::Facts;
    use super::super::tests::{found, healthy};

    /// 7 classes of 60 train rows: guessing reaches 1/7, and the bound is 1/7 + 6/70 = 22.9 %.
    fn reaching(best: f64) -> Facts {
        let mut facts = healthy();
        facts.epochs.iter_mut().for_each(|epoch| epoch.accuracy = epoch.accuracy.min(best));
        facts
    }

    #[test]
    fn a_net_that_guesses_its_own_train_rows_is_a_warning() {
        let findings = found(&super::CHECK, &reaching(0.22));
        assert_eq!(findings[0].message, "at best 22.0 % of train is right in 20 epochs; guessing reaches 14.3 %");
        assert_eq!(found(&super::CHECK, &reaching(0.23)), []);
    }

    #[test]
    fn without_weights_the_commonest_class_is_a_guess() {
        let mut facts = reaching(0.5);
        facts.classes[3].copies = 300;
        assert_eq!(found(&super::CHECK, &facts).len(), 1);
        facts.weighted = true;
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
