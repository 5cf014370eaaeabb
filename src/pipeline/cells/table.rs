//! The table `cells`: which cell trained which version of which model.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::common::Result;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use super::Cell;
use super::known::Trained;
use crate::pipeline::manifest::Scalar;

/// The table of cells that later steps read.
const CELLS: &str = "cells";

/// Makes the table `cells`: the axes, and the model and version that each cell trained; one row with neither for a cell that
/// trained nothing.
pub(super) fn register(ctx: &SessionContext, cells: &[(Cell, Vec<Trained>)]) -> Result<()> {
    let mut rows: Vec<(&Cell, Option<&Trained>)> = vec![];
    for (cell, trained) in cells {
        match trained.as_slice() {
            [] => rows.push((cell, None)),
            trained => rows.extend(trained.iter().map(|trained| (cell, Some(trained)))),
        }
    }
    let Some((first, _)) = rows.first() else { return Ok(()) };
    let axes: Vec<String> = first.values.iter().map(|(axis, _)| axis.clone()).collect();
    let mut columns: Vec<(String, ArrayRef, bool)> = vec![];
    for (place, axis) in axes.into_iter().enumerate() {
        columns.push((axis, column(rows.iter().map(|(cell, _)| &cell.values[place].1)), false));
    }
    let models = rows.iter().map(|(_, trained)| trained.map(|(name, _)| name.as_str()));
    columns.push(("model".to_owned(), Arc::new(StringArray::from_iter(models)), true));
    let versions = rows.iter().map(|(_, trained)| trained.map(|(_, number)| *number as i64));
    columns.push(("version".to_owned(), Arc::new(Int64Array::from_iter(versions)), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
    ctx.deregister_table(CELLS)?;
    ctx.register_table(CELLS, Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))?;
    Ok(())
}

/// Values of an axis in the type that all of them have; texts where they have several.
fn column<'a>(values: impl Iterator<Item = &'a Scalar> + Clone) -> ArrayRef {
    let wholes = values.clone().map(|value| if let Scalar::Integer(n) = value { Some(*n) } else { None });
    if let Some(wholes) = wholes.collect::<Option<Vec<_>>>() {
        return Arc::new(Int64Array::from(wholes));
    }
    let number = |value: &Scalar| match value {
        Scalar::Integer(n) => Some(*n as f64),
        Scalar::Float(x) => Some(*x),
        _ => None,
    };
    if let Some(numbers) = values.clone().map(number).collect::<Option<Vec<_>>>() {
        return Arc::new(Float64Array::from(numbers));
    }
    let truths = values.clone().map(|value| if let Scalar::Boolean(truth) = value { Some(*truth) } else { None });
    match truths.collect::<Option<Vec<_>>>() {
        Some(truths) => Arc::new(BooleanArray::from(truths)),
        None => Arc::new(StringArray::from_iter_values(values.map(Scalar::to_string))),
    }
}
