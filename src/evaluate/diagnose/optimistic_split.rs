//! A split that makes the result look too good.

use super::{Check, Finding};

/// `optimistic_split`
pub const CHECK: Check = Check {
    name: "optimistic_split",
    about: "Rows of one recording on several sides by intention.",
    find: |facts| facts.optimistic_split.iter().map(|how| finding(how)).collect(),
};

fn finding(how: &str) -> Finding {
    Finding::warning(&CHECK, format!("rows were split {how}"))
        .because(
            "the net knows the person, the camera and the place of what it is tested on: the result is for more of \
             the same recordings, and too high for new ones",
        )
        .advise(
            "for new recordings, pose_split((SELECT * FROM windows), by => 'video'); for new people, by => \
             'subject'; with few of them, pose_folds((SELECT * FROM windows), by => 'subject', folds => 5)",
        )
}

#[cfg(test)]
mod tests {
    use super::super::Facts;
    use super::super::tests::{found, healthy};

    #[test]
    fn a_split_inside_recordings_is_a_warning() {
        let how = Some("by time inside recordings".to_owned());
        let findings = found(&super::CHECK, &Facts { optimistic_split: how, ..healthy() });
        assert_eq!(findings[0].message, "rows were split by time inside recordings");
    }
}
