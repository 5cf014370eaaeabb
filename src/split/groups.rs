//! Rows of each group and class, read from (rows, label, key...), one row a group and label.

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result};

use super::assign::Counts;
use crate::error::{Error, data_err};

/// `source/subject` of each row, for the draw and for messages. `by` are the names of the keys.
///
/// # Errors
/// A key that is NULL, other than the source.
pub(super) fn groups(function: &str, by: &[String], values: &[ArrayRef], rows: usize) -> Result<Vec<String>> {
    let options = FormatOptions::default().with_null("");
    let keys = values.get(2..).unwrap_or_default();
    let formatters = keys.iter().map(|key| ArrayFormatter::try_new(key, &options)).collect::<Result<Vec<_>, _>>()?;
    let group = |row: usize| {
        let mut parts = vec![];
        for ((key, text), name) in keys.iter().zip(&formatters).zip(by) {
            if key.is_null(row) && name != crate::schema::SOURCE {
                return Ok(data_err!(
                    "{function}: {name} is NULL in some rows, so nobody can tell which belong together; \
                     fill it, or split by something else: by => 'video'"
                )?);
            }
            parts.push(text.value(row).to_string());
        }
        Ok(parts.join("/"))
    };
    (0..rows).map(group).collect()
}

/// The rows of each group by class; a row without a label counts for no class.
///
/// # Errors
/// None that data could cause.
pub(super) fn counts(groups: &[String], values: &[ArrayRef]) -> Result<Counts> {
    let (Some(counts), Some(labels)) = (values[0].as_any().downcast_ref::<Int64Array>(), values.get(1)) else {
        return Err(DataFusionError::from(Error::Internal("groups are given by (rows, label, key...)".into())));
    };
    let options = FormatOptions::default();
    let names = ArrayFormatter::try_new(labels, &options)?;
    let mut table = Counts::new();
    for (row, group) in groups.iter().enumerate() {
        let classes = table.entry(group.clone()).or_default();
        if labels.is_valid(row) && labels.data_type() != &DataType::Null {
            *classes.entry(names.value(row).to_string()).or_insert(0) += counts.value(row) as u64;
        }
    }
    Ok(table)
}

/// The assignment does not know who asked; the user does.
pub(super) fn asked_by(function: &str, error: Error) -> Error {
    match error {
        Error::Data(message) => Error::Data(format!("{function}: {message}")),
        Error::Query(message) => Error::Query(format!("{function}: {message}")),
        other => other,
    }
}
