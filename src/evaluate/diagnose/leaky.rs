//! Rows of one side that another side has, too.

use super::{Check, Finding};

/// `leaky`
pub const CHECK: Check = Check {
    name: "leaky",
    about: "One recording, or a window and its copy, on two sides of the split.",
    find: |facts| facts.leaks.iter().map(|leak| finding(leak)).collect(),
};

fn finding(leak: &str) -> Finding {
    Finding::error(&CHECK, leak)
        .because("the net is tested on what it was trained on, so the result measures memory")
        .advise(
            "split by whole recordings, before copies are made: \
             pose_augment((SELECT * FROM pose_split((SELECT * FROM windows), by => 'video')), policy => 'noise(0.02)')",
        )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::super::{Facts, Severity};

    #[test]
    fn each_leak_is_an_error_in_its_own_words() {
        let leaks = vec!["1 recording ('v1') is on more than one side (train, test)".to_owned()];
        let findings = found(&super::CHECK, &Facts { leaks, ..healthy() });
        assert_eq!(findings[0].severity, Severity::Error);
        assert_eq!(findings[0].message, "1 recording ('v1') is on more than one side (train, test)");
    }
}
