//! Rows of each group and class, read from (rows, label, key...), one row a group and label.

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result};

use super::assign::Counts;
use crate::account::classes::names_of;
use crate::account::key::{alone, joined};
use crate::error::{Error, data_err};
use crate::schema::{LABEL, SOURCE, sql_name};

/// `source/subject` of each row, for the draw and for messages; one key is a name as it is. `by` are the names of the keys.
///
/// # Errors
/// A key that is NULL, other than the source; one that is NaN.
pub(super) fn groups(function: &str, by: &[String], values: &[ArrayRef], rows: usize) -> Result<Vec<String>> {
    let options = FormatOptions::default().with_null("");
    let keys = values.get(2..).unwrap_or_default();
    let formatters = keys.iter().map(|key| ArrayFormatter::try_new(key, &options)).collect::<Result<Vec<_>, _>>()?;
    let nulls: Vec<_> = keys.iter().map(|key| key.logical_nulls()).collect();
    let group = |row: usize| {
        let mut parts = vec![];
        for (((nulls, text), name), key) in nulls.iter().zip(&formatters).zip(by).zip(keys) {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            if is_null && name != SOURCE {
                return Ok(data_err!(
                    "{function}: {name} is NULL in some rows, so nobody can tell which belong together; \
                     fill it, or split by something else: by => 'video'"
                )?);
            }
            let part = (!is_null).then(|| text.value(row).to_string());
            if part.as_deref() == Some("NaN") && holds_floats(key.data_type()) {
                return Ok(refuse_nan(function, name)?);
            }
            parts.push(part);
        }
        Ok(match parts.as_slice() {
            [only] => alone(only.as_deref()).into_owned(),
            parts => joined(parts.iter().map(|part| part.as_deref())),
        })
    };
    (0..rows).map(group).collect()
}

fn holds_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => holds_floats(values),
        other => other.is_floating(),
    }
}

/// NaN is what pandas makes of a missing number: all who miss would be one person.
fn refuse_nan<T>(function: &str, name: &str) -> crate::error::Result<T> {
    let column = sql_name(name);
    data_err!(
        "{function}: {name} is NaN in some rows, as pandas writes a missing number, so nobody can tell which belong together; \
         leave such rows out, WHERE NOT isnan({column}), or split by something else: by => '...'"
    )
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
