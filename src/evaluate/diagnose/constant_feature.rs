//! Features that never change.

use super::{Check, Finding};
use crate::split::side::Side;

/// `constant_feature`
pub const CHECK: Check = Check {
    name: "constant_feature",
    about: "A feature that has one value in all of train.",
    find: |facts| {
        // What 32 bits made constant is told as that.
        let is_lost = |name: &&String| facts.offsets.iter().any(|offset| offset.feature == **name);
        facts.constant_features.iter().filter(|name| !is_lost(name)).map(|name| finding(name)).collect()
    },
};

fn finding(name: &str) -> Finding {
    Finding::warning(&CHECK, format!("feature '{name}' has one value in all of train"))
        .on(Side::Train)
        .about(name)
        .because(
            "a joint that was never seen and filled with zeros, a column that was read wrong, or one that is \
                  not needed",
        )
        .advise(
            "look at SELECT * FROM models.<name>.features; leave the column out of pose_vector, or fill what is \
             missing from its neighbours: pose_windows((SELECT * FROM frames), nulls => 'interpolate')",
        )
}

#[cfg(test)]
mod tests {
    use super::super::Facts;
    use super::super::tests::{found, healthy};

    #[test]
    fn each_constant_feature_is_named() {
        let constant_features = vec!["ax".to_owned(), "wz".to_owned()];
        let findings = found(&super::CHECK, &Facts { constant_features, ..healthy() });
        assert_eq!(findings.iter().map(|f| f.subject.as_str()).collect::<Vec<_>>(), ["ax", "wz"]);
    }
}
