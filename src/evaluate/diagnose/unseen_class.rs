//! Classes that train never has.

use super::wording::sql_text;
use super::{Check, Class, Count, Facts, Finding};
use crate::split::quote::{counted, quote};
use crate::split::side::Side;

/// `unseen_class`
pub const CHECK: Check = Check {
    name: "unseen_class",
    about: "A class in validation or test of which train has no window.",
    find: |facts| facts.classes.iter().filter(|class| is_unseen(class)).map(|class| finding(facts, class)).collect(),
};

/// Whether a class has windows, but none in train.
pub(super) fn is_unseen(class: &Class) -> bool {
    class.train_rows() == 0 && class.windows() > 0
}

fn finding(facts: &Facts, class: &Class) -> Finding {
    let label = &class.label;
    let sides = [Side::Validation, Side::Test].into_iter().filter(|side| class.on(*side).windows > 0);
    let place =
        |side: Side| format!("{} in {side}{}", counted(class.on(side).windows, "window"), origin(class.on(side)));
    let places: Vec<String> = sides.clone().map(place).collect();
    let message = format!("class '{label}' has {} and none in train", places.join(" and "));
    let finding = Finding::error(&CHECK, message).about(label);
    let finding = match sides.collect::<Vec<_>>()[..] {
        [side] => finding.on(side),
        _ => finding,
    };
    let never = "a class that train never has is never learnt: its windows are taken for other classes";
    let without = format!("leave it out: WHERE label <> {}", sql_text(label));
    match class.recordings() {
        1 => finding
            .because(format!("{never}; its one recording cannot be on two sides"))
            .advise(format!("record it at least twice more, or {without}")),
        _ => finding.because(never).advise(format!("{}, or {without}", split_again(facts))),
    }
}

/// ` of 1 recording ('v08')`
fn origin(count: &Count) -> String {
    match (count.recordings, &count.names[..]) {
        (0, []) => String::new(),
        (n, []) => format!(" of {}", counted(n, "recording")),
        (_, names) => format!(" of {}", quote(names, "recording")),
    }
}

fn split_again(facts: &Facts) -> String {
    let all = facts.classes.iter().all(|class| class.recordings() != 1);
    let but = if all { "" } else { " that has more than one recording" };
    format!("split again with pose_split((SELECT * FROM windows), by => 'video'), which puts every class{but} in train")
}

#[cfg(test)]
mod tests {
    use super::super::Count;
    use super::super::tests::{found, healthy};
    use crate::split::side::Side;

    #[test]
    fn a_class_that_train_lacks_is_named_with_its_recordings() {
        let mut facts = healthy();
        facts.classes[2].sides[0] = Count::default();
        facts.classes[2].sides[1] = Count { windows: 1, recordings: 1, names: vec!["v7".into()] };
        facts.classes[2].sides[2] = Count { windows: 9, recordings: 2, names: vec![] };
        let findings = found(&super::CHECK, &facts);
        assert_eq!((findings.len(), findings[0].subject.as_str(), findings[0].split), (1, "run", None));
        assert_eq!(
            findings[0].message,
            "class 'run' has 1 window in validation of 1 recording ('v7') and 9 windows in test of 2 recordings and \
             none in train"
        );
        assert!(findings[0].advice.starts_with("split again with pose_split"), "{}", findings[0].advice);
    }

    #[test]
    fn a_class_of_one_recording_is_to_be_recorded_again() {
        let mut facts = healthy();
        facts.classes[0].label = "child's pose".into();
        facts.classes[0].sides = [0, 0, 9].map(Count::windows);
        facts.classes[0].sides[2].recordings = 1;
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings[0].split, Some(Side::Test));
        assert_eq!(
            findings[0].advice,
            "record it at least twice more, or leave it out: WHERE label <> 'child''s pose'"
        );
    }

    #[test]
    fn a_class_without_any_window_is_not_unseen() {
        let mut facts = healthy();
        facts.classes[0].sides = Default::default();
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
