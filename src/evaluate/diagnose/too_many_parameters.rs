//! A net that is too large for its windows.

use super::wording::grouped;
use super::{Check, Facts, Finding};
use crate::split::quote::counted;
use crate::split::side::Side;

/// `too_many_parameters`
pub const CHECK: Check = Check {
    name: "too_many_parameters",
    about: "More than 100 parameters of the net for each train window.",
    find: |facts| find(facts).into_iter().collect(),
};

/// A rule of thumb, and a mild one: a window of 30 frames and 7 features has 210 values, most of which repeat each
/// other. Copies do not count.
const PER_WINDOW: f64 = 100.0;

fn find(facts: &Facts) -> Option<Finding> {
    let (parameters, windows) = (facts.parameters?, facts.windows(Side::Train));
    let ratio = parameters as f64 / windows as f64;
    if windows == 0 || ratio <= PER_WINDOW {
        return None;
    }
    let message = format!(
        "the net has {} parameters for {} of train, {} for each",
        grouped(parameters),
        counted(windows, "window"),
        grouped(ratio.round() as u64)
    );
    Some(
        Finding::warning(&CHECK, message)
            .on(Side::Train)
            .because("a net that can hold every window by heart does so before it learns what they share")
            .advise(
                "a smaller one: OPTIONS ('preset' 'tiny'), which is 'units' '32,16' and 'dense' '8', or OPTIONS \
                     ('preset' 'small')",
            ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};

    #[test]
    fn a_net_of_over_100_parameters_a_window_is_a_warning() {
        let mut facts = healthy();
        facts.parameters = Some(42_000);
        assert_eq!(found(&super::CHECK, &facts), []);
        facts.parameters = Some(121_351);
        assert_eq!(
            found(&super::CHECK, &facts)[0].message,
            "the net has 121,351 parameters for 420 windows of train, 289 for each"
        );
    }
}
