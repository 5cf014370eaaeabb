//! Missing values, filled from their neighbours in time. Knows a matrix and frame numbers, no Arrow.

use std::ops::Range;

use super::matrix::Matrix;

/// What a missing value becomes. Neighbours are frames of the same stretch: of one recording, without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub enum Fill {
    /// 0.
    Zero,
    /// The value before it in its stretch, if there is one.
    Carry,
    /// On the line, by frame numbers, from the value before it to the value after it; at the ends of a stretch the nearest value.
    Interpolate,
}

/// Fills rows as they come.
pub struct Filler {
    fill: Fill,
    /// Longest run of missing values of a column that is filled.
    most: usize,
    columns: Vec<Column>,
    filled: u64,
}

/// What is known of a column of the matrix.
#[derive(Default)]
struct Column {
    /// The frame and the value before the run.
    before: Option<(i64, f32)>,
    /// Rows and frames of a run that has not ended.
    run: Vec<(u64, i64)>,
    /// The run is longer than any that is filled.
    given_up: bool,
}

impl Filler {
    /// Of matrices with `dim` columns.
    pub fn new(fill: Fill, most: usize, dim: usize) -> Self {
        Self { fill, most, columns: (0..dim).map(|_| Column::default()).collect(), filled: 0 }
    }

    /// Values that were filled so far.
    pub fn filled(&self) -> u64 {
        self.filled
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|column| column.run.capacity() * size_of::<(u64, i64)>()).sum()
    }

    /// Rows before this one stay as they are; `rows` is the number of all.
    pub fn ready(&self, rows: u64) -> u64 {
        self.columns.iter().filter_map(|column| column.run.first()).map(|(row, _)| *row).min().unwrap_or(rows)
    }

    /// Looks at new rows with their frame numbers; a stretch begins at each of `starts`, which rise.
    pub fn fill(&mut self, matrix: &mut Matrix, rows: Range<u64>, frames: &[i64], starts: &[u64]) {
        if self.fill == Fill::Zero {
            let missing = matrix.missing(rows);
            self.filled += missing.len() as u64;
            missing.into_iter().for_each(|(row, place)| matrix.set(row, place, 0.0));
            return;
        }
        let nothing_missing = matrix.missing(rows.clone()).is_empty();
        for place in 0..self.columns.len() {
            if nothing_missing && self.columns[place].run.is_empty() {
                if let (Some(last), Some(&frame)) = (rows.clone().next_back(), frames.last()) {
                    self.columns[place] =
                        Column { before: Some((frame, matrix.value(last, place))), ..Column::default() };
                }
                continue;
            }
            let mut starts = starts.iter().copied().peekable();
            for (row, &frame) in rows.clone().zip(frames) {
                if starts.next_if_eq(&row).is_some() {
                    self.end(matrix, place, None);
                    self.columns[place].before = None;
                }
                if matrix.is_missing(row, place) {
                    self.miss(place, row, frame);
                } else {
                    let here = (frame, matrix.value(row, place));
                    self.end(matrix, place, Some(here));
                    self.columns[place].before = Some(here);
                }
            }
        }
    }

    /// No more rows will come.
    pub fn finish(&mut self, matrix: &mut Matrix) {
        (0..self.columns.len()).for_each(|place| self.end(matrix, place, None));
    }

    fn miss(&mut self, place: usize, row: u64, frame: i64) {
        let column = &mut self.columns[place];
        if !column.given_up {
            column.run.push((row, frame));
        }
        if column.run.len() > self.most {
            column.run.clear();
            column.given_up = true;
        }
    }

    /// Fills the run of a column, which ends before `after` or with its stretch.
    fn end(&mut self, matrix: &mut Matrix, place: usize, after: Option<(i64, f32)>) {
        let column = &mut self.columns[place];
        column.given_up = false;
        for (row, frame) in column.run.drain(..) {
            let value = match (self.fill, column.before, after) {
                (Fill::Interpolate, Some(before), Some(after)) => line(before, after, frame),
                (Fill::Interpolate, None, Some((_, value))) | (_, Some((_, value)), _) => value,
                _ => continue,
            };
            matrix.set(row, place, value);
            self.filled += 1;
        }
    }
}

