//! Where the frames of an even rate lie between those of a recording. Pure: times in, places out.

/// How far from a frame of the grid, in frames, a time may lie to be taken for it at the least: rounding of decimal seconds.
pub const NEAR: f64 = 1e-6;

/// A frame of the grid: its number, and where it lies between two rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Its number: it is `number / hz` seconds after 0.
    pub number: i64,
    /// The row behind it, or the row that it is.
    pub row: usize,
    /// Where it lies from the row before `row` (0) to `row` (1).
    pub share: f64,
}

/// The grid of one recording: frames at whole multiples of 1 / hz seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Grid {
    /// The place of the last row on the grid, in frames.
    last: Option<f64>,
    /// The last number that was given.
    given: Option<i64>,
}

impl Grid {
    /// A recording begins.
    pub fn begin(&mut self) {
        *self = Self::default();
    }

    /// A gap: nothing is read between the last row and the next.
    pub fn gap(&mut self) {
        self.last = None;
    }

    /// The frames after the last row, up to this one at `at` = seconds · hz; it must be greater than that of the last row.
    ///
    /// A frame that lies within `near` of a row, [`NEAR`] or what its time was rounded by, is that row.
    pub fn row(&mut self, row: usize, at: f64, near: f64, places: &mut Vec<Place>) {
        let nearest = at.round();
        let exact = (at - nearest).abs() <= near;
        let end = if exact { nearest } else { at.floor() };
        let begin = match self.last {
            None => end,
            Some(last) => (last + near).floor() + 1.0,
        };
        let mut number = begin as i64;
        while number as f64 <= end {
            let share = match self.last {
                _ if number as f64 == nearest && exact => 1.0,
                Some(last) => (number as f64 - last) / (at - last),
                None => break,
            };
            if self.given.is_none_or(|given| number > given) {
                places.push(Place { number, row, share });
                self.given = Some(number);
            }
            number += 1;
        }
        self.last = Some(at);
    }
}

/// a + share · (b - a): a or b to the bit at either end, missing (NaN) between a value and a missing one.
pub fn between(a: f64, b: f64, share: f64) -> f64 {
    match share {
        0.0 => a,
        1.0 => b,
        _ => a + share * (b - a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(rows: &[f64]) -> Vec<(i64, usize, f64)> {
        let (mut grid, mut places) = (Grid::default(), vec![]);
        for (row, &at) in rows.iter().enumerate() {
            if at.is_nan() { grid.gap() } else { grid.row(row, at, NEAR, &mut places) }
        }
        places.iter().map(|p| (p.number, p.row, (p.share * 1e6).round() / 1e6)).collect()
    }

    #[test]
    fn frames_lie_at_whole_numbers_between_rows() {
        assert_eq!(
            places(&[0.0, 0.5, 1.5, 2.0, 5.0]),
            [(0, 0, 1.0), (1, 2, 0.5), (2, 3, 1.0), (3, 4, 0.333333), (4, 4, 0.666667), (5, 4, 1.0)]
        );
    }

    #[test]
    fn a_recording_that_begins_between_two_frames_begins_with_the_later_one() {
        assert_eq!(places(&[0.25, 0.75, 1.25]), [(1, 2, 0.5)]);
        assert_eq!(places(&[-1.5, -0.5]), [(-1, 1, 0.5)]);
        assert_eq!(places(&[0.25]), []);
    }

    #[test]
    fn nothing_is_read_across_a_gap() {
        assert_eq!(places(&[0.0, 1.0, f64::NAN, 3.5, 4.5]), [(0, 0, 1.0), (1, 1, 1.0), (4, 4, 0.5)]);
        // A frame that both sides of a gap are near to is given once.
        assert_eq!(places(&[0.5, 1.0 - 1e-7, f64::NAN, 1.0 + 1e-7, 2.0]), [(1, 1, 1.0), (2, 4, 1.0)]);
    }

    #[test]
    fn times_that_were_rounded_are_near_enough() {
        // 8 frames at 30 a second in whole milliseconds: none is lost, and none is read between two rows.
        let (mut grid, mut places) = (Grid::default(), vec![]);
        for (row, time) in [0.0, 0.033, 0.067, 0.1, 0.133, 0.167, 0.2, 0.233].into_iter().enumerate() {
            grid.row(row, time * 30.0, 0.015, &mut places);
        }
        assert!(places.len() == 8 && places.iter().all(|p| p.number == p.row as i64 && p.share == 1.0), "{places:?}");
    }

    #[test]
    fn decimal_seconds_are_near_enough() {
        // 0.02 s frames at 25 Hz: every second row is a frame, though 0.02 · 25 is no binary fraction.
        let rows: Vec<f64> = (0..1000).map(|row| f64::from(row) * 0.02 * 25.0).collect();
        let places = places(&rows);
        assert_eq!(places.len(), 500);
        assert!(places.iter().all(|&(number, row, share)| row as i64 == 2 * number && share == 1.0));
    }
}
