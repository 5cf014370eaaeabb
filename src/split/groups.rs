//! Rows of each group and class, read from (rows, label, key...), one row a group and label.

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result};

use super::assign::Counts;
use crate::account::classes::names_of;
use crate::account::key::{alone, joined};
use crate::error::{Error, data_err};
use crate::schema::LABEL;

/// `source/subject` of each row, for the draw and for messages; one key is a name as it is. `by` are the names of the keys.
///
/// # Errors
/// A key that is NULL, other than the source.
pub(super) fn groups(function: &str, by: &[String], values: &[ArrayRef], rows: usize) -> Result<Vec<String>> {
    let options = FormatOptions::default().with_null("");
    let keys = values.get(2..).unwrap_or_default();
    let formatters = keys.iter().map(|key| ArrayFormatter::try_new(key, &options)).collect::<Result<Vec<_>, _>>()?;
    let nulls: Vec<_> = keys.iter().map(|key| key.logical_nulls()).collect();
    let group = |row: usize| {
        let mut parts = vec![];
        for ((nulls, text), name) in nulls.iter().zip(&formatters).zip(by) {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            if is_null && name != crate::schema::SOURCE {
                return Ok(data_err!(
                    "{function}: {name} is NULL in some rows, so nobody can tell which belong together; \
                     fill it, or split by something else: by => 'video'"
                )?);
            }
            parts.push((!is_null).then(|| text.value(row).to_string()));
        }
        Ok(match parts.as_slice() {
            [only] => alone(only.as_deref()).into_owned(),
            parts => joined(parts.iter().map(|part| part.as_deref())),
        })
    };
    (0..rows).map(group).collect()
}

/// The rows of each group by class; a row without a label counts for no class.
///
/// # Errors
/// A label that is NaN.
pub(super) fn counts(function: &str, groups: &[String], values: &[ArrayRef]) -> Result<Counts> {
    let (Some(counts), Some(labels)) = (values[0].as_any().downcast_ref::<Int64Array>(), values.get(1)) else {
        return Err(DataFusionError::from(Error::Internal("groups are given by (rows, label, key...)".into())));
    };
    let names = names_of(function, LABEL, labels)?;
    let mut table = Counts::new();
    for (row, group) in groups.iter().enumerate() {
        let classes = table.entry(group.clone()).or_default();
        if names.is_valid(row) {
            *classes.entry(names.value(row).to_owned()).or_insert(0) += counts.value(row) as u64;
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
