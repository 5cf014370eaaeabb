//! Classes of too few windows.

use super::wording::sql_text;
use super::{Check, Class, Finding};
use crate::split::quote::counted;

/// `few_windows`
pub const CHECK: Check = Check {
    name: "few_windows",
    about: "A class of fewer than 10 windows on all sides.",
    find: |facts| facts.classes.iter().filter_map(finding).collect(),
};

/// Below ten, one window more or less on a side changes the recall of a class by a tenth at least.
const WINDOWS: u64 = 10;

fn finding(class: &Class) -> Option<Finding> {
    let windows = Some(class.windows()).filter(|n| *n < WINDOWS)?;
    let message = match windows {
        0 => format!("class '{}' has no windows", class.label),
        n => format!("class '{}' has {}", class.label, counted(n, "window")),
    };
    let cause =
        "its segments are few, or hardly longer than a window; weights and copies make it count, but show nothing new";
    Some(Finding::warning(&CHECK, message).about(&class.label).because(cause).advise(format!(
        "record more of it; get more windows of what there is, pose_windows((SELECT * FROM frames), width => 15, \
         stride => 5, short => 'pad'); or leave it out: WHERE label <> {}",
        sql_text(&class.label)
    )))
}

#[cfg(test)]
mod tests {
    use super::super::Count;
    use super::super::tests::{found, healthy};

    #[test]
    fn a_class_of_nine_windows_is_a_warning_and_one_of_ten_is_not() {
        let mut facts = healthy();
        facts.classes[0].sides = [3, 0, 0].map(Count::windows);
        facts.classes[1].sides = [6, 2, 1].map(Count::windows);
        facts.classes[2].sides = [6, 2, 2].map(Count::windows);
        facts.classes[3].sides = Default::default();
        let messages: Vec<String> = found(&super::CHECK, &facts).into_iter().map(|f| f.message).collect();
        assert_eq!(
            messages,
            ["class 'jump' has 3 windows", "class 'kick' has 9 windows", "class 'sit' has no windows"]
        );
    }
}
