//! The values of a row of a training table, and what is refused of each.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};

use crate::account::columns::whole_numbers;
use crate::error::{Error, Result, data_err, query_err};
use crate::split::side::Side;

/// The text of a row, if there is one.
pub fn value(texts: &Option<StringArray>, row: usize) -> Option<&str> {
    texts.as_ref().filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row))
}

/// The side of a row; train where the table has none.
pub fn side(window: &str, splits: Option<&StringArray>, row: usize) -> Result<Side> {
    match splits {
        None => Ok(Side::Train),
        Some(splits) if splits.is_null(row) => {
            data_err!("training: window {window}: split is NULL; expected 'train', 'validation' or 'test'")
        }
        Some(splits) => Side::parse(splits.value(row)).map_err(|e| named(window, &e)),
    }
}

/// The weight of a row in the loss; 1 where the table has none.
pub fn weight(window: &str, side: Side, weights: Option<&Float64Array>, row: usize) -> Result<f32> {
    match weights {
        None => Ok(1.0),
        Some(w) if w.is_valid(row) && (w.value(row) as f32).is_finite() && w.value(row) >= 0.0 => {
            Ok(w.value(row) as f32)
        }
        // Only train rows are weighed; a class that train lacks has no weight and is refused for that.
        Some(w) if w.is_null(row) && side != Side::Train => Ok(1.0),
        Some(w) => {
            let shown = if w.is_null(row) { "NULL".to_owned() } else { w.value(row).to_string() };
            let most =
                if w.value(row) > f64::from(f32::MAX) { " and <= 3.4e38, the most that 32 bits hold" } else { "" };
            data_err!(
                "training: window {window}: weight must be a number >= 0{most} (was {shown}); the column 'weight' says how much a row \
                 counts in the loss: pose_weigh makes it, and without it all count alike"
            )
        }
    }
}

fn named(window: &str, error: &Error) -> Error {
    Error::Data(format!("training: window {window}: {error}"))
}

/// A column as texts.
pub fn text(name: &str, array: &ArrayRef) -> Result<StringArray> {
    let text = cast(array, &DataType::Utf8);
    text.map(|t| StringArray::from(t.to_data())).map_err(|e| Error::Query(format!("training: column {name}: {e}")))
}

/// A column as numbers.
pub fn number(name: &str, array: &ArrayRef) -> Result<Float64Array> {
    let number = cast(array, &DataType::Float64);
    number
        .map(|t| t.as_primitive::<Float64Type>().clone())
        .map_err(|e| Error::Query(format!("training: column {name}: {e}")))
}

/// A column of whole numbers, which lose nothing: frame numbers may be nanoseconds.
///
/// # Errors
/// Another type; a number beyond 64 bits with a sign.
pub fn whole(name: &str, array: &ArrayRef) -> Result<Int64Array> {
    whole_numbers("training", name, array)
}

/// Appends one window's values.
///
/// # Errors
/// A window or a value that is NULL; a type that is no list of numbers.
pub fn append(features: &ArrayRef, row: usize, to: &mut Vec<f32>) -> Result<()> {
    if features.is_null(row) {
        return data_err!("features is NULL; leave such rows out: WHERE features IS NOT NULL");
    }
    let items: ArrayRef = match features.data_type() {
        DataType::FixedSizeList(..) => features.as_fixed_size_list().value(row),
        DataType::List(_) => features.as_list::<i32>().value(row),
        DataType::LargeList(_) => features.as_list::<i64>().value(row),
        other => {
            return query_err!("features must be a list of numbers, as pose_windows makes it (was {other})");
        }
    };
    if items.null_count() > 0 {
        return data_err!("a value is NULL; expected finite numbers: fill it, or leave the row out");
    }
    let items = match items.data_type() {
        DataType::Float32 => items,
        _ => cast(&items, &DataType::Float32).map_err(|e| Error::Query(e.to_string()))?,
    };
    to.extend_from_slice(items.as_primitive::<Float32Type>().values());
    Ok(())
}
