//! Sources that the net was never shown.

use super::{Check, Facts, Finding, Source};
use crate::split::quote::counted;
use crate::split::side::Side;

/// `forgotten_source`
pub const CHECK: Check =
    Check { name: "forgotten_source", about: "A source of windows of which train has none.", find };

fn find(facts: &Facts) -> Vec<Finding> {
    let in_train = |source: &&Source| source.windows[Side::Train as usize] > 0;
    // Where whole sources are tested that train never saw, that is what was asked.
    let apart = facts.sources.iter().filter(in_train).all(|source| source.windows[Side::Test as usize] == 0);
    facts.sources.iter().filter(|source| !in_train(source)).map(|source| finding(source, apart)).collect()
}

fn finding(source: &Source, apart: bool) -> Finding {
    let [_, validation, test] = source.windows;
    let elsewhere = match (validation, test) {
        (0, 0) => String::new(),
        (0, test) => format!(", {} of test", counted(test, "window")),
        (validation, 0) => format!(", {} of validation", counted(validation, "window")),
        _ => format!(", {} of validation and {} of test", counted(validation, "window"), counted(test, "window")),
    };
    let message = format!("source '{}' gave no windows to train{elsewhere}", source.name);
    let finding = if apart { Finding::note(&CHECK, message) } else { Finding::warning(&CHECK, message) };
    finding
        .about(&source.name)
        .because(
            "its recordings are so few that the split put all of them on other sides, or a join, a filter or short segments took \
             away the rest; where whole sources are kept apart, the result says how the net does on a source it never saw",
        )
        .advise(
            "see what became of its frames: SELECT * FROM pose_window_stats((SELECT * FROM frames)); short segments \
             become windows with short => 'pad' or a smaller width => 15",
        )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::super::{Severity, Source};

    #[test]
    fn a_source_that_train_never_saw_is_named() {
        let mut facts = healthy();
        let source = |name: &str, windows| Source { name: name.into(), windows };
        facts.sources = vec![source("lab", [500, 100, 100]), source("phone", [0, 0, 1]), source("old", [0, 2, 3])];
        let findings = found(&super::CHECK, &facts);
        assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
        let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "source 'phone' gave no windows to train, 1 window of test",
                "source 'old' gave no windows to train, 2 windows of validation and 3 windows of test"
            ]
        );
        // Whole sources are tested that train never saw.
        facts.sources[0].windows = [500, 100, 0];
        assert!(found(&super::CHECK, &facts).iter().all(|finding| finding.severity == Severity::Note));
    }
}
