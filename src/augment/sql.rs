//! For tests: a session with the functions of this stage, and a small table of windows.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::{feature_std, functions};
use crate::frames::skeletons::Skeletons;
use crate::schema::{FEATURES, WINDOW_ID, features_field};

/// 12 windows of 3 frames of 2 features, with their shape in the type.
pub fn windows() -> RecordBatch {
    let field = features_field(FEATURES, 3, 2, &[]);
    let DataType::FixedSizeList(item, size) = field.data_type().clone() else { unreachable!("features are a list") };
    let values: Vec<f32> = (0..12 * 6).map(|i| ((i * 7919 % 2000) as f32 - 1000.0) / 8.0).collect();
    let features = FixedSizeListArray::new(item, size, Arc::new(Float32Array::from(values)), None);
    let ids = StringArray::from_iter_values((0..12).map(|i| format!("video:{i}")));
    let columns: Vec<ArrayRef> = vec![Arc::new(ids), Arc::new(Int64Array::from_iter_values(0..12)), Arc::new(features)];
    let row = [Field::new(WINDOW_ID, DataType::Utf8, false), Field::new("n", DataType::Int64, false)];
    RecordBatch::try_new(Arc::new(Schema::new([&row[..], &[field]].concat())), columns).unwrap()
}

/// A session of so many partitions and rows in a batch, with a table `windows`.
pub fn session(partitions: usize, batch_size: usize, windows: RecordBatch) -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(batch_size);
    let session = SessionContext::new_with_config(config);
    let rows = windows.num_rows();
    let mut parts = vec![vec![]; partitions];
    for (i, start) in (0..rows).step_by(batch_size.min(rows)).enumerate() {
        parts[i % partitions].push(windows.slice(start, batch_size.min(rows - start)));
    }
    session.register_table("windows", Arc::new(MemTable::try_new(windows.schema(), parts).unwrap())).unwrap();
    for function in functions(&Skeletons::default()) {
        session.register_udf(function);
    }
    session.register_udaf(feature_std::udaf());
    session
}

/// The rows of a query, a line each, with ` | ` between the columns.
pub async fn printed(sql: &str) -> String {
    let batches = session(1, 8192, windows()).sql(sql).await.unwrap().collect().await.unwrap();
    let mut lines = vec![];
    for batch in batches {
        let options = FormatOptions::default().with_null("");
        let columns: Vec<_> = batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        lines.extend((0..batch.num_rows()).map(|row| {
            let cells: Vec<_> = columns.iter().map(|column| column.value(row).to_string()).collect();
            cells.join(" | ").trim_end().to_owned()
        }));
    }
    lines.join("\n")
}

/// The one column of a query, over all its batches.
pub async fn column(session: &SessionContext, sql: &str) -> ArrayRef {
    let batches = session.sql(sql).await.unwrap().collect().await.unwrap();
    let batch = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
    Arc::clone(batch.column(0))
}

/// The error of a query, from planning or running it.
pub async fn message(sql: &str) -> String {
    match session(1, 8192, windows()).sql(sql).await {
        Err(e) => e.to_string(),
        Ok(query) => query.collect().await.unwrap_err().to_string(),
    }
}
