//! Where a column changes from one row to the next.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::partition;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// The rows, but for the first, whose value is not that of the row before; NULL equals NULL.
pub fn changes(column: &ArrayRef) -> Result<Vec<usize>, ArrowError> {
    if column.data_type() == &DataType::Utf8View && column.null_count() == 0 {
        let strings = column.as_string_view();
        let views = strings.views();
        // Parquet's dictionaries give equal views for equal strings: few are left to be compared.
        let mut candidates = steps(views, |before, view| before != view);
        candidates.retain(|&row| strings.value(row) != strings.value(row - 1));
        return Ok(candidates);
    }
    Ok(partition(std::slice::from_ref(column))?.ranges().into_iter().skip(1).map(|range| range.start).collect())
}

/// The rows, but for the first, at which a step from the row before is odd.
///
/// Rows are looked at in blocks: in most of them no step is, and that is found out without a branch for each row.
#[inline(always)]
pub fn steps<T: Copy>(values: &[T], is_odd: impl Fn(T, T) -> bool) -> Vec<usize> {
    const BLOCK: usize = 128;
    let mut odd = vec![];
    let Some((_, later)) = values.split_first() else { return odd };
    for (block, (before, now)) in values.chunks(BLOCK).zip(later.chunks(BLOCK)).enumerate() {
        let pairs = || before.iter().zip(now);
        if pairs().fold(false, |any, (&before, &now)| any | is_odd(before, now)) {
            let rows = pairs().enumerate().filter(|(_, (before, now))| is_odd(**before, **now));
            odd.extend(rows.map(|(row, _)| block * BLOCK + row + 1));
        }
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_steps_are_found_wherever_they_lie() {
        for length in [0, 1, 2, 127, 128, 129, 130, 1000] {
            let values: Vec<i64> = (0..length).map(|row| row + row / 7 * 3 + row / 127).collect();
            let expected: Vec<usize> = (1..values.len()).filter(|&row| values[row] - values[row - 1] != 1).collect();
            assert_eq!(steps(&values, |before, now| now - before != 1), expected, "{length} rows");
        }
    }
}
