//! No test.

use super::{Check, Facts, Finding};
use crate::split::side::Side;

/// `empty_test`
pub const CHECK: Check = Check {
    name: "empty_test",
    about: "Train has windows, test has none.",
    find: |facts| find(facts).into_iter().collect(),
};

fn find(facts: &Facts) -> Option<Finding> {
    if facts.windows(Side::Train) == 0 || facts.windows(Side::Test) > 0 {
        return None;
    }
    let validation = match facts.windows(Side::Validation) {
        0 => "",
        _ => ", and validation chose the epoch, so its accuracy is too high",
    };
    Some(
        Finding::note(&CHECK, "test is empty")
            .on(Side::Test)
            .because(format!("nothing was measured on rows that took no part in training{validation}"))
            .advise(
                "give test a share before you tell anybody a number: pose_split((SELECT * FROM windows), by => \
                     'video', test => 0.2)",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Count;
    use super::super::tests::{found, healthy};

    #[test]
    fn train_without_test_is_a_note() {
        let mut facts = healthy();
        facts.classes.iter_mut().for_each(|class| class.sides[2] = Count::default());
        assert!(found(&super::CHECK, &facts)[0].cause.contains("validation chose the epoch"));
    }
}
