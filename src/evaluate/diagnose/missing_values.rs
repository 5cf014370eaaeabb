//! Values that were not recorded.

use super::wording::percent;
use super::{Check, Finding};
use crate::split::side::Side;

/// `missing_values`
pub const CHECK: Check = Check {
    name: "missing_values",
    about: "Values of train that were missing, filled or not.",
    find: |facts| facts.missing.into_iter().filter(|share| *share > 0.0).map(finding).collect(),
};

/// A rule of thumb: with one value in twenty, most windows of 30 frames hold one.
const SHARE: f64 = 0.05;

fn finding(share: f64) -> Finding {
    let message = format!("{} of the values of train were missing", percent(share));
    let finding = if share > SHARE { Finding::warning(&CHECK, message) } else { Finding::note(&CHECK, message) };
    finding
        .on(Side::Train)
        .because("joints out of sight, or below min_confidence; where classes differ in that, the net may learn it")
        .advise(
            "fill short gaps and leave long ones out: pose_windows((SELECT * FROM frames), nulls => 'interpolate', \
             max_fill => 5); make the net expect them: \
             pose_augment((SELECT * FROM parts), policy => 'joint_drop(0.05)', skeleton => 'coco17')",
        )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::super::{Facts, Severity};

    #[test]
    fn few_missing_values_are_a_note_and_many_a_warning() {
        let of = |missing| found(&super::CHECK, &Facts { missing, ..healthy() });
        assert_eq!(of(Some(0.0)), []);
        assert_eq!(of(None), []);
        assert_eq!(of(Some(0.05))[0].severity, Severity::Note);
        assert_eq!(of(Some(0.051))[0].severity, Severity::Warning);
        assert_eq!(of(Some(0.004))[0].message, "0.40 % of the values of train were missing");
    }
}
