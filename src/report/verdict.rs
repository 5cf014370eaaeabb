//! What the numbers allow to say about the model, in sentences.

use super::number::{counted, percent, points, points_range, probability};
use super::page::{Headline, Page};
use super::rows::BaselineRow;

/// Where a value lies, seen from an interval.
enum Place {
    Below,
    Inside,
    Above,
}

/// Sentences that compare the accuracy on test with guessing and with the best baseline.
pub fn verdict(page: &Page) -> Vec<String> {
    let Some((headline, _)) = page.headline.as_ref().and_then(|h| Some((h, h.accuracy?))) else {
        return vec![
            "There are no test windows. Nothing here says how good the model is on recordings that it has never seen."
                .to_owned(),
        ];
    };
    let mut sentences: Vec<String> = headline.caveat.iter().cloned().collect();
    sentences.push(how(headline));
    sentences.extend(of_few_people(headline));
    sentences.extend(headline.chance.map(|chance| against_chance(headline, chance)));
    let known = page.baselines.iter().filter_map(|baseline| Some((baseline, baseline.accuracy?)));
    // The first of equals, and never NaN.
    let best = known.filter(|(_, accuracy)| accuracy.is_finite()).reduce(|a, b| if b.1 > a.1 { b } else { a });
    sentences.extend(best.map(|(baseline, accuracy)| against_baseline(headline, baseline, accuracy)));
    sentences
}

/// What the interval of the accuracy stands for.
fn how(headline: &Headline) -> String {
    match headline.interval.as_deref() {
        Some("bootstrap over recordings") => "The interval is over recordings: windows of one recording resemble each \
            other, and an interval over windows would be far too narrow."
            .to_owned(),
        Some("wilson") => "The interval is Wilson’s, which takes windows for independent. Those of one recording are \
            not, so the truth may lie further off."
            .to_owned(),
        Some(other) => format!("The interval is by {other}."),
        None => "No interval could be made, so nobody knows how far the truth lies from this.".to_owned(),
    }
}

/// With so many people or more, another draw of them does not change the number much.
const MANY_PEOPLE: u64 = 10;

/// With fewer recordings the paired test cannot come to p below 0.05: its least p is 2 / 2^n.
const ENOUGH: u64 = 6;

/// That an interval over recordings does not cover people, where they are few.
fn of_few_people(headline: &Headline) -> Option<String> {
    let (people, recordings) = headline.subjects.zip(headline.recordings)?;
    (people < MANY_PEOPLE && people < recordings).then(|| {
        format!(
            "These recordings are of {}. Which people are in test decides much, and the interval does not cover that.",
            counted(people, "person", "people")
        )
    })
}

fn against_chance(headline: &Headline, chance: f64) -> String {
    let guess = format!("Guessing gives {}", percent(chance));
    match place(headline, chance) {
        Some(Place::Below) => format!("{guess}: the whole interval lies above that."),
        Some(Place::Inside) => format!("{guess}, inside the interval: this is no proof that anything was learned."),
        Some(Place::Above) => {
            format!("{guess}: the whole interval lies below that. Worse than guessing is a fault, not a lack of data.")
        }
        None => format!("{guess}."),
    }
}

/// By the paired test, where there is one.
fn against_baseline(headline: &Headline, baseline: &BaselineRow, accuracy: f64) -> String {
    let best = format!("The best of the simpler models, {}, has {}", baseline.name, percent(accuracy));
    match (baseline.verdict.as_deref(), baseline.difference) {
        (Some(verdict), Some(difference)) => {
            format!("{best}. {}", paired(verdict, difference, baseline, headline.recordings))
        }
        _ => format!("{best}{}", beside(headline, accuracy)),
    }
}

/// What the paired test over recordings says.
fn paired(verdict: &str, difference: f64, baseline: &BaselineRow, recordings: Option<u64>) -> String {
    let BaselineRow { difference_low, difference_high, p, .. } = baseline;
    let bounds = difference_low.zip(*difference_high).map(|(low, high)| points_range(low, high));
    let mut measured: Vec<String> = bounds.into_iter().map(|bounds| format!("95 % interval {bounds}")).collect();
    measured.extend(p.map(|p| format!("p\u{a0}{}", probability(p))));
    let measured = if measured.is_empty() { String::new() } else { format!(" ({})", measured.join(", ")) };
    let by = format!("{}{measured}", points(difference.abs()));
    match verdict {
        "better" => format!("Over the same recordings this model is better, by {by}."),
        "worse" => format!("Over the same recordings this model is worse, by {by}: the simpler one is the one to use."),
        _ => {
            let than = if difference < 0.0 { "less" } else { "more" };
            let tail = match recordings.filter(|n| *n < ENOUGH) {
                Some(n) => format!("and with {} none could be", counted(n, "recording", "recordings")),
                None => "which is not to say that there is none".to_owned(),
            };
            let by = points(difference.abs());
            format!("Over the same recordings this model has {by} {than}{measured}: no difference is shown, {tail}.")
        }
    }
}

