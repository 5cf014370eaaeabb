//! `balance`: windows, recordings and people of each class on each side.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, nullable, schema_of, texts};
use crate::error::Result;
use crate::schema::{LABEL, SPLIT};
use crate::split::leaks::{ClassRows, Verdict};
use crate::split::side::Side;
use crate::train::filled::Filled;

/// split, label, windows (without copies), copies, recordings, subjects (0 where unknown), zeros included; values_filled: missing
/// values that pose_windows filled in these windows (NULL where they do not tell).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        field(LABEL, DataType::Utf8),
        field("windows", DataType::Int64),
        field("copies", DataType::Int64),
        field("recordings", DataType::Int64),
        field("subjects", DataType::Int64),
        nullable("values_filled", DataType::Int64),
    ])
}

/// Each side, with all classes by label. `labels` are all labels, sorted: the place of one is its class.
pub fn batch(verdict: &Verdict, labels: &[String], filled: Option<&Filled>) -> Result<RecordBatch> {
    let cell = |side: Side| verdict.classes.iter().map(move |(label, sides)| (side, label, &sides[side as usize]));
    let rows: Vec<(Side, &String, &ClassRows)> = Side::ALL.into_iter().flat_map(cell).collect();
    let values = |side: Side, label: &String| -> Option<i64> {
        let class = labels.binary_search(label).ok()?;
        filled.map(|filled| filled.values(class as u32, side) as i64)
    };
    let number = |of: fn(&ClassRows) -> u64| counts(rows.iter().map(|(_, _, class)| of(class)));
    batch_of(
        schema(),
        vec![
            texts(rows.iter().map(|(side, ..)| side.name())),
            texts(rows.iter().map(|(_, label, _)| label.as_str())),
            number(|class| class.rows - class.copies),
            number(|class| class.copies),
            number(|class| class.recordings.len() as u64),
            number(|class| class.subjects.len() as u64),
            Arc::new(rows.iter().map(|(side, label, _)| values(*side, label)).collect::<Int64Array>()),
        ],
    )
}
