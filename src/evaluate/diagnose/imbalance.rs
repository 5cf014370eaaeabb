//! Classes of unequal size.

use super::{Check, Class, Facts, Finding};
use crate::split::side::Side;

/// `imbalance`
pub const CHECK: Check = Check {
    name: "imbalance",
    about: "A class with over 5 times the train rows of another, copies included.",
    find: |facts| find(facts).into_iter().collect(),
};

/// A rule of thumb: beyond it a net gains more from the large class than it can lose with the small one.
const RATIO: f64 = 5.0;

fn find(facts: &Facts) -> Option<Finding> {
    let trained = || facts.classes.iter().filter(|class| class.train_rows() > 0);
    let smallest = trained().min_by_key(|class| class.train_rows())?;
    // Of equals the first, as above.
    let largest = trained().rev().max_by_key(|class| class.train_rows())?;
    let ratio = largest.train_rows() as f64 / smallest.train_rows() as f64;
    if ratio <= RATIO {
        return None;
    }
    let rows = |class: &Class| format!("{} train rows of '{}'", class.train_rows(), class.label);
    let message = format!("{} against {}: {ratio:.1} to 1", rows(largest), rows(smallest));
    let finding = match facts.weighted {
        true => Finding::note(&CHECK, format!("{message}, weighted")).because(
            "weights make a small class count as much as a large one, but it is still known from few examples",
        ),
        false => Finding::warning(&CHECK, format!("{message}, and no class weights"))
            .because("saying the large class is right most of the time, so the small one is hardly learnt"),
    };
    let weigh = if facts.weighted { ", power => 1.5" } else { "" };
    Some(finding.about(&smallest.label).on(Side::Train).advise(format!(
        "weights, pose_weigh((SELECT * FROM dataset), method => 'balanced'{weigh}), or copies of the small classes: \
         pose_augment((SELECT * FROM parts), policy => 'noise(0.02), speed(0.8, 1.25) | mirror@0.5', balance => 'max')"
    )))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::super::{Count, Facts, Severity};

    fn seed() -> Facts {
        let mut facts = healthy();
        for (class, n) in facts.classes.iter_mut().zip([3, 9, 8, 23, 16, 16, 16]) {
            class.sides[0] = Count::windows(n);
        }
        facts
    }

    #[test]
    fn unequal_classes_without_weights_are_a_warning() {
        let finding = &found(&super::CHECK, &seed())[0];
        assert_eq!((finding.severity, finding.subject.as_str()), (Severity::Warning, "jump"));
        assert_eq!(
            finding.message,
            "23 train rows of 'sit' against 3 train rows of 'jump': 7.7 to 1, and no class weights"
        );
    }

    #[test]
    fn with_weights_they_are_a_note() {
        let finding = &found(&super::CHECK, &Facts { weighted: true, ..seed() })[0];
        assert_eq!(finding.severity, Severity::Note);
        assert!(finding.advice.contains("power => 1.5"));
    }

    #[test]
    fn copies_count() {
        let mut facts = seed();
        facts.classes[0].copies = 20;
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
