//! Classes of too few recordings.

use super::wording::sql_text;
use super::{Check, Class, Finding};
use crate::split::quote::counted;

/// `few_recordings`
pub const CHECK: Check = Check {
    name: "few_recordings",
    about: "A class in fewer than 3 recordings.",
    find: |facts| facts.classes.iter().filter_map(finding).collect(),
};

/// One for train, one for validation, one for test.
const RECORDINGS: u64 = 3;

fn finding(class: &Class) -> Option<Finding> {
    let recordings = Some(class.recordings()).filter(|n| (1..RECORDINGS).contains(n))?;
    let consequence = match recordings {
        1 => "it can be learnt or tested, not both",
        _ => "it cannot be in train, validation and test",
    };
    let message = format!("class '{}' is in {}: {consequence}", class.label, counted(recordings, "recording"));
    let cause = "whole recordings go to one side, and what the net knows of the class may be what is special to these";
    Some(Finding::warning(&CHECK, message).about(&class.label).because(cause).advise(format!(
        "record it at least {} more, or leave it out: WHERE label <> {}",
        if recordings == 1 { "twice" } else { "once" },
        sql_text(&class.label)
    )))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};

    #[test]
    fn classes_of_one_and_two_recordings_are_warnings() {
        let mut facts = healthy();
        [1, 0, 0].into_iter().zip(&mut facts.classes[0].sides).for_each(|(n, count)| count.recordings = n);
        [1, 0, 1].into_iter().zip(&mut facts.classes[1].sides).for_each(|(n, count)| count.recordings = n);
        let findings = found(&super::CHECK, &facts);
        assert_eq!(
            findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>(),
            [
                "class 'jump' is in 1 recording: it can be learnt or tested, not both",
                "class 'kick' is in 2 recordings: it cannot be in train, validation and test"
            ]
        );
    }

    #[test]
    fn unknown_recordings_are_not_few() {
        let mut facts = healthy();
        facts.classes[0].sides.iter_mut().for_each(|count| count.recordings = 0);
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
