//! Values that are larger than all others by orders of magnitude.

use super::{Check, Facts, Finding, WildValue};
use crate::frames::scale::short;
use crate::schema::sql_name;
use crate::split::side::Side;

/// `wild_value`
pub const CHECK: Check = Check {
    name: "wild_value",
    about: "A value of train a million times as large as all but a few others of its feature.",
    find,
};

fn find(facts: &Facts) -> Vec<Finding> {
    facts.wild_values.iter().map(finding).collect()
}

fn finding(WildValue { feature, value, window, others }: &WildValue) -> Finding {
    let (value, others, bound) = (short(*value), short(*others), short(1e3 * others));
    let column = sql_name(feature);
    Finding::warning(
        &CHECK,
        format!("feature '{feature}' is {value} in window {window}, where the others stay below {others}"),
    )
    .on(Side::Train)
    .about(feature)
    .because(
        "a number that was read wrong, or stands for a missing value: the mean and the deviation of the feature are this value's, and the \
         others become one",
    )
    .advise(format!(
        "make it NULL in the subquery, CASE WHEN abs({column}) < {bound} THEN {column} END AS {column}, and fill it: \
         pose_windows((SELECT * FROM frames), nulls => 'interpolate'); or leave such frames out"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::*;

    #[test]
    fn the_value_is_told_with_its_window() {
        let wild = WildValue { feature: "x".into(), value: 1e20, window: "v:30".into(), others: 1024.0 };
        let findings = found(&CHECK, &Facts { wild_values: vec![wild], ..healthy() });
        assert_eq!(findings[0].message, "feature 'x' is 1e20 in window v:30, where the others stay below 1024");
    }
}
