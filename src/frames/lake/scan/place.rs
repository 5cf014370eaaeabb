//! Which column of a file is which column of the table.

use std::collections::{HashMap, HashSet};

use arrow::datatypes::{FieldRef, Schema};

/// For each column that a table has of its files, its place in a file, where that has it.
///
/// A column is found by its name as it is written. What is left over is found in other letters, `X` for `x`, where that leaves no doubt. Columns that are called as
/// folders are nobody's: what the folder says is read.
pub fn places(own: &Schema, table: &Schema, folders: &[FieldRef]) -> Vec<Option<usize>> {
    let exact: HashMap<&str, usize> =
        own.fields().iter().enumerate().map(|(place, field)| (field.name().as_str(), place)).collect();
    let place = |field: &FieldRef| exact.get(field.name().as_str()).copied();
    let mut places: Vec<Option<usize>> = table.fields().iter().map(place).collect();
    let taken: HashSet<usize> = places.iter().copied().chain(folders.iter().map(place)).flatten().collect();
    let is_lacking = |place: &usize| places[*place].is_none();
    let lacking: Vec<usize> = (0..places.len()).filter(is_lacking).collect();
    let free: Vec<usize> = (0..own.fields().len()).filter(|place| !taken.contains(place)).collect();
    if !lacking.is_empty() && !free.is_empty() {
        let free = in_small_letters(own, &free);
        for (name, column) in in_small_letters(table, &lacking) {
            places[column] = free.get(&name).copied();
        }
    }
    places
}

/// Those of the columns whose name in small letters no other of them has.
fn in_small_letters(schema: &Schema, columns: &[usize]) -> HashMap<String, usize> {
    let mut all: HashMap<String, Vec<usize>> = HashMap::new();
    for column in columns {
        all.entry(schema.field(*column).name().to_lowercase()).or_default().push(*column);
    }
    all.into_iter()
        .filter_map(|(name, columns)| <[usize; 1]>::try_from(columns).ok().map(|[one]| (name, one)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field};

    use super::*;

    fn schema(names: &[&str]) -> Schema {
        Schema::new(names.iter().map(|name| Field::new(*name, DataType::Float64, true)).collect::<Vec<_>>())
    }

    fn found(own: &[&str], table: &[&str], folders: &[&str]) -> Vec<Option<usize>> {
        let folders: Vec<FieldRef> =
            folders.iter().map(|name| Arc::new(Field::new(*name, DataType::Utf8, true))).collect();
        places(&schema(own), &schema(table), &folders)
    }

    #[test]
    fn exact_names_come_first_and_other_letters_get_what_is_left() {
        assert_eq!(found(&["y", "x"], &["x", "y", "z"], &[]), [Some(1), Some(0), None]);
        assert_eq!(found(&["X"], &["x"], &[]), [Some(0)]);
        assert_eq!(found(&["x"], &["x", "X"], &[]), [Some(0), None]);
        assert_eq!(found(&["X"], &["x", "X"], &[]), [None, Some(0)]);
        assert_eq!(found(&["X", "x"], &["x"], &[]), [Some(1)]);
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(found(&["AX", "Ax"], &["ax"], &[]), [None]);
        assert_eq!(found(&["AX"], &["ax", "aX"], &[]), [None, None]);
    }

    #[test]
    fn what_is_called_as_a_folder_is_nobodys() {
        assert_eq!(found(&["subject", "x"], &["Subject", "x"], &["subject"]), [None, Some(1)]);
    }
}
