//! Horizontal bars of shares with whiskers for their intervals, from 0 to 100 %.

use super::scale::Scale;
use super::svg::{Anchor, Svg, clip, width_of};
use crate::report::number::{SHARE, percent, range};

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar<'a> {
    /// What it stands for.
    pub name: &'a str,
    /// Share in [0, 1].
    pub value: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// Whether it is the one that the others are compared with.
    pub strong: bool,
}

const WIDTH: f64 = 470.0;
const ROW: f64 = 30.0;
const TOP: f64 = 22.0;
/// Room for the value right of the bars.
const VALUES: f64 = 56.0;
/// The longest name that is shown whole.
const NAME: usize = 24;

/// The chart, with a line across it at `chance`; None without bars.
pub fn chart(label: &str, bars: &[Bar<'_>], chance: Option<f64>) -> Option<String> {
    let name = |bar: &Bar<'_>| width_of(&clip(bar.name, NAME));
    let left = bars.iter().map(name).reduce(f64::max)? + 14.0;
    let bottom = TOP + ROW * bars.len() as f64;
    let x = Scale { values: (0.0, 1.0), pixels: (left, WIDTH - VALUES) };
    let mut svg = Svg::new(WIDTH, bottom + 22.0);
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        svg.line("grid", (x.at(tick), TOP), (x.at(tick), bottom));
        svg.text("tick", Anchor::Middle, (x.at(tick), bottom + 15.0), &format!("{:.0}\u{202f}%", 100.0 * tick));
    }
    for (i, bar) in bars.iter().enumerate() {
        let middle = TOP + ROW * (i as f64 + 0.5);
        svg.titled(&described(bar), |svg| row(svg, bar, x, middle));
    }
    if let Some(chance) = chance {
        svg.line("chance", (x.at(chance), TOP - 4.0), (x.at(chance), bottom));
        svg.text("name", Anchor::Start, (x.at(chance) - 4.0, TOP - 8.0), &format!("chance {}", percent(chance)));
    }
    Some(svg.finish("chart bars", label))
}

/// A bar between its name and its value.
fn row(svg: &mut Svg, bar: &Bar<'_>, x: Scale, middle: f64) {
    let (name, value) = if bar.strong { ("name strong", "tick strong") } else { ("name", "tick") };
    svg.text(name, Anchor::End, (x.at(0.0) - 8.0, middle + 4.0), &clip(bar.name, NAME));
    marks(svg, bar, x, middle, 7.0);
    svg.text(value, Anchor::End, (WIDTH - 2.0, middle + 4.0), &bar.value.map_or("–".to_owned(), percent));
}

/// The bar and whisker alone, small enough for a line of a table; the table has the numbers.
pub fn strip(bar: &Bar<'_>) -> String {
    let mut svg = Svg::new(124.0, 14.0);
    let x = Scale { values: (0.0, 1.0), pixels: (2.0, 122.0) };
    svg.line("grid", (x.at(0.0), 1.0), (x.at(0.0), 13.0));
    svg.line("grid", (x.at(1.0), 1.0), (x.at(1.0), 13.0));
    svg.titled(&described(bar), |svg| marks(svg, bar, x, 7.0, 4.0));
    svg.finish("strip", &described(bar))
}

fn marks(svg: &mut Svg, bar: &Bar<'_>, x: Scale, middle: f64, half: f64) {
    let Some(value) = bar.value.filter(|value| value.is_finite()) else { return };
    let class = if bar.strong { "bar strong" } else { "bar" };
    svg.rect(class, (x.at(0.0), middle - half), (x.at(value) - x.at(0.0), 2.0 * half), 1.0);
    if let Some((low, high)) = bar.low.zip(bar.high) {
        svg.line("whisker", (x.at(low), middle), (x.at(high), middle));
        for end in [low, high] {
            svg.line("whisker", (x.at(end), middle - half * 0.6), (x.at(end), middle + half * 0.6));
        }
    }
    svg.circle("dot", (x.at(value), middle), 2.8);
}

/// `walk: 76.3 %, 95 % interval 60.5–90.7 %`.
fn described(bar: &Bar<'_>) -> String {
    let value = bar.value.map_or("no value".to_owned(), percent);
    let interval = bar.low.zip(bar.high).map(|(low, high)| format!(", 95 % interval {}", range(low, high, SHARE)));
    format!("{}: {value}{}", bar.name, interval.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(value: Option<f64>) -> Bar<'static> {
        Bar { name: "walk", value, low: Some(0.25), high: Some(0.75), strong: true }
    }

    #[test]
    fn a_bar_reaches_from_0_to_its_value() {
        assert!(strip(&bar(Some(0.5))).contains(r#"<rect class="bar strong" x="2" y="3" width="60" height="8"/>"#));
    }

    #[test]
    fn a_bar_without_a_value_is_named_but_not_drawn() {
        let svg = chart("accuracy", &[bar(None)], None).unwrap();
        assert!(!svg.contains("<rect") && svg.contains("walk: no value"), "{svg}");
        assert_eq!(chart("accuracy", &[], Some(0.5)), None);
    }
}
