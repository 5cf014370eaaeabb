//! A simpler model that does as well.

use super::wording::percent;
use super::{Baseline, Check, Facts, Finding};
use crate::evaluate::paired::Verdict;

/// `worse_than_baseline`
pub const CHECK: Check = Check {
    name: "worse_than_baseline",
    about: "A simpler model that has more rows right.",
    find: |facts| facts.baselines.iter().filter_map(|baseline| finding(facts, baseline)).collect(),
};

const CAUSE: &str = "what tells the classes apart is in plain statistics of a window, and the net has too few \
                     windows to find more";

const ADVICE: &str = "use the simpler model, or a smaller net, OPTIONS ('preset' 'tiny'), of several seeds averaged: \
                      COPY (SELECT * FROM dataset) TO 'models/all' STORED AS ENSEMBLE \
                      OPTIONS ('members' 'gait@1,gait@2')";

fn finding(facts: &Facts, baseline: &Baseline) -> Option<Finding> {
    let side = baseline.split;
    let measured = facts.measured(side);
    let (ours, (low, high)) = (measured.accuracy()?.value, measured.bounds()?);
    if baseline.accuracy <= ours {
        return None;
    }
    let clear = baseline.net_is.map_or(baseline.accuracy > high, |net| net == Verdict::Worse);
    let how = match (baseline.net_is, clear) {
        (Some(_), true) => "worse over the same recordings".to_owned(),
        (Some(_), false) => "no difference shown over the same recordings".to_owned(),
        (None, true) => format!("above its interval {} to {}", percent(low), percent(high)),
        (None, false) => format!("within its interval {} to {}", percent(low), percent(high)),
    };
    let message =
        format!("{} reaches {} on {side}, the net {}: {how}", baseline.name, percent(baseline.accuracy), percent(ours));
    let finding = match clear {
        true => Finding::warning(&CHECK, message),
        false => Finding::note(&CHECK, message),
    };
    Some(finding.because(CAUSE).advise(ADVICE).on(side).about(&baseline.name).between((low, high)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, healthy};
    use super::super::{Baseline, Severity};
    use crate::evaluate::paired::Verdict;
    use crate::split::side::Side;

    #[test]
    fn a_baseline_above_the_interval_is_a_warning_and_one_inside_a_note() {
        let mut facts = healthy();
        let baseline =
            |accuracy| Baseline { name: "logistic_regression".into(), split: Side::Test, accuracy, net_is: None };
        // The healthy net has 126 of 140, 90 %.
        facts.measured[2].interval = Some((0.84, 0.94));
        facts.baselines = [0.99, 0.92, 0.90].map(baseline).to_vec();
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warning, Severity::Note]);
        assert_eq!(
            findings[0].message,
            "logistic_regression reaches 99.0 % on test, the net 90.0 %: above its interval 84.0 % to 94.0 %"
        );
    }

    #[test]
    fn recordings_decide_where_they_are_known() {
        let mut facts = healthy();
        // Far above the interval of the net alone, and yet no difference, or the other way round.
        facts.measured[2].interval = Some((0.84, 0.94));
        let baseline = |accuracy, net_is| Baseline {
            name: "logistic_regression".into(),
            split: Side::Test,
            accuracy,
            net_is: Some(net_is),
        };
        facts.baselines = vec![baseline(0.99, Verdict::NoDifferenceShown), baseline(0.92, Verdict::Worse)];
        let findings = found(&super::CHECK, &facts);
        assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Note, Severity::Warning]);
        assert!(findings[0].message.ends_with("the net 90.0 %: no difference shown over the same recordings"));
        assert!(findings[1].message.ends_with("the net 90.0 %: worse over the same recordings"));
    }

    #[test]
    fn a_baseline_of_a_side_that_was_not_measured_is_not_compared() {
        let mut facts = healthy();
        facts.measured[2] = Default::default();
        facts.baselines = vec![Baseline { name: "majority".into(), split: Side::Test, accuracy: 1.0, net_is: None }];
        assert_eq!(found(&super::CHECK, &facts), []);
    }
}
