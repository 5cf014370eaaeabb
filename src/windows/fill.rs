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

impl Fill {
    /// The value of the argument `nulls`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Carry => "carry",
            Self::Interpolate => "interpolate",
        }
    }
}

/// Fills rows as they come; what is there costs nothing.
pub struct Filler {
    fill: Fill,
    /// Longest run of missing values of a column that is filled.
    most: usize,
    columns: Vec<Column>,
    /// Frame number and values of the last row.
    last: (i64, Vec<f32>),
    filled: u64,
    /// The row of each value that was filled since it was asked for; None where nobody asks.
    log: Option<Vec<u64>>,
}

/// What is known of a column of the matrix.
#[derive(Default)]
struct Column {
    /// The frame and the value before the run.
    before: Option<(i64, f32)>,
    /// Rows and frames of a run that has not ended; none of a run that is longer than any that is filled.
    run: Vec<(u64, i64)>,
    /// The last row of that run.
    open: Option<u64>,
}

/// Rows that have come, and where they begin something new.
struct Rows<'a> {
    range: Range<u64>,
    frames: &'a [i64],
    starts: &'a [u64],
}

impl Rows<'_> {
    fn frame(&self, row: u64) -> i64 {
        self.frames[(row - self.range.start) as usize]
    }

    fn starts(&self, row: u64) -> bool {
        self.starts.binary_search(&row).is_ok()
    }
}

impl Filler {
    /// Of matrices with `dim` columns.
    pub fn new(fill: Fill, most: usize, dim: usize) -> Self {
        let columns = (0..dim).map(|_| Column::default()).collect();
        Self { fill, most, columns, last: (0, vec![0.0; dim]), filled: 0, log: None }
    }

    /// The same, which remembers the rows of what it fills.
    pub fn with_log(self) -> Self {
        Self { log: Some(vec![]), ..self }
    }

    /// The row of each value that was filled since the last call, in no order.
    pub fn take_log(&mut self) -> Vec<u64> {
        self.log.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn count(&mut self, row: u64) {
        self.filled += 1;
        self.log.iter_mut().for_each(|log| log.push(row));
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
        let missing: Vec<_> = matrix.missing(rows.clone()).collect();
        if self.fill == Fill::Zero {
            for (row, place) in missing {
                matrix.set(row, place, 0.0);
                self.count(row);
            }
            return;
        }
        let Some(last) = rows.clone().next_back() else { return };
        let rows = Rows { range: rows, frames, starts };
        let before = |filler: &Self, matrix: &Matrix, row: u64, place: usize| match row {
            row if rows.starts(row) => None,
            row if row == rows.range.start => Some((filler.last.0, filler.last.1[place])),
            row => Some((rows.frame(row - 1), matrix.value(row - 1, place))),
        };
        for (place, missing) in by_place(missing, self.columns.len()).into_iter().enumerate() {
            for row in missing {
                // The values of a run lie one below the other.
                let goes_on = self.columns[place].open.is_some_and(|open| open + 1 == row) && !rows.starts(row);
                if !goes_on {
                    self.end(matrix, place, Some(&rows));
                    self.columns[place].before = before(self, matrix, row, place);
                }
                self.miss(place, row, rows.frame(row));
            }
            if self.columns[place].open.is_some_and(|open| open < last) {
                self.end(matrix, place, Some(&rows));
            }
        }
        self.last.0 = rows.frame(last);
        self.last.1.copy_from_slice(matrix.rows(last, last + 1).values);
    }

    /// No more rows will come.
    pub fn finish(&mut self, matrix: &mut Matrix) {
        (0..self.columns.len()).for_each(|place| self.end(matrix, place, None));
    }

    fn miss(&mut self, place: usize, row: u64, frame: i64) {
        let column = &mut self.columns[place];
        let given_up = column.open.is_some() && column.run.is_empty();
        column.open = Some(row);
        if !given_up {
            column.run.push((row, frame));
        }
        if column.run.len() > self.most {
            column.run.clear();
        }
    }

    /// Fills the run of a column, which ends with its stretch or before a value of `rows`.
    fn end(&mut self, matrix: &mut Matrix, place: usize, rows: Option<&Rows>) {
        let column = &mut self.columns[place];
        let Some(open) = column.open.take() else { return };
        let (before, mut run) = (column.before, std::mem::take(&mut column.run));
        let next = rows.filter(|rows| !rows.starts(open + 1));
        let after = next.map(|rows| (rows.frame(open + 1), matrix.value(open + 1, place)));
        for (row, frame) in run.drain(..) {
            let value = match (self.fill, before, after) {
                (Fill::Interpolate, Some(before), Some(after)) => line(before, after, frame),
                (Fill::Interpolate, None, Some((_, value))) | (_, Some((_, value)), _) => value,
                _ => continue,
            };
            matrix.set(row, place, value);
            self.count(row);
        }
        // Its memory serves the next run.
        self.columns[place].run = run;
    }
}

/// The rows of each of `dim` places, rising.
fn by_place(missing: Vec<(u64, usize)>, dim: usize) -> Vec<Vec<u64>> {
    let mut places = vec![vec![]; dim];
    missing.into_iter().for_each(|(row, place)| places[place].push(row));
    places
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

    /// The same, by looking at the whole column: every run of missing values inside its stretch.
    fn looked_up(fill: Fill, most: usize, values: &[f32], starts: &[u64]) -> Vec<f32> {
        let mut filled = values.to_vec();
        let begins = |row: usize| row == 0 || starts.contains(&(row as u64));
        let mut row = 0;
        while row < values.len() {
            if !values[row].is_nan() {
                row += 1;
                continue;
            }
            let begin = row;
            row += 1;
            while row < values.len() && values[row].is_nan() && !begins(row) {
                row += 1;
            }
            let known = |row: usize| (row as i64 * 2, values[row]);
            let before = (!begins(begin)).then(|| known(begin - 1));
            let after = (row < values.len() && !begins(row)).then(|| known(row));
            for missing in (begin..row).filter(|_| row - begin <= most) {
                filled[missing] = match (fill, before, after) {
                    (Fill::Zero, ..) => 0.0,
                    (Fill::Interpolate, Some(before), Some(after)) => line(before, after, missing as i64 * 2),
                    (Fill::Interpolate, None, Some((_, value))) | (_, Some((_, value)), _) => value,
                    _ => GONE,
                };
            }
        }
        filled
    }

    #[test]
    fn what_is_filled_does_not_depend_on_the_pieces() {
        let mut stream = crate::random::Stream::new(9, &["fill"]);
        for round in 0..400 {
            let gone = stream.between(0.0, 0.9);
            let rows = stream.below(40) as usize;
            let values: Vec<f32> =
                (0..rows).map(|row| if stream.uniform() < gone { GONE } else { row as f32 * 1.5 }).collect();
            let starts: Vec<u64> = (0..rows as u64).filter(|row| *row == 0 || stream.uniform() < 0.1).collect();
            let most = 1 + stream.below(6) as usize;
            let mut pieces = vec![];
            let mut rest = values.as_slice();
            while !rest.is_empty() {
                let (piece, more) = rest.split_at(1 + stream.below(rest.len() as u64) as usize);
                pieces.push(piece);
                rest = more;
            }
            for fill in [Fill::Carry, Fill::Interpolate] {
                let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
                let (given, expected) = (filled(fill, most, &pieces, &starts), looked_up(fill, most, &values, &starts));
                assert_eq!(bits(given), bits(expected), "round {round}, {fill:?}, {values:?}, {starts:?}, {pieces:?}");
            }
        }
    }
}
