//! `versions`: what was trained, when, and how good it is, from the manifests alone.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, MapBuilder, MapFieldNames, RecordBatch, StringArray, StringBuilder,
    TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};

use super::{VERSION, batch_of, counts, field, nullable, schema_of, texts};
use crate::error::{Error, Result};
use crate::store::manifest::Summary;
use crate::store::read::Version;

/// version, created_at, run, kind, rows of each side, epochs, best_epoch, val_loss, test_accuracy with its 95 %
/// interval, location, cell (the values of the axes of a pipeline's matrix, if one trained it),
/// test_openings (how often versions of this model had been tested on the same recordings by then), sql (the COPY and what made the tables and
/// views that it read, where a script of posequel ran these).
pub fn schema() -> SchemaRef {
    schema_of(vec![
        field(VERSION, DataType::Int64),
        field("created_at", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
        field("run", DataType::Utf8),
        field("kind", DataType::Utf8),
        field("train_rows", DataType::Int64),
        field("validation_rows", DataType::Int64),
        field("test_rows", DataType::Int64),
        field("epochs", DataType::Int64),
        nullable("best_epoch", DataType::Int64),
        nullable("val_loss", DataType::Float64),
        nullable("test_accuracy", DataType::Float64),
        nullable("test_accuracy_low", DataType::Float64),
        nullable("test_accuracy_high", DataType::Float64),
        field("location", DataType::Utf8),
        nullable("cell", cell_type()),
        nullable("test_openings", DataType::Int64),
        nullable("sql", DataType::Utf8),
    ])
}

/// One row for each version; all of a model, in their order.
pub fn batch(versions: &[Version]) -> Result<RecordBatch> {
    let summaries: Vec<&Summary> = versions.iter().map(|v| &v.manifest.summary).collect();
    let rows = |value: fn(&Summary) -> u64| counts(summaries.iter().map(|s| value(s)));
    let floats = |value: fn(&Summary) -> Option<f64>| -> ArrayRef {
        Arc::new(summaries.iter().map(|s| value(s)).collect::<Float64Array>())
    };
    let created = TimestampMillisecondArray::from_iter_values(summaries.iter().map(|s| s.created_ms));
    let locations: Vec<String> = versions.iter().map(|v| v.folder().to_string()).collect();
    batch_of(
        schema(),
        vec![
            counts(versions.iter().map(|v| v.number)),
            Arc::new(created.with_timezone("UTC")),
            texts(versions.iter().map(|v| v.manifest.run.as_str())),
            texts(summaries.iter().map(|s| s.kind.as_str())),
            rows(|s| s.train_rows),
            rows(|s| s.validation_rows),
            rows(|s| s.test_rows),
            rows(|s| s.epochs),
            Arc::new(summaries.iter().map(|s| s.best_epoch.map(|n| n as i64)).collect::<Int64Array>()),
            floats(|s| s.val_loss),
            floats(|s| s.test_accuracy),
            floats(|s| s.test_accuracy_low),
            floats(|s| s.test_accuracy_high),
            texts(locations.iter().map(String::as_str)),
            cells(&summaries)?,
            openings(&summaries),
            Arc::new(summaries.iter().map(|s| s.sql.as_deref()).collect::<StringArray>()),
        ],
    )
}

/// How often the recordings that a version was tested on had been opened by then, itself included. Whoever chooses among many
/// by their test result has chosen by the test set.
fn openings(summaries: &[&Summary]) -> ArrayRef {
    let so_far = |place: usize| {
        let own = summaries[place].test_set.as_ref()?;
        Some(summaries[..=place].iter().filter(|summary| summary.test_set.as_ref() == Some(own)).count() as i64)
    };
    Arc::new((0..summaries.len()).map(so_far).collect::<Int64Array>())
}

/// Map<Utf8, Utf8>: `cell['width']`.
fn cell_type() -> DataType {
    let entries = vec![field("key", DataType::Utf8), nullable("value", DataType::Utf8)];
    DataType::Map(Arc::new(field("entries", DataType::Struct(entries.into()))), false)
}

fn cells(summaries: &[&Summary]) -> Result<ArrayRef> {
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let mut cells = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for summary in summaries {
        for (axis, value) in summary.cell.iter().flat_map(|cell| &cell.values) {
            cells.keys().append_value(axis);
            cells.values().append_value(value);
        }
        cells.append(summary.cell.is_some()).map_err(|e| Error::Internal(format!("cells of versions: {e}")))?;
    }
    Ok(Arc::new(cells.finish()))
}
