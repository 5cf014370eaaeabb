//! A reliability diagram: how often the model is right, over how sure it says it is.

use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::report::number::{counted, percent, whole_range};
use crate::report::rows::ReliabilityRow;

const SIZE: (f64, f64) = (368.0, 390.0);
const LEFT: f64 = 56.0;
const RIGHT: f64 = 346.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 300.0;
/// The counts stand below, between these heights.
const COUNTS: (f64, f64) = (306.0, 340.0);

/// The chart; None where no bin has windows.
pub fn chart(label: &str, bins: &[&ReliabilityRow]) -> Option<String> {
    let most = bins.iter().map(|bin| bin.count).max().filter(|most| *most > 0)?;
    let x = Scale { values: (0.0, 1.0), pixels: (LEFT, RIGHT) };
    let y = Scale { values: (0.0, 1.0), pixels: (BOTTOM, TOP) };
    let mut svg = Svg::new(SIZE.0, SIZE.1);
    axes(&mut svg, x, y);
    let seen = bins.iter().filter(|bin| bin.count > 0);
    let points: Vec<_> = seen.filter_map(|bin| Some((*bin, bin.confidence?, bin.accuracy?))).collect();
    svg.path("a", &points.iter().map(|(_, sure, right)| (x.at(*sure), y.at(*right))).collect::<Vec<_>>());
    for (bin, sure, right) in points {
        svg.titled(&described(bin), |svg| {
            svg.line("gap", (x.at(sure), y.at(sure)), (x.at(sure), y.at(right)));
            // The area of a dot is its count.
            svg.circle("a dot", (x.at(sure), y.at(right)), 2.0 + 6.0 * (bin.count as f64 / most as f64).sqrt());
        });
    }
    let height = Scale { values: (0.0, most as f64), pixels: (0.0, COUNTS.1 - COUNTS.0) };
    for bin in bins {
        let high = height.at(bin.count as f64);
        let (from, to) = (x.at(bin.low) + 1.0, x.at(bin.high) - 1.0);
        svg.titled(&described(bin), |svg| svg.rect("bar", (from, COUNTS.1 - high), (to - from, high), 1.0));
    }
    Some(svg.finish("chart reliability", label))
}

fn axes(svg: &mut Svg, x: Scale, y: Scale) {
    for tick in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
        let text = format!("{:.0}\u{202f}%", 100.0 * tick);
        svg.line("grid", (LEFT, y.at(tick)), (RIGHT, y.at(tick)));
        svg.line("grid", (x.at(tick), TOP), (x.at(tick), BOTTOM));
        svg.text("tick", Anchor::End, (LEFT - 6.0, y.at(tick) + 3.5), &text);
        svg.text("tick", Anchor::Middle, (x.at(tick), COUNTS.1 + 16.0), &text);
    }
    svg.line("chance", (LEFT, BOTTOM), (RIGHT, TOP));
    svg.line("axis", (LEFT, COUNTS.1), (RIGHT, COUNTS.1));
    svg.text("name", Anchor::Start, (LEFT + 6.0, TOP + 14.0), "how often it is right");
    svg.text("name", Anchor::End, (LEFT - 6.0, COUNTS.1 - 2.0), "windows");
    svg.text("name", Anchor::End, (RIGHT, COUNTS.1 + 34.0), "how sure it says it is");
}

fn described(bin: &ReliabilityRow) -> String {
    let value = |share: Option<f64>| share.map_or("–".to_owned(), percent);
    let windows = counted(bin.count, "window", "windows");
    let (bin, sure, right) = (whole_range(bin.low, bin.high), value(bin.confidence), value(bin.accuracy));
    format!("{bin} sure: {windows}, on average {sure} sure and {right} right")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate;

    #[test]
    fn a_dot_stands_at_confidence_and_accuracy() {
        let (confidence, accuracy) = (Some(0.5), Some(0.25));
        let row = evaluate::ReliabilityRow { low: 0.5, high: 0.6, count: 4, confidence, accuracy };
        let bin = ReliabilityRow { split: "test".into(), row };
        let svg = chart("reliability", &[&bin]).unwrap();
        assert!(svg.contains(r#"<circle class="a dot" cx="201" cy="227.5" r="8"/>"#), "{svg}");
        assert!(
            svg.contains("50–60\u{202f}% sure: 4 windows, on average 50.0\u{202f}% sure and 25.0\u{202f}% right"),
            "{svg}"
        );
    }

    #[test]
    fn no_windows_are_no_chart() {
        assert_eq!(chart("reliability", &[&ReliabilityRow::default()]), None);
    }
}
