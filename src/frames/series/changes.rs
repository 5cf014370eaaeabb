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
        let candidates = (1..views.len()).filter(|&row| views[row] != views[row - 1]);
        return Ok(candidates.filter(|&row| strings.value(row) != strings.value(row - 1)).collect());
    }
    Ok(partition(std::slice::from_ref(column))?.ranges().into_iter().skip(1).map(|range| range.start).collect())
}
