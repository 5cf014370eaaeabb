//! Features whose values lie too far from 0 for the 32 bits of a window.

use super::{Check, Facts, Finding, Offset};
use crate::frames::scale::{short, step, whole};
use crate::schema::sql_name;
use crate::split::side::Side;

/// `lost_precision`
pub const CHECK: Check = Check {
    name: "lost_precision",
    about: "A feature whose mean is more than a million times its deviation: the 32 bits of a window do not hold what changes.",
    find,
};

fn find(facts: &Facts) -> Vec<Finding> {
    facts.offsets.iter().map(finding).collect()
}

fn finding(Offset { feature, mean, spread }: &Offset) -> Finding {
    let at = short(*mean);
    let message = match *spread > 0.0 {
        true => format!(
            "feature '{feature}' lies around {at} and spreads by {} alone: the 32 bits of a window hold little of that",
            short(*spread)
        ),
        false => format!(
            "feature '{feature}' is {at} in all of train, where 32 bits hold no difference below {}: what changed may be lost",
            short(step(*mean))
        ),
    };
    let (column, offset) = (sql_name(feature), whole(*mean));
    Finding::warning(&CHECK, message)
        .on(Side::Train)
        .about(feature)
        .because("coordinates far from their origin, a time or a number taken for a feature")
        .advise(format!(
            "subtract an offset before windows are made, {column} - {offset} AS {column}, or pose_center; leave the column out if \
             it is no feature; SELECT * FROM pose_inventory((SELECT * FROM frames)) looks at the frames"
        ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::*;

    #[test]
    fn the_offset_and_what_is_left_of_the_spread_are_told() {
        let offset = |spread| Offset { feature: "x".into(), mean: 4.5e8, spread };
        let facts = Facts { offsets: vec![offset(29.0), offset(0.0)], ..healthy() };
        let messages: Vec<String> = found(&CHECK, &facts).into_iter().map(|finding| finding.message).collect();
        assert!(messages[0].contains("around 450000000 and spreads by 29 alone"), "{messages:?}");
        assert!(
            messages[1].contains("is 450000000 in all of train, where 32 bits hold no difference below 32:"),
            "{messages:?}"
        );
    }
}
