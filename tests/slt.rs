//! Every `tests/slt/*.slt` under both ends of the plan's freedom: one partition and sixteen, long batches and batches of one row.
//!
//! `SLT_COMPLETE=1 cargo test --release --test slt` writes the answers of a new file; they are then read and judged by a person.

use std::path::{Path, PathBuf};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use datafusion::common::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use posequel::error::Error;
use sqllogictest::{
    DBOutput, DefaultColumnType, Runner, default_column_validator, default_normalizer, default_validator,
};

/// A session, and the folder that `$MODELS` stands for in its statements.
struct Session(SessionContext, String);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

impl From<DataFusionError> for Failure {
    /// The message that the binary prints.
    fn from(error: DataFusionError) -> Self {
        Self(Error::find(&error).map_or_else(|| error.to_string(), ToString::to_string))
    }
}

#[async_trait]
impl sqllogictest::AsyncDB for Session {
    type Error = Failure;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let frame = self.0.sql(&sql.replace("$MODELS", &self.1)).await?;
        let columns = frame.schema().fields().len();
        let batches = frame.collect().await?;
        if columns == 0 {
            return Ok(DBOutput::StatementComplete(0));
        }
        let rows = batches.iter().map(text).collect::<Result<Vec<_>, _>>()?.concat();
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    async fn shutdown(&mut self) {}

    async fn sleep(duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

fn text(batch: &RecordBatch) -> Result<Vec<Vec<String>>, Failure> {
    let options = FormatOptions::default().with_null("NULL");
    let columns = batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options));
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|e| Failure(e.to_string()))?;
    let cell = |text: String| if text.is_empty() { "(empty)".to_owned() } else { text };
    Ok((0..batch.num_rows()).map(|row| columns.iter().map(|c| cell(c.value(row).to_string())).collect()).collect())
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let entries = std::fs::read_dir(folder).expect("tests/slt is there");
    let mut files: Vec<_> = entries.map(|e| e.expect("a readable entry").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "slt"));
    files.sort();
    files
}

async fn run(partitions: usize, batch_size: usize) {
    let complete = std::env::var_os("SLT_COMPLETE").is_some();
    let only = std::env::var("SLT_ONLY").unwrap_or_default();
    let mut failures = vec![];
    for file in files().into_iter().filter(|f| f.to_string_lossy().contains(&only)) {
        let models = tempfile::tempdir().expect("a folder for models");
        let location = models.path().display().to_string();
        let mut runner = Runner::new(|| async {
            let config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(batch_size);
            let context = posequel::session_with(config).map_err(Failure::from)?;
            context.sql(&format!("SET posequel.models.location = '{location}'")).await?;
            Ok(Session(context, location.clone()))
        });
        let outcome = if complete {
            let update =
                runner.update_test_file(&file, " ", default_validator, default_normalizer, default_column_validator);
            update.await.map_err(|e| e.to_string())
        } else {
            runner.run_file_async(&file).await.map_err(|e| e.to_string())
        };
        failures.extend(outcome.err());
    }
    assert!(failures.is_empty(), "{} files failed:\n{}", failures.len(), failures.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partition_long_batches() {
    run(1, 8192).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_partitions_batches_of_one_row() {
    if std::env::var_os("SLT_COMPLETE").is_none() {
        run(16, 1).await;
    }
}
