//! Stretches: the rows of a partition between gaps of time.

use std::fmt::Display;
use std::ops::{Range, Sub};

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float64Type, Int64Type};

use crate::error::{Error, Result, data_err};

/// The rows that have a time, and where they are cut.
#[derive(Debug, PartialEq)]
pub(super) struct Stretches {
    /// The rows that have a time, in order.
    pub rows: Vec<usize>,
    /// The time of each of them, from the first on where times are whole numbers.
    pub times: Vec<f64>,
    /// The stretches of `rows` in which no step of time is a gap.
    pub stretches: Vec<Range<usize>>,
}

impl Stretches {
    /// All rows, one frame after another.
    pub fn without_times(rows: usize) -> Self {
        Self {
            rows: (0..rows).collect(),
            times: (0..rows).map(|t| t as f64).collect(),
            stretches: std::iter::once(0..rows).collect(),
        }
    }

    /// Rows by the column of their times, Int64 or Float64. A step larger than `max_gap` is a gap; without it, one larger
    /// than 1 of whole numbers, and none of others.
    ///
    /// # Errors
    /// Times that do not rise strictly, or are no numbers.
    pub fn new(function: &str, times: &ArrayRef, max_gap: Option<f64>) -> Result<Self> {
        match times.data_type() {
            DataType::Int64 => {
                let whole = times.as_primitive::<Int64Type>();
                // Differences of i64 fit i128, and few of them are too large for f64 to tell apart.
                let of = |t: i64| i128::from(t);
                Self::cut(function, whole, of, |gap| gap as f64, max_gap.unwrap_or(1.0))
            }
            DataType::Float64 => {
                let times = times.as_primitive::<Float64Type>();
                if let Some(t) = times.iter().flatten().find(|t| !t.is_finite()) {
                    return data_err!("{function}: t must be a finite number or NULL (was {t})");
                }
                Self::cut(function, times, |t| t, |gap| gap, max_gap.unwrap_or(f64::INFINITY))
            }
            other => Err(Error::Internal(format!("{function}: times of type {other}"))),
        }
    }

    fn cut<P, T>(
        function: &str,
        column: &PrimitiveArray<P>,
        exact: impl Fn(P::Native) -> T,
        rounded: impl Fn(T) -> f64,
        max_gap: f64,
    ) -> Result<Self>
    where
        P: ArrowPrimitiveType,
        T: Copy + PartialOrd + Display + Sub<Output = T>,
    {
        let rows: Vec<usize> = (0..column.len()).filter(|row| column.is_valid(*row)).collect();
        let at: Vec<T> = rows.iter().map(|row| exact(column.value(*row))).collect();
        let mut ends = vec![];
        for (place, pair) in at.windows(2).enumerate() {
            let (before, t) = (pair[0], pair[1]);
            if t <= before {
                return data_err!(
                    "{function}: t must rise from row to row of a partition ({before} is followed by {t}); say which rows \
                     are a recording and their order, as in OVER (PARTITION BY video ORDER BY frame)"
                );
            }
            if rounded(t - before) > max_gap {
                ends.push(place + 1);
            }
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let stretches = starts.zip(ends.iter().copied().chain([rows.len()])).map(|(start, end)| start..end).collect();
        let times = at.iter().map(|t| rounded(*t - at[0])).collect();
        Ok(Self { rows, times, stretches })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array};

    use super::*;

    fn whole(times: Vec<Option<i64>>, max_gap: Option<f64>) -> Result<Stretches> {
        let times: ArrayRef = Arc::new(Int64Array::from(times));
        Stretches::new("f", &times, max_gap)
    }

    #[test]
    fn a_step_of_more_than_one_frame_is_a_gap_unless_said() {
        let times = vec![None, Some(3), Some(4), Some(6), None, Some(9)];
        let cut = whole(times.clone(), None).unwrap();
        assert_eq!((cut.rows, cut.times), (vec![1, 2, 3, 5], vec![0.0, 1.0, 3.0, 6.0]));
        assert_eq!(cut.stretches, [0..2, 2..3, 3..4]);
        assert_eq!(whole(times, Some(2.0)).unwrap().stretches, [0..3, 3..4]);
    }

    #[test]
    fn seconds_have_gaps_only_if_said() {
        let times: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.0, 9.0]));
        assert_eq!(Stretches::new("f", &times, None).unwrap().stretches, [Range { start: 0, end: 3 }]);
        assert_eq!(Stretches::new("f", &times, Some(0.5)).unwrap().stretches, [0..2, 2..3]);
    }

    #[test]
    fn nanoseconds_since_1970_keep_their_digits() {
        let start = 1_790_000_000_000_000_001;
        let cut = whole(vec![Some(start), Some(start + 33)], Some(40.0)).unwrap();
        assert_eq!(cut.times, [0.0, 33.0]);
        assert_eq!(whole(vec![Some(i64::MIN), Some(i64::MAX)], None).unwrap().stretches, [0..1, 1..2]);
    }

    #[test]
    fn times_rise() {
        let message = whole(vec![Some(7), None, Some(7)], None).unwrap_err().to_string();
        assert!(message.contains("7 is followed by 7"), "{message}");
        let times: ArrayRef = Arc::new(Float64Array::from(vec![0.5, f64::NAN]));
        assert!(Stretches::new("f", &times, None).unwrap_err().to_string().contains("was NaN"));
    }

    #[test]
    fn no_rows_have_no_stretch_with_rows() {
        assert!(whole(vec![None], None).unwrap().stretches.iter().all(|stretch| stretch.is_empty()));
    }
}
