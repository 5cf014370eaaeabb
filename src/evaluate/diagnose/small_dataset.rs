//! Too few windows for a recurrent net.

use super::wording::grouped;
use super::{Check, Facts, Finding};
use crate::split::quote::counted;

/// `small_dataset`
pub const CHECK: Check = Check {
    name: "small_dataset",
    about: "Fewer than 500 windows on all sides.",
    find: |facts| find(facts).into_iter().collect(),
};

/// A rule of thumb: what people who train small LSTMs ask for, 500 to 1,000 windows. Copies do not count.
const WINDOWS: u64 = 500;

fn find(facts: &Facts) -> Option<Finding> {
    let windows = facts.all_windows();
    if windows == 0 || windows >= WINDOWS {
        return None;
    }
    let recordings: u64 = facts.recordings.iter().sum();
    let of = if recordings > 0 { format!(" of {}", counted(recordings, "recording")) } else { String::new() };
    let copies: u64 = facts.classes.iter().map(|class| class.copies).sum();
    let copies = if copies > 0 { format!(", not counting copies ({})", grouped(copies)) } else { String::new() };
    let usual = format!("{WINDOWS} to {} are usual", grouped(2 * WINDOWS));
    Some(
        Finding::warning(&CHECK, format!("there are {}{of}{copies}; {usual}", counted(windows, "window")))
            .because("a net that has seen each movement a few times learns the few times, not the movement")
            .advise(
                "more recordings of more people help most; a smaller stride gives more windows of the same frames: \
                 pose_windows((SELECT * FROM frames), width => 30, stride => 5); copies: pose_augment((SELECT * FROM \
                 parts), policy => 'noise(0.02), speed(0.8, 1.25)', copies => 4); or begin with a model of a larger \
                 set: OPTIONS ('init_from' 'gait@1')",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Count;
    use super::super::tests::{found, healthy};

    #[test]
    fn fewer_than_500_windows_are_a_warning_however_many_copies_there_are() {
        let mut facts = healthy();
        facts.classes.iter_mut().for_each(|class| class.sides = [11, 1, 1].map(Count::windows));
        assert_eq!(
            found(&super::CHECK, &facts)[0].message,
            "there are 91 windows of 70 recordings; 500 to 1,000 are usual"
        );
        facts.classes[0].copies = 4000;
        assert!(found(&super::CHECK, &facts)[0].message.contains("70 recordings, not counting copies (4,000); 500"));
    }

    #[test]
    fn five_hundred_windows_are_enough() {
        let mut facts = healthy();
        facts.classes.iter_mut().for_each(|class| class.sides = Default::default());
        facts.classes[0].sides[0].windows = 500;
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
