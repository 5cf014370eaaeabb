//! How many values of windows were missing and were filled: by class, and of some windows feature by feature.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int32Type};

use crate::scalar::lists::{fixed_size, item};
use crate::split::side::Side;

/// Windows of a side that are remembered one by one, at the most: more tell nothing new.
const MOST_ROWS: usize = 5_000;

/// Numbers that are remembered for a side, at the most: of windows with many features fewer are.
const MOST_VALUES: usize = 1_000_000;

/// The account of a table. Augmented copies are left out: what was filled in the original is in them, too.
#[derive(Debug, Clone)]
pub struct Filled {
    dim: usize,
    /// Values by label and side; the label is the number that it has in the feed, then its class.
    sums: BTreeMap<u32, [u64; 3]>,
    sides: [Sample; 3],
}

/// Windows of a side: every k-th, in their order.
#[derive(Debug, Clone)]
pub struct Sample {
    step: usize,
    seen: usize,
    /// Class of each.
    pub labels: Vec<u32>,
    /// Number of the recording of each; all 0 where they are not known.
    pub recordings: Vec<u32>,
    /// Share of the recorded frames in which each feature was filled, [rows, dim].
    pub shares: Vec<f64>,
}

/// What is known of a window.
pub struct Row {
    /// Its side.
    pub side: Side,
    /// The number of its label.
    pub label: u32,
    /// The number of its recording.
    pub recording: u32,
    /// Its recorded frames, at least 1.
    pub valid_len: u32,
}

impl Filled {
    /// Of windows with `dim` features; None where the column is not the count of each, as pose_windows makes it.
    pub fn of(column: &DataType, dim: usize) -> Option<Self> {
        let is_count = item(column) == Some(&DataType::Int32) && fixed_size(column) == Some(dim);
        let sample = || Sample { step: 1, seen: 0, labels: vec![], recordings: vec![], shares: vec![] };
        (is_count && dim > 0).then(|| Self { dim, sums: BTreeMap::new(), sides: [(); 3].map(|()| sample()) })
    }

    /// Takes the counts of a window; none are taken where they are NULL.
    pub fn add(&mut self, counts: &ArrayRef, place: usize, row: Row) {
        let Some(lists) = counts.as_fixed_size_list_opt().filter(|lists| lists.is_valid(place)) else { return };
        let counts = lists.value(place);
        let Some(counts) = counts.as_primitive_opt::<Int32Type>() else { return };
        let sum: u64 = counts.values().iter().map(|count| u64::from(count.unsigned_abs())).sum();
        self.sums.entry(row.label).or_default()[row.side as usize] += sum;
        let share = counts.values().iter().map(|count| f64::from(*count) / f64::from(row.valid_len.max(1)));
        self.sides[row.side as usize].add(&row, share, self.dim);
    }

    /// The same, with the class of each number of a label.
    pub fn with_classes(mut self, classes: &[u32]) -> Self {
        let class = |number: u32| classes.get(number as usize).copied().unwrap_or_default();
        self.sums = self.sums.into_iter().map(|(number, sums)| (class(number), sums)).collect();
        for side in &mut self.sides {
            side.labels.iter_mut().for_each(|label| *label = class(*label));
        }
        self
    }

    /// Features of a window.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Values that were filled in the windows of a class on a side.
    pub fn values(&self, class: u32, side: Side) -> u64 {
        self.sums.get(&class).map_or(0, |sums| sums[side as usize])
    }

    /// Whether any value was filled at all.
    pub fn any(&self) -> bool {
        self.sums.values().flatten().any(|values| *values > 0)
    }

    /// Some windows of a side.
    pub fn side(&self, side: Side) -> &Sample {
        &self.sides[side as usize]
    }
}

impl Sample {
    fn add(&mut self, row: &Row, shares: impl Iterator<Item = f64>, dim: usize) {
        if self.seen.is_multiple_of(self.step) {
            self.labels.push(row.label);
            self.recordings.push(row.recording);
            self.shares.extend(shares);
        }
        self.seen += 1;
        if self.labels.len() > MOST_ROWS.min(MOST_VALUES / dim).max(2) {
            self.thin(dim);
        }
    }

    /// Keeps every second window.
    fn thin(&mut self, dim: usize) {
        let rows = self.labels.len().div_ceil(2);
        for row in 0..rows {
            self.labels[row] = self.labels[2 * row];
            self.recordings[row] = self.recordings[2 * row];
            self.shares.copy_within(2 * row * dim..(2 * row + 1) * dim, row * dim);
        }
        self.labels.truncate(rows);
        self.recordings.truncate(rows);
        self.shares.truncate(rows * dim);
        self.step *= 2;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::FixedSizeListArray;

    use super::*;

    fn counts(rows: impl Iterator<Item = [i32; 2]>) -> ArrayRef {
        let rows = rows.map(|row| Some(row.map(Some)));
        Arc::new(FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(rows, 2))
    }

    #[test]
    fn values_are_summed_by_class_and_side() {
        let column = counts([[1, 2], [0, 5], [10, 0]].into_iter());
        let mut filled = Filled::of(column.data_type(), 2).unwrap();
        let row = |side, label| Row { side, label, recording: 0, valid_len: 10 };
        filled.add(&column, 0, row(Side::Train, 0));
        filled.add(&column, 1, row(Side::Train, 1));
        filled.add(&column, 2, row(Side::Test, 0));
        // Label 0 came first and sorts last.
        let filled = filled.with_classes(&[1, 0]);
        assert_eq!([(1, Side::Train), (0, Side::Train), (1, Side::Test)].map(|(c, s)| filled.values(c, s)), [3, 5, 10]);
        assert_eq!(
            (filled.side(Side::Train).labels.as_slice(), filled.side(Side::Test).shares.as_slice()),
            (&[1, 0][..], &[1.0, 0.0][..])
        );
        assert!(
            filled.any() && Filled::of(column.data_type(), 3).is_none() && Filled::of(&DataType::Int32, 1).is_none()
        );
    }

    #[test]
    fn of_many_windows_every_kth_is_kept() {
        let many = 3 * MOST_ROWS;
        let column = counts((0..many as i32).map(|n| [n, 1]));
        let mut filled = Filled::of(column.data_type(), 2).unwrap();
        (0..many).for_each(|n| {
            filled.add(&column, n, Row { side: Side::Train, label: 0, recording: n as u32, valid_len: 1 })
        });
        let sample = filled.side(Side::Train);
        // 15,000 rows, every fourth.
        assert_eq!((sample.labels.len(), sample.shares.len()), (3_750, 7_500));
        assert!(
            (0..3_750)
                .all(|row| sample.shares[2 * row] == 4.0 * row as f64 && sample.recordings[row] == 4 * row as u32)
        );
    }
}
