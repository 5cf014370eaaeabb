//! The sink: rows to a table, the table to a fitted net, the net to a version of a model.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::sink::DataSink;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType};
use futures::StreamExt;

use super::format::Shape;
use super::outcome::Outcome;
use super::watch::{CancelOnDrop, Reporter};
use crate::error::Error;
use crate::options::training::TrainingOptions;
use crate::split::leaks::refuse_leaks;
use crate::store::location::Location;
use crate::store::publish::publish;
use crate::train::feed::{Feed, Table};
use crate::train::progress::{Event, Progress};

/// Trains on the rows that it is given, and publishes what comes of it.
#[derive(Debug)]
pub struct TrainingSink {
    /// `LSTM`
    pub kind: &'static str,
    /// As the COPY gave them.
    pub options: TrainingOptions,
    /// Where the versions of the model are.
    pub model: Location,
    /// Of the windows.
    pub shape: Shape,
    /// Of the input.
    pub schema: SchemaRef,
}

impl DisplayAs for TrainingSink {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Train{}(model={}, windows={}, units={:?})", self.kind, self.model, self.shape, self.options.units)
    }
}

#[async_trait]
impl DataSink for TrainingSink {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    async fn write_all(&self, data: SendableRecordBatchStream, context: &Arc<TaskContext>) -> Result<u64> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let _guard = CancelOnDrop(Arc::clone(&cancelled));
        let progress = context.session_config().get_extension::<Progress>();
        let mut reporter = Reporter { progress, epochs: self.options.epochs, cancelled };
        let memory = MemoryConsumer::new(format!("Train{}", self.kind)).register(context.memory_pool());
        let table = self.collect(data, &reporter, &memory).await?;
        let rows = table.records.len() as u64;
        let (kind, options, names) = (self.kind, self.options.clone(), self.shape.names.clone());
        let trained = tokio::task::spawn_blocking(move || {
            refuse_leaks(table.leak_rows())?;
            let outcome = Outcome::train(kind, &table, &names, &options, &mut reporter)?;
            let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
            outcome.blobs(&table, created).map(|blobs| (blobs, reporter))
        });
        let ((blobs, summary), reporter) = trained
            .await
            .map_err(|e| DataFusionError::from(Error::Internal(format!("the training thread failed: {e}"))))??;
        let version = publish(&self.model, blobs, summary).await?;
        reporter.report(&Event::Done {
            model: self.model.name().to_owned(),
            version,
            location: self.model.to_string(),
        });
        Ok(rows)
    }
}

impl TrainingSink {
    async fn collect(
        &self,
        mut data: SendableRecordBatchStream,
        reporter: &Reporter,
        memory: &datafusion::execution::memory_pool::MemoryReservation,
    ) -> Result<Table> {
        let mut feed = Feed::new(&self.schema, (self.shape.width, self.shape.dim))?;
        while let Some(batch) = data.next().await.transpose()? {
            feed.push(&batch)?;
            // The values, and once more when they are normalised for the net.
            memory.try_resize(2 * 4 * feed.rows() * self.shape.width * self.shape.dim)?;
            reporter.report(&Event::Rows { read: feed.rows() as u64 });
        }
        Ok(feed.finish()?)
    }
}
