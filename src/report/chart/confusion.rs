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

/// Of more classes than these, nobody finds anything in a matrix of all ...
const MOST: usize = 200;
/// ... so these many are shown: those with the most mistakes.
const SHOWN: usize = 40;

/// Counts by true and predicted class, in the order in which classes first appear.
struct Matrix<'a> {
    labels: Vec<&'a str>,
    /// [true, predicted]
    counts: Vec<Vec<u64>>,
    /// Windows of each true class, also of those taken for a class that is not shown.
    windows: Vec<u64>,
    /// Classes, shown or not.
    classes: usize,
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
    svg.text("name", Anchor::Start, (left, 12.0), &matrix.heading());
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
        let mut names: Vec<&str> = vec![];
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for name in rows.iter().map(|row| &*row.label).chain(rows.iter().map(|row| &*row.predicted)) {
            places.entry(name).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            });
        }
        // Every name was given its place just now.
        let cells = || rows.iter().map(|row| (places[&*row.label], places[&*row.predicted], row.count));
        let (mut windows, mut mistakes) = (vec![0; names.len()], vec![0; names.len()]);
        for (truth, predicted, n) in cells() {
            windows[truth] += n;
            if truth != predicted {
                mistakes[truth] += n;
                mistakes[predicted] += n;
            }
        }
        let shown = shown(&mistakes);
        let mut at = vec![None; names.len()];
        shown.iter().enumerate().for_each(|(line, class)| at[*class] = Some(line));
        let mut counts = vec![vec![0; shown.len()]; shown.len()];
        for (truth, predicted, n) in cells() {
            if let (Some(line), Some(column)) = (at[truth], at[predicted]) {
                counts[line][column] += n;
            }
        }
        let labels = shown.iter().map(|class| names[*class]).collect();
        let windows = shown.iter().map(|class| windows[*class]).collect();
        Self { labels, counts, windows, classes: names.len() }
    }

    fn heading(&self) -> String {
        let shown = self.labels.len();
        match shown == self.classes {
            true => "predicted →".to_owned(),
            false => {
                format!("predicted → (the {shown} of {} classes with the most mistakes)", count(self.classes as u64))
            }
        }
    }

    fn draw(&self, svg: &mut Svg, (left, top): (f64, f64), cell: f64) {
        let side = cell * self.labels.len() as f64;
        for i in 0..=self.labels.len() {
            let at = cell * i as f64;
            svg.line("grid", (left, top + at), (left + side, top + at));
            svg.line("grid", (left + at, top), (left + at, top + side));
        }
        for (truth, counts) in self.counts.iter().enumerate() {
            let all = self.windows[truth];
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

/// The classes that are shown, by their places: all, or of many those with the most mistakes, the first of equals.
fn shown(mistakes: &[u64]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..mistakes.len()).collect();
    if classes.len() > MOST {
        classes.sort_by_key(|class| std::cmp::Reverse(mistakes[*class]));
        classes.truncate(SHOWN);
        classes.sort_unstable();
    }
    classes
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

    #[test]
    fn of_many_classes_those_with_the_most_mistakes_are_shown() {
        let names: Vec<String> = (0..=MOST).map(|class| format!("c{class:03}")).collect();
        let mut cells: Vec<CellRow> = names.iter().map(|name| cell(name, name, 4)).collect();
        let wrong = SHOWN + 10;
        // Of every second class some are taken for the next, the later the class the more; so it goes for both.
        cells.extend((0..wrong).map(|i| cell(&names[2 * i], &names[2 * i + 1], i as u64)));
        let first = 2 * (wrong - SHOWN / 2);
        // One that is taken for a class that is not shown, which has too few mistakes for it.
        cells.push(cell(&names[first], &names[0], 6));
        let matrix = Matrix::of(&cells.iter().collect::<Vec<_>>());
        assert_eq!(matrix.labels, names[first..first + SHOWN].iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((matrix.counts[0][0], matrix.counts[0][1], matrix.windows[0]), (4, 30, 40));
        let svg = chart("confusion", &cells.iter().collect::<Vec<_>>()).unwrap();
        assert!(svg.contains("the 40 of 201 classes with the most mistakes"), "{svg}");
        // A share is of all windows of the class.
        let right = format!("{0} predicted as {0}: 4 windows, 10.0\u{202f}% of the class", names[first]);
        assert!(svg.contains(&right), "{svg}");
        // Of one class fewer all are shown.
        let all = Matrix::of(&cells[1..MOST].iter().collect::<Vec<_>>());
        assert_eq!((all.labels.len(), all.heading().as_str()), (MOST - 1, "predicted →"));
    }
}
