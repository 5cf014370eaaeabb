//! Sessions and files for the tests.

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use datafusion::prelude::{SessionConfig, SessionContext};

/// A file of tests/data.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A session with that many partitions and rows in a batch.
pub fn session(partitions: usize, batch_size: usize) -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(batch_size);
    posequel::session_with(config).expect("a session")
}

/// The rows of a query.
pub async fn rows(session: &SessionContext, sql: &str) -> Vec<RecordBatch> {
    let frame = session.sql(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    frame.collect().await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// The rows of a query as text, one line a row.
pub async fn lines(session: &SessionContext, sql: &str) -> String {
    let batches = rows(session, sql).await;
    arrow::util::pretty::pretty_format_batches(&batches).expect("printable rows").to_string()
}