/// The value at `frame` on the line through two points.
fn line((from, a): (i64, f32), (to, b): (i64, f32), frame: i64) -> f32 {
    let share = (frame as f64 - from as f64) / (to as f64 - from as f64);
    (f64::from(a) + share * (f64::from(b) - f64::from(a))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const GONE: f32 = f32::NAN;

    /// One column, given in pieces, with a stretch that begins at each of `starts`.
    fn filled(fill: Fill, most: usize, pieces: &[&[f32]], starts: &[u64]) -> Vec<f32> {
        let (mut matrix, mut filler, mut rows) = (Matrix::new(1), Filler::new(fill, most, 1), 0);
        for piece in pieces {
            matrix.extend(piece);
            let end = rows + piece.len() as u64;
            let frames: Vec<i64> = (rows..end).map(|row| row as i64 * 2).collect();
            let starts: Vec<u64> = starts.iter().copied().filter(|start| (rows..end).contains(start)).collect();
            filler.fill(&mut matrix, rows..end, &frames, &starts);
            rows = end;
        }
        filler.finish(&mut matrix);
        assert_eq!(filler.ready(rows), rows);
        matrix.rows(0, rows).values.to_vec()
    }

    fn same(ours: &[f32], expected: &[f32]) {
        assert_eq!(
            ours.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            expected.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_run_lies_on_the_line_and_ends_have_the_nearest_value() {
        let values = [GONE, 1.0, GONE, GONE, 4.0, GONE];
        same(&filled(Fill::Interpolate, 9, &[&values], &[0]), &[1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
        // Rows may arrive one by one.
        let pieces: Vec<&[f32]> = values.chunks(1).collect();
        same(&filled(Fill::Interpolate, 9, &pieces, &[0]), &[1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
    }

    #[test]
    fn nothing_crosses_the_end_of_a_stretch() {
        let values = [1.0, GONE, GONE, 9.0, GONE];
        same(&filled(Fill::Interpolate, 9, &[&values], &[0, 2]), &[1.0, 1.0, 9.0, 9.0, 9.0]);
        same(&filled(Fill::Carry, 9, &[&values], &[0, 2]), &[1.0, 1.0, GONE, 9.0, 9.0]);
    }

    #[test]
    fn a_run_that_is_too_long_stays() {
        let values = [1.0, GONE, GONE, GONE, 5.0, GONE, 7.0];
        same(&filled(Fill::Interpolate, 2, &[&values], &[0]), &[1.0, GONE, GONE, GONE, 5.0, 6.0, 7.0]);
        same(&filled(Fill::Interpolate, 3, &[&values], &[0]), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    }

    #[test]
    fn a_stretch_without_a_value_stays_and_zero_is_zero() {
        same(&filled(Fill::Interpolate, 9, &[&[GONE, GONE]], &[0]), &[GONE, GONE]);
        same(&filled(Fill::Zero, 9, &[&[GONE, 2.0]], &[0]), &[0.0, 2.0]);
    }

    #[test]
    fn rows_wait_for_the_end_of_their_run() {
        let (mut matrix, mut filler) = (Matrix::new(1), Filler::new(Fill::Interpolate, 9, 1));
        matrix.extend(&[1.0, GONE, GONE]);
        filler.fill(&mut matrix, 0..3, &[0, 1, 2], &[0]);
        assert_eq!(filler.ready(3), 1);
        matrix.extend(&[4.0]);
        filler.fill(&mut matrix, 3..4, &[3], &[]);
        assert_eq!((filler.ready(4), filler.filled()), (4, 2));
    }
}
