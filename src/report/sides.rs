//! Rows by the side of the split they belong to: test first, because it is what counts.

use serde::Serialize;

use crate::schema::{TEST, TRAIN, VALIDATION};

/// A key, such as a class, with its rows on each side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line<'a, R> {
    /// The key.
    pub key: &'a str,
    /// The rows of each side, in the order of the sides; usually one, or none.
    pub cells: Vec<Vec<&'a R>>,
}

/// The sides that occur: test, validation, train, and then any other in the order in which it first appears.
pub fn sides<'a>(found: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut sides: Vec<&str> = vec![];
    for side in found {
        if !sides.contains(&side) {
            sides.push(side);
        }
    }
    let place = |side: &&str| [TEST, VALIDATION, TRAIN].iter().position(|known| known == side).unwrap_or(3);
    // A stable sort: others keep their order.
    sides.sort_by_key(place);
    sides
}

/// The rows of each side.
pub fn by_side<R>(rows: &[R], side: fn(&R) -> &str) -> Vec<(&str, Vec<&R>)> {
    let of = |name| rows.iter().filter(|row| side(row) == name).collect();
    sides(rows.iter().map(side)).into_iter().map(|name| (name, of(name))).collect()
}

/// The rows in lines by key, in the order in which keys first appear, with a cell for each of `sides`.
pub fn pivot<'a, R>(rows: &'a [R], sides: &[&str], side: fn(&R) -> &str, key: fn(&R) -> &str) -> Vec<Line<'a, R>> {
    let mut lines: Vec<Line<'a, R>> = vec![];
    for row in rows {
        let found = lines.iter().position(|line| line.key == key(row));
        let at = found.unwrap_or_else(|| {
            lines.push(Line { key: key(row), cells: vec![vec![]; sides.len()] });
            lines.len() - 1
        });
        if let Some(place) = sides.iter().position(|name| *name == side(row)) {
            lines[at].cells[place].push(row);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static str, &'static str);
    const ROWS: [Row; 4] = [("other", "a"), ("train", "a"), ("test", "b"), ("train", "b")];

    #[test]
    fn test_comes_first_and_what_is_unknown_last() {
        assert_eq!(sides(ROWS.iter().map(|row| row.0)), ["test", "train", "other"]);
    }

    #[test]
    fn every_row_has_its_cell() {
        let lines = pivot(&ROWS, &["test", "train", "other"], |row| row.0, |row| row.1);
        let cells = |line: usize| lines[line].cells.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!((lines[0].key, cells(0), cells(1)), ("a", vec![0, 1, 1], vec![1, 1, 0]));
    }
}
