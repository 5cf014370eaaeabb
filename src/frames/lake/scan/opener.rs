//! Parquet's reader as one that opens a file: its source plans files in pieces of its own, which nothing could be put around.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use futures::stream::{BoxStream, try_unfold};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::ObjectStore;

type Rows = BoxStream<'static, Result<RecordBatch>>;

/// What opens the files of a source that plans them in pieces: the rows of its pieces, in their order.
///
/// # Errors
/// Those of the source.
pub fn opener(
    source: &dyn FileSource,
    store: Arc<dyn ObjectStore>,
    config: &FileScanConfig,
    partition: usize,
) -> Result<Arc<dyn FileOpener>> {
    let planner = source.create_morselizer(store, config, partition)?;
    let open = move |file: PartitionedFile| -> Result<FileOpenFuture> {
        let first = planner.plan_file(file)?;
        let pieces = try_unfold((vec![first], VecDeque::<Rows>::new()), |(mut planners, mut pieces)| async move {
            loop {
                if let Some(piece) = pieces.pop_front() {
                    return Ok::<_, DataFusionError>(Some((piece, (planners, pieces))));
                }
                let Some(planner) = planners.pop() else { return Ok(None) };
                let Some(mut plan) = planner.plan()? else { continue };
                pieces.extend(plan.take_morsels().into_iter().map(|piece| piece.into_stream()));
                if let Some(pending) = plan.take_pending_planner() {
                    planners.push(pending.await?);
                }
                planners.extend(plan.take_ready_planners().into_iter().rev());
            }
        });
        let pieces: BoxStream<'static, Result<Rows>> = pieces.boxed();
        Ok(async move {
            // A file is opened while the one before it is read: as far as its first piece.
            let mut pieces = Box::pin(pieces.peekable());
            pieces.as_mut().peek().await;
            Ok(pieces.try_flatten().boxed())
        }
        .boxed())
    };
    Ok(Arc::new(Opener(open)))
}

struct Opener<F>(F);

impl<F: Fn(PartitionedFile) -> Result<FileOpenFuture> + Unpin + Send + Sync> FileOpener for Opener<F> {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        (self.0)(file)
    }
}
