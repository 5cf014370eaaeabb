//! Lines over epochs, with axes, ticks and a legend. Lines differ by dash and dot, not by colour alone.

use super::scale::{Scale, ticks, whole_ticks};
use super::svg::{Anchor, Svg, width_of};
use crate::report::number::{percent, short};

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name in the legend.
    pub name: &'static str,
    /// Its class in the style sheet.
    pub class: &'static str,
    /// Epoch and value; where there is none, the line is broken.
    pub points: Vec<(f64, Option<f64>)>,
}

/// What the values are, and with that where their axis begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// From 0 to 100 %.
    Shares,
    /// From 0, or the least value below it, to the largest.
    Numbers,
}

const SIZE: (f64, f64) = (360.0, 230.0);
/// The corners of the field that lines are drawn in.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 348.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 192.0;
/// More epochs than these are a line without dots.
const DOTS: usize = 40;

/// The chart; `kept` is the epoch that is marked. None where no line has a finite value.
pub fn chart(label: &str, values: Values, lines: &[Line], kept: Option<u64>) -> Option<String> {
    let finite = |line: &Line| line.points.iter().any(|(_, y)| y.is_some_and(f64::is_finite));
    let lines: Vec<&Line> = lines.iter().filter(|line| finite(line)).collect();
    let (x, y) = (epochs(&lines)?, heights(values, &lines));
    let mut svg = Svg::new(SIZE.0, SIZE.1);
    axes(&mut svg, values, x, y);
    if let Some(epoch) = kept.map(|epoch| epoch as f64).filter(|epoch| x.values.0 <= *epoch && *epoch <= x.values.1) {
        mark(&mut svg, x.at(epoch), epoch);
    }
    lines.iter().for_each(|line| draw(&mut svg, line, values, x, y));
    legend(&mut svg, &lines);
    Some(svg.finish("chart lines", label))
}

fn epochs(lines: &[&Line]) -> Option<Scale> {
    let all = || lines.iter().flat_map(|line| line.points.iter().map(|(x, _)| *x));
    let (low, high) = (all().reduce(f64::min)?, all().reduce(f64::max)?);
    Some(Scale { values: (low, high), pixels: (LEFT + 8.0, RIGHT - 8.0) })
}

fn heights(values: Values, lines: &[&Line]) -> Scale {
    let all = lines.iter().flat_map(|line| line.points.iter().filter_map(|(_, y)| *y)).filter(|y| y.is_finite());
    let (low, high) = match values {
        Values::Shares => (0.0, 1.0),
        Values::Numbers => all.fold((0.0, 0.0), |(low, high): (f64, f64), y| (low.min(y), high.max(y))),
    };
    let high = if high > low { high } else { low + 1.0 };
    Scale { values: (low, high), pixels: (BOTTOM, TOP) }
}

fn axes(svg: &mut Svg, values: Values, x: Scale, y: Scale) {
    for tick in ticks(y.values.0, y.values.1, 5) {
        let height = y.at(tick);
        svg.line("grid", (LEFT, height), (RIGHT, height));
        let text = if values == Values::Shares { format!("{:.0}\u{202f}%", 100.0 * tick) } else { short(tick) };
        svg.text("tick", Anchor::End, (LEFT - 6.0, height + 3.5), &text);
    }
    svg.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    for tick in whole_ticks(x.values.0, x.values.1, 6) {
        svg.line("axis", (x.at(tick), BOTTOM), (x.at(tick), BOTTOM + 4.0));
        svg.text("tick", Anchor::Middle, (x.at(tick), BOTTOM + 16.0), &short(tick));
    }
    svg.text("name", Anchor::End, (RIGHT, BOTTOM + 32.0), "epoch");
}

fn mark(svg: &mut Svg, at: f64, epoch: f64) {
    svg.titled(&format!("the weights of epoch {epoch} were kept"), |svg| {
        svg.line("kept", (at, TOP), (at, BOTTOM));
        // On the side where there is room.
        let (anchor, x) = if at > (LEFT + RIGHT) / 2.0 { (Anchor::End, at - 4.0) } else { (Anchor::Start, at + 4.0) };
        svg.text("name", anchor, (x, BOTTOM + 32.0), &format!("kept: {epoch}"));
    });
}

fn draw(svg: &mut Svg, line: &Line, values: Values, x: Scale, y: Scale) {
    let finite = |value: &Option<f64>| value.filter(|value| value.is_finite());
    for run in line.points.chunk_by(|a, b| finite(&a.1).is_some() == finite(&b.1).is_some()) {
        let run: Vec<_> = run.iter().filter_map(|(epoch, value)| Some((x.at(*epoch), y.at(finite(value)?)))).collect();
        svg.path(line.class, &run);
    }
    if line.points.len() > DOTS {
        return;
    }
    for (epoch, value) in line.points.iter().filter_map(|(epoch, value)| Some((*epoch, finite(value)?))) {
        let text = if values == Values::Shares { percent(value) } else { short(value) };
        svg.titled(&format!("epoch {epoch}, {}: {text}", line.name), |svg| {
            svg.circle(line.class, (x.at(epoch), y.at(value)), 2.6);
        });
    }
}

fn legend(svg: &mut Svg, lines: &[&Line]) {
    let mut at = LEFT;
    // One line needs no legend: the caption names it.
    for line in lines.iter().filter(|_| lines.len() > 1) {
        svg.path(line.class, &[(at, 12.0), (at + 24.0, 12.0)]);
        svg.circle(line.class, (at + 12.0, 12.0), 2.6);
        svg.text("name", Anchor::Start, (at + 30.0, 15.5), line.name);
        at += 30.0 + width_of(line.name) + 18.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[Option<f64>]) -> Line {
        let points = values.iter().enumerate().map(|(i, value)| ((i + 1) as f64, *value)).collect();
        Line { name: "train", class: "a", points }
    }

    #[test]
    fn a_value_that_is_no_number_breaks_the_line() {
        let values = [Some(1.0), Some(0.5), Some(f64::NAN), Some(0.5), Some(0.25)];
        let svg = chart("loss", Values::Numbers, &[line(&values)], None).unwrap();
        assert_eq!((svg.matches("<path").count(), svg.matches("<circle").count()), (2, 4));
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn one_epoch_is_a_dot() {
        let svg = chart("loss", Values::Numbers, &[line(&[Some(1.0)])], Some(1)).unwrap();
        assert_eq!((svg.matches("<path").count(), svg.matches("<circle").count()), (0, 1));
    }

    #[test]
    fn nothing_to_draw_is_no_chart() {
        assert_eq!(chart("loss", Values::Numbers, &[line(&[None, Some(f64::INFINITY)])], None), None);
        assert_eq!(chart("loss", Values::Numbers, &[], None), None);
    }
}
