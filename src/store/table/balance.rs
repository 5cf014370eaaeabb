//! `balance`: windows, recordings and people of each class on each side.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

use super::{batch_of, counts, field, schema_of, texts};
use crate::error::Result;
use crate::schema::{LABEL, SPLIT};
use crate::split::leaks::{ClassRows, Verdict};
use crate::split::side::Side;

/// split, label, windows (without copies), copies, recordings, subjects (0 where unknown), zeros included.
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(SPLIT, DataType::Utf8),
        field(LABEL, DataType::Utf8),
        field("windows", DataType::Int64),
        field("copies", DataType::Int64),
        field("recordings", DataType::Int64),
        field("subjects", DataType::Int64),
    ])
}

/// Each side, with all classes by label.
pub fn batch(verdict: &Verdict) -> Result<RecordBatch> {
    let cell = |side: Side| verdict.classes.iter().map(move |(label, sides)| (side, label, &sides[side as usize]));
    let rows: Vec<(Side, &String, &ClassRows)> = Side::ALL.into_iter().flat_map(cell).collect();
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
        ],
    )
}
