//! Recordings of different rates.

use super::{Check, Facts, Finding};
use crate::frames::scale::short;

/// `mixed_rates`
pub const CHECK: Check = Check {
    name: "mixed_rates",
    about: "Recordings whose frames a second differ by more than 5 %, by the times of their windows.",
    find,
};

fn find(facts: &Facts) -> Vec<Finding> {
    let Some([(slow, slowest), (fast, fastest)]) = &facts.rates else { return vec![] };
    let message = format!(
        "recordings have different rates: {} frames a second ('{slowest}') to {} ('{fastest}')",
        short(*slow),
        short(*fast)
    );
    let finding = Finding::warning(&CHECK, message)
        .because("cameras or sensors of different rates: a window of so many frames is another length of time in each")
        .advise("read all recordings at one rate: pose_windows((SELECT * FROM frames), hz => 25, width => INTERVAL '2 seconds')");
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::*;

    #[test]
    fn the_slowest_and_the_fastest_are_named() {
        let rates = Some([(25.0, "a".to_owned()), (50.0, "b".to_owned())]);
        let findings = found(&CHECK, &Facts { rates, ..healthy() });
        assert_eq!(findings[0].message, "recordings have different rates: 25 frames a second ('a') to 50 ('b')");
    }
}
