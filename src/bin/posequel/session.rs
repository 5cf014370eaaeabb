//! A session as the flags want it, and queries that Ctrl-C ends.

use std::future::Future;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use posequel::error::Error;
use posequel::pipeline::{Assignment, set_option};

use crate::progress;

/// A session with the options of the command line, whose training runs show their progress.
pub async fn open(set: &[Assignment], partitions: Option<u32>) -> Result<SessionContext> {
    let ctx = posequel::session()?;
    ctx.state_ref().write().config_mut().set_extension(Arc::new(progress::bar()));
    if let Some(n) = partitions {
        set_option(&ctx, "datafusion.execution.target_partitions", &n.to_string()).await?;
    }
    for Assignment { key, value } in set {
        set_option(&ctx, key, value).await.map_err(|e| e.context("--set"))?;
    }
    Ok(ctx)
}

/// Runs work to its end, or drops it at Ctrl-C.
///
/// The work is a task of its own, so that a query that is busy computing does not delay the answer to Ctrl-C.
pub async fn interruptible<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let mut task = tokio::spawn(work);
    tokio::select! {
        done = &mut task => match done {
            Ok(result) => result,
            Err(panic) => Err(Error::Internal(panic.to_string()).into()),
        },
        Ok(()) = tokio::signal::ctrl_c() => {
            task.abort();
            Err(Error::Interrupted("stopped by Ctrl-C".to_owned()).into())
        }
    }
}
