//! No validation.

use super::{Check, Facts, Finding};
use crate::split::quote::counted;
use crate::split::side::Side;

/// `empty_validation`
pub const CHECK: Check = Check {
    name: "empty_validation",
    about: "Train has windows, validation has none.",
    find: |facts| find(facts).into_iter().collect(),
};

fn find(facts: &Facts) -> Option<Finding> {
    if facts.windows(Side::Train) == 0 || facts.windows(Side::Validation) > 0 {
        return None;
    }
    // Recordings that are cut in time are on several sides.
    let whole = facts.optimistic_split.is_none();
    let all: u64 = facts.recordings.iter().filter(|_| whole).sum();
    let of = if all > 0 { format!(" of {}", counted(all, "recording")) } else { String::new() };
    let made = facts.validation_made.as_ref().map_or_else(String::new, |made| format!(" ({made})"));
    Some(
        Finding::warning(&CHECK, format!("validation is empty{made}: all{of} went to other sides"))
            .on(Side::Validation)
            .because(
                "whole recordings go to one side, and there are too few of them, or the share is 0; early stopping \
                 and the choice of the epoch then go by the loss of train, which rewards learning by heart",
            )
            .advise(
                "give validation a share: pose_split((SELECT * FROM windows), by => 'video', validation => 0.2), \
                 with at least 3 recordings of a class; or test each once: pose_folds((SELECT * FROM windows), by => \
                 'video', folds => 5). Do not cut the last rows off train: they are of few classes",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::super::{Count, Facts};

    #[test]
    fn train_without_validation_is_a_warning() {
        let mut facts = healthy();
        facts.classes.iter_mut().for_each(|class| class.sides[1] = Count::default());
        facts.recordings = [42, 0, 14];
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings[0].message, "validation is empty: all of 56 recordings went to other sides");
        facts.validation_made = Some("the last tenth of train".into());
        facts.recordings = [0; 3];
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings[0].message, "validation is empty (the last tenth of train): all went to other sides");
    }

    #[test]
    fn where_nothing_is_known_nothing_is_empty() {
        assert_eq!(found(&super::CHECK, &Facts::default()), []);
    }
}
