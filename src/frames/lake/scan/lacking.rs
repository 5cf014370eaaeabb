//! Columns that were declared, and that files lack.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};

use super::layout::{Columns, names};
use super::place::places;
use crate::error::{Result, data_err, suggest};
use crate::frames::lake::schema::union::in_some;

/// Lines on the columns that some files lack, as where columns are found. `texts` is where the files are.
///
/// # Errors
/// A column that no file has, with the nearest name.
pub fn lacking(schemas: &[SchemaRef], columns: Columns<'_>, texts: &str) -> Result<Vec<String>> {
    let mut counts: HashMap<*const Schema, (&SchemaRef, usize)> = HashMap::new();
    for schema in schemas {
        counts.entry(Arc::as_ptr(schema)).or_insert((schema, 0)).1 += 1;
    }
    let mut has = vec![0; columns.files.fields().len()];
    for (schema, count) in counts.values() {
        let places = places(schema, columns.files, columns.folders);
        has.iter_mut().zip(places).filter(|(_, place)| place.is_some()).for_each(|(has, _)| *has += count);
    }
    for (name, has) in names(columns.files).into_iter().zip(&has) {
        if *has == 0 {
            let known: HashSet<&str> = counts.values().flat_map(|(schema, _)| names(schema)).collect();
            let mut known: Vec<&str> = known.into_iter().collect();
            known.sort_unstable();
            return data_err!("{texts}: no file has column '{name}'{}", suggest(name, known));
        }
    }
    let lines = in_some(names(columns.files).into_iter().zip(has), schemas.len());
    Ok(lines.into_iter().map(|line| format!("{texts}: {line}")).collect())
}
