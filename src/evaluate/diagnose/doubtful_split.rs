//! What lies on several sides of a split, and may be meant to.

use super::{Check, Finding};

/// `doubtful_split`
pub const CHECK: Check = Check {
    name: "doubtful_split",
    about: "People, or values of two classes, on several sides: not refused, and no clean split.",
    find: |facts| facts.shared.iter().map(|(what, advice)| finding(what, advice)).collect(),
};

fn finding(what: &str, advice: &str) -> Finding {
    Finding::warning(&CHECK, what.to_owned())
        .because("what is measured where train knows the person is too good for new people, and so is the choice of an epoch by it")
        .advise(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Facts;
    use super::super::tests::{found, healthy};

    #[test]
    fn a_person_on_two_sides_is_a_warning() {
        let what = "shared subject ('p1') on train, validation: 20 rows of validation and test";
        let facts = Facts { shared: vec![(what.to_owned(), "split by => 'subject'".to_owned())], ..healthy() };
        let findings = found(&super::CHECK, &facts);
        assert_eq!((findings.len(), findings[0].message.as_str()), (1, what));
        assert!(found(&super::CHECK, &healthy()).is_empty());
    }
}
