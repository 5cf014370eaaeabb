//! Rows that were sorted: a run, in memory or in a file.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::execution::{SendableRecordBatchStream, SpillFile};
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{Stream, StreamExt, stream};

/// Sorted rows.
pub enum Run {
    /// Batches, and the memory that is given back as they are read.
    Kept(VecDeque<RecordBatch>, MemoryReservation),
    /// A file, and the bytes of its largest batch.
    File(Arc<dyn SpillFile>, usize),
}

impl Run {
    /// Bytes of the largest batch.
    pub fn batch_bytes(&self) -> usize {
        match self {
            Self::Kept(batches, _) => batches.iter().map(get_record_batch_memory_size).max().unwrap_or(0),
            Self::File(_, bytes) => *bytes,
        }
    }

    /// The rows, batch by batch.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn stream(self, schema: &SchemaRef, files: &SpillManager) -> Result<SendableRecordBatchStream> {
        match self {
            Self::File(file, bytes) => files.read_spill_as_stream(file, Some(bytes)),
            Self::Kept(mut batches, memory) => {
                let next = move || {
                    let batch = batches.pop_front()?;
                    memory.shrink(get_record_batch_memory_size(&batch).min(memory.size()));
                    Some(Ok(batch))
                };
                let batches = stream::iter(std::iter::from_fn(next));
                Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(schema), batches)))
            }
        }
    }
}

/// Writes sorted batches to a file; nothing where there are none.
///
/// # Errors
/// That of the batches; the disk is full, or the limit of the session's files is reached.
pub async fn to_file(batches: impl Stream<Item = Result<RecordBatch>>, files: &SpillManager) -> Result<Option<Run>> {
    let mut file = files.create_in_progress_file("a sort")?;
    let mut largest = 0;
    let mut batches = std::pin::pin!(batches);
    while let Some(batch) = batches.next().await.transpose()? {
        largest = largest.max(file.append_batch(&batch)?);
    }
    Ok(file.finish()?.map(|file| Run::File(file, largest)))
}
