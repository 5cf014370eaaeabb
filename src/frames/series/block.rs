//! A batch that was read, held until the last of its rows went on.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use datafusion::execution::memory_pool::MemoryReservation;

/// Rows with the numbers of their frames, and the memory that is given back with them.
#[derive(Debug)]
pub struct Block {
    /// The rows.
    pub rows: RecordBatch,
    /// The number of each one's frame; of a frame without a number `i64::MAX`.
    pub numbers: ScalarBuffer<i64>,
    /// What they occupy, as far as it was accounted for.
    pub memory: MemoryReservation,
}

/// Frame numbers of any integer type; that of NULL is the largest: it comes last, and is refused by whoever reads it.
///
/// # Errors
/// A type that Arrow does not cast to integers; the planner lets none pass.
pub fn numbers(column: &ArrayRef) -> Result<ScalarBuffer<i64>, ArrowError> {
    let numbers = cast(column, &DataType::Int64)?;
    let numbers: &Int64Array = numbers.as_primitive::<Int64Type>();
    if numbers.null_count() == 0 {
        return Ok(numbers.values().clone());
    }
    Ok(numbers.iter().map(|number| number.unwrap_or(i64::MAX)).collect())
}
