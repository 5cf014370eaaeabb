//! A confusion matrix as a heat map: darker is a larger share of the true class, so it reads in grey too.

use std::collections::BTreeMap;

use super::svg::{Anchor, Svg, clip, width_of};
use crate::report::number::{count, counted, percent};
use crate::report::rows::CellRow;

/// The longest name that is shown whole.
const NAME: usize = 22;
/// From these shares on the shade needs a text of another colour: from the first in the dark scheme, from the second in
/// the light one. There either colour has the same contrast, 4 to 1.
const MID: f64 = 0.57;
const FULL: f64 = 0.75;

/// Cells below this size hold two digits; the matrix needs the whole width of a page.
const SMALL: f64 = 30.0;

/// Counts by true and predicted class, in the order in which classes first appear.
struct Matrix<'a> {
    labels: Vec<&'a str>,
    /// [true, predicted]
    counts: Vec<Vec<u64>>,
}

/// The chart; None without rows.
pub fn chart(label: &str, rows: &[&CellRow]) -> Option<String> {
    let matrix = Matrix::of(rows);
    let k = matrix.labels.len();
    let cell = cell_size(k)?;
    let names = matrix.labels.iter().map(|name| width_of(&clip(name, NAME))).fold(0.0, f64::max);
    // Names above the columns rise by 45 degrees: as high as they reach to the right.
    let rise = names * std::f64::consts::FRAC_1_SQRT_2 + 14.0;
    let (left, top) = (names + 30.0, rise + 20.0);
    let end = (left + cell * k as f64, top + cell * k as f64);
    let mut svg = Svg::new(end.0 + rise, end.1 + 4.0);
    svg.text("name", Anchor::Start, (left, 12.0), "predicted →");
    svg.text("name", Anchor::End, (left - 8.0, top - 8.0), "true ↓");
    for (i, name) in matrix.labels.iter().enumerate() {
        let middle = cell * (i as f64 + 0.5);
        svg.titled(name, |svg| {
            svg.text("tick", Anchor::End, (left - 8.0, top + middle + 4.0), &clip(name, NAME));
            svg.rising_text("tick", (left + middle + 2.0, top - 7.0), &clip(name, NAME));
        });
    }
    matrix.draw(&mut svg, (left, top), cell);
    Some(svg.finish(if cell < SMALL { "chart confusion large" } else { "chart confusion" }, label))
}

/// Pixels of a cell of K x K; None for no classes.
fn cell_size(k: usize) -> Option<f64> {
    match k {
        0 => None,
        1..=8 => Some(46.0),
        9..=16 => Some(34.0),
        _ => Some(24.0),
    }
}

impl<'a> Matrix<'a> {
    fn of(rows: &[&'a CellRow]) -> Self {
        let mut labels: Vec<&str> = vec![];
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for name in rows.iter().map(|row| &*row.label).chain(rows.iter().map(|row| &*row.predicted)) {
            places.entry(name).or_insert_with(|| {
                labels.push(name);
                labels.len() - 1
            });
        }
        // Every name was given its place just now.
        let mut counts = vec![vec![0; labels.len()]; labels.len()];
        for row in rows {
            counts[places[&*row.label]][places[&*row.predicted]] += row.count;
        }
        Self { labels, counts }
    }

    fn draw(&self, svg: &mut Svg, (left, top): (f64, f64), cell: f64) {
        let side = cell * self.labels.len() as f64;
        for i in 0..=self.labels.len() {
            let at = cell * i as f64;
            svg.line("grid", (left, top + at), (left + side, top + at));
            svg.line("grid", (left + at, top), (left + at, top + side));
        }
        for (truth, counts) in self.counts.iter().enumerate() {
            let all: u64 = counts.iter().sum();
            for (predicted, n) in counts.iter().enumerate() {
                // Most cells of a large matrix are empty: they stay blank.
                if *n > 0 {
                    let at = (left + cell * predicted as f64, top + cell * truth as f64);
                    let share = *n as f64 / all as f64;
                    svg.titled(&self.described(truth, predicted, share), |svg| square(svg, at, cell, *n, share));
                }
            }
        }
        // The diagonal is what is right: outlined, so that it is found in an empty row too.
        for i in 0..self.labels.len() {
            let at = cell * i as f64;
            svg.rect("right", (left + at, top + at), (cell, cell), 0.0);
        }
    }

    fn described(&self, truth: usize, predicted: usize, share: f64) -> String {
        let n = counted(self.counts[truth][predicted], "window", "windows");
        format!("{} predicted as {}: {n}, {} of the class", self.labels[truth], self.labels[predicted], percent(share))
    }
}

/// The shade and the number of a cell.
fn square(svg: &mut Svg, (x, y): (f64, f64), cell: f64, n: u64, share: f64) {
    // Shades below 6 % would not be seen.
    svg.rect("heat", (x + 0.5, y + 0.5), (cell - 1.0, cell - 1.0), share.max(0.06));
    let shade = match share {
        MID..FULL => " mid",
        FULL.. => " full",
        _ => "",
    };
    let small = if n >= 1000 || (cell < SMALL && n >= 100) { " small" } else { "" };
    let class = format!("count{shade}{small}");
    svg.text(&class, Anchor::Middle, (x + cell / 2.0, y + cell / 2.0 + 3.8), &count(n));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate;

    fn cell(label: &str, predicted: &str, count: u64) -> CellRow {
        let row = evaluate::CellRow { label: label.into(), predicted: predicted.into(), count };
        CellRow { split: "test".into(), row }
    }

    #[test]
    fn shades_are_shares_of_the_true_class() {
        let cells = [cell("a", "a", 3), cell("a", "b", 1), cell("b", "a", 0), cell("b", "b", 0)];
        let svg = chart("confusion", &cells.each_ref()).unwrap();
        assert_eq!(svg.matches(r#"class="heat""#).count(), 2);
        assert!(svg.contains(r#"fill-opacity="0.750""#) && svg.contains(r#"fill-opacity="0.250""#), "{svg}");
        assert!(svg.contains("a predicted as b: 1 window, 25.0\u{202f}% of the class"), "{svg}");
    }

    #[test]
    fn a_class_that_is_only_predicted_has_its_row_and_column() {
        let cells = [cell("a", "z", 2)];
        assert_eq!(Matrix::of(&cells.each_ref()).counts, [[0, 2], [0, 0]]);
        assert_eq!(chart("confusion", &[]), None);
    }
}
