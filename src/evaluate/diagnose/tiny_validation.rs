//! A validation side that is too small to choose by.

use super::newcombe::Share;
use super::wording::percent;
use super::{Check, Facts, Finding};
use crate::split::quote::counted;
use crate::split::side::Side;

/// `tiny_validation`
pub const CHECK: Check = Check {
    name: "tiny_validation",
    about: "Fewer than 30 windows in validation, or fewer than 3 recordings.",
    find: |facts| find(facts).into_iter().collect(),
};

/// With 30 rows the interval of an accuracy is up to 0.34 wide: epochs that differ by less cannot be told apart.
const WINDOWS: u64 = 30;

/// Two recordings may both be easy, or both be hard.
const RECORDINGS: u64 = 3;

fn find(facts: &Facts) -> Option<Finding> {
    let (windows, recordings) = (facts.windows(Side::Validation), facts.recordings[Side::Validation as usize]);
    let is_tiny = windows < WINDOWS || (1..RECORDINGS).contains(&recordings);
    if windows == 0 || !is_tiny {
        return None;
    }
    let of = if recordings > 0 { format!(" of {}", counted(recordings, "recording")) } else { String::new() };
    let made = facts.validation_made.as_ref().map_or_else(String::new, |made| format!(", made as {made}"));
    let (low, high) = Share { value: 0.5, rows: windows as f64 }.wilson();
    let message = format!(
        "validation has {}{of}{made}: an accuracy of 50 % on it means {} to {} at best",
        counted(windows, "window"),
        percent(low),
        percent(high)
    );
    Some(
        Finding::warning(&CHECK, message)
            .on(Side::Validation)
            .because("the epoch is chosen, and training stopped, by what is mostly luck")
            .advise(
                "a larger share, pose_split((SELECT * FROM windows), by => 'video', validation => 0.25), a smaller \
                 stride => 5 in pose_windows, or more recordings; by accuracy the choice is steadier: OPTIONS \
                 ('monitor' 'val_accuracy')",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Count;
    use super::super::tests::{found, healthy};

    #[test]
    fn few_windows_or_few_recordings_are_a_warning() {
        let mut facts = healthy();
        facts.recordings[1] = 2;
        assert!(found(&super::CHECK, &facts)[0].message.starts_with("validation has 140 windows of 2 recordings"));
        facts.recordings[1] = 0;
        assert_eq!(found(&super::CHECK, &facts), []);
        facts.classes.iter_mut().for_each(|class| class.sides[1] = Count::windows(4));
        // Wilson of 14 of 28.
        assert_eq!(
            found(&super::CHECK, &facts)[0].message,
            "validation has 28 windows: an accuracy of 50 % on it means 32.6 % to 67.4 % at best"
        );
    }

    #[test]
    fn thirty_windows_of_three_recordings_are_enough() {
        let mut facts = healthy();
        facts.classes.iter_mut().for_each(|class| class.sides[1] = Count::windows(0));
        facts.classes[0].sides[1] = Count::windows(30);
        facts.recordings[1] = 3;
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
