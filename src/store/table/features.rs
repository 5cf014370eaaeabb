//! `features`: the features of a frame in their order, and how they were normalised.

use std::sync::Arc;

use arrow::array::{AsArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Float64Type, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of};
use crate::error::{Error, Result};
use crate::schema::UNIT;
use crate::train::normalize::Normalization;

/// index (from 0), name (NULL when unknown), mean and std of the train rows, in the unit of the feature (NULL when it
/// is not normalised), unit (NULL when nobody told).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field("index", DataType::Int64),
        nullable("name", DataType::Utf8),
        nullable("mean", DataType::Float64),
        nullable("std", DataType::Float64),
        nullable(UNIT, DataType::Utf8),
    ])
}

/// The features of a frame in their order: `dim` of them, their names if they are known, their scale if there is one, their units
/// as `unit` tells them by place.
///
/// # Errors
/// [`Error::Internal`] when these do not fit together: the caller made them.
pub fn batch<'a>(
    dim: usize,
    names: Option<&[String]>,
    scale: &Normalization,
    unit: impl Fn(usize) -> Option<&'a str>,
) -> Result<RecordBatch> {
    scale.check(dim).map_err(|e| Error::Internal(e.to_string()))?;
    if let Some(names) = names.filter(|names| names.len() != dim) {
        return Err(Error::Internal(format!("{dim} features with the names {names:?}")));
    }
    let name = |i: usize| names.map(|names| names[i].as_str());
    let floats = |values: &[f64]| Arc::new((0..dim).map(|i| values.get(i).copied()).collect::<Float64Array>());
    batch_of(
        schema(),
        vec![
            counts(0..dim as u64),
            Arc::new((0..dim).map(name).collect::<StringArray>()),
            floats(&scale.mean),
            floats(&scale.std),
            Arc::new((0..dim).map(unit).collect::<StringArray>()),
        ],
    )
}

/// The scale in such a table, bit for bit the one that was stored.
///
/// # Errors
/// [`Error::Model`] when the columns are not there.
pub fn scale(features: &RecordBatch) -> Result<Normalization> {
    let column = |name: &str| {
        let array = features.column_by_name(name).and_then(|column| column.as_primitive_opt::<Float64Type>());
        let missing = || Error::Model(format!("table features: expected a column '{name}' of type Float64"));
        array.map(|array| array.iter().flatten().collect::<Vec<f64>>()).ok_or_else(missing)
    };
    Ok(Normalization { mean: column("mean")?, std: column("std")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_read_back_bit_for_bit() {
        let scale_of = Normalization { mean: vec![1e-30, -0.1 - f64::EPSILON], std: vec![1.0 / 3.0, 2.0] };
        for stored in [scale_of, Normalization::default()] {
            assert_eq!(scale(&batch(2, None, &stored, |_| None).unwrap()).unwrap(), stored);
        }
    }
}