/// Where the accuracy of a baseline lies beside the interval, when recordings are unknown and nothing can be paired.
fn beside(headline: &Headline, accuracy: f64) -> &'static str {
    match place(headline, accuracy) {
        Some(Place::Below) => ": the whole interval lies above that.",
        Some(Place::Inside) => ", inside the interval: this is no proof of being better.",
        Some(Place::Above) => ": the whole interval lies below that, so the simpler way is better here.",
        None => ".",
    }
}

fn place(headline: &Headline, value: f64) -> Option<Place> {
    let (low, high) = headline.low.zip(headline.high)?;
    Some(match value {
        value if value < low => Place::Below,
        value if value > high => Place::Above,
        _ => Place::Inside,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(low: f64, high: f64) -> Page {
        let headline = Headline {
            accuracy: Some((low + high) / 2.0),
            low: Some(low),
            high: Some(high),
            chance: Some(0.25),
            ..Headline::default()
        };
        let baseline = |name: &str, accuracy| BaselineRow { name: name.into(), accuracy, ..BaselineRow::default() };
        let baselines = vec![baseline("none", None), baseline("majority class", Some(0.5)), baseline("tie", Some(0.5))];
        Page { headline: Some(headline), baselines, ..Page::default() }
    }

    #[test]
    fn an_interval_above_both_says_so() {
        let said = verdict(&page(0.6, 0.8)).join("\n");
        assert!(said.contains("Guessing gives 25.0\u{202f}%: the whole interval lies above"), "{said}");
        assert!(said.contains("majority class, has 50.0\u{202f}%: the whole interval lies above"), "{said}");
    }

    #[test]
    fn what_lies_inside_the_interval_is_not_beaten() {
        let said = verdict(&page(0.2, 0.8)).join("\n");
        assert!(
            said.contains("no proof that anything was learned") && said.contains("no proof of being better"),
            "{said}"
        );
    }

    #[test]
    fn a_paired_test_has_the_last_word() {
        let mut page = page(0.6, 0.8);
        let mut said = |verdict: &str, difference, p| {
            page.baselines[1].verdict = Some(verdict.into());
            page.baselines[1].difference = Some(difference);
            page.baselines[1].difference_low = Some(difference - 0.1);
            page.baselines[1].difference_high = Some(difference + 0.1);
            page.baselines[1].p = Some(p);
            super::verdict(&page)[2].clone()
        };
        let better = said("better", 0.2, 0.0001);
        assert!(
            better.ends_with("better, by 20.0 points (95 % interval 10.0 to 30.0, p\u{a0}<\u{a0}0.001)."),
            "{better}"
        );
        let same = said("no difference shown", -0.05, 0.31);
        assert!(
            same.contains("has 5.0 points less (95 % interval −15.0 to 5.0, p\u{a0}=\u{a0}0.310): no difference"),
            "{same}"
        );
        assert!(said("worse", -0.2, 0.01).contains("worse, by 20.0 points"));
        page.headline.as_mut().unwrap().recordings = Some(5);
        page.baselines[1].verdict = Some("no difference shown".into());
        assert!(super::verdict(&page)[2].contains("no difference is shown, and with 5 recordings none could be."));
    }

    #[test]
    fn few_people_are_named() {
        let mut page = page(0.6, 0.8);
        let headline = page.headline.as_mut().unwrap();
        (headline.recordings, headline.subjects) = (Some(28), Some(2));
        assert!(verdict(&page)[1].starts_with("These recordings are of 2 people."));
        page.headline.as_mut().unwrap().subjects = Some(28);
        assert!(verdict(&page)[1].starts_with("Guessing"));
    }

    #[test]
    fn worse_than_guessing_is_called_a_fault() {
        assert!(verdict(&page(0.0, 0.1))[1].contains("a fault"));
    }

    #[test]
    fn without_test_windows_nothing_is_claimed() {
        let said = verdict(&Page::default());
        assert!(said.len() == 1 && said[0].starts_with("There are no test windows."), "{said:?}");
    }
}
