//! A session as the flags want it, and queries that Ctrl-C ends.

use std::future::Future;
use std::io::{Write, stderr};
use std::sync::{Arc, LazyLock};

use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use posequel::error::Error;
use posequel::notes::Notes;
use posequel::pipeline::{Assignment, set_option};
use posequel::train::progress::Interrupt;

use crate::progress;

/// A session with the options of the command line, whose training runs show their progress.
pub async fn open(set: &[Assignment], partitions: Option<u32>) -> Result<SessionContext> {
    let ctx = posequel::session()?;
    if let Some(notes) = ctx.copied_config().get_extension::<Notes>() {
        notes.listen(progress::note);
    }
    {
        let state = ctx.state_ref();
        let mut state = state.write();
        state.config_mut().set_extension(Arc::new(progress::bar()));
        state.config_mut().set_extension(Arc::clone(&INTERRUPT));
    }
    if let Some(n) = partitions {
        set_option(&ctx, "datafusion.execution.target_partitions", &n.to_string()).await?;
    }
    for Assignment { key, value } in set {
        set_option(&ctx, key, value).await.map_err(|e| e.context("--set"))?;
    }
    Ok(ctx)
}

/// Tells trainings to end.
static INTERRUPT: LazyLock<Arc<Interrupt>> = LazyLock::new(Arc::default);

/// Runs work to its end, or drops it at Ctrl-C. A training is asked to end and waited for, as it keeps what it has; a
/// second Ctrl-C drops that, too.
///
/// The work is a task of its own, so that a query that is busy computing does not delay the answer to Ctrl-C.
pub async fn interruptible<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let mut task = tokio::spawn(work);
    let mut asked = false;
    loop {
        tokio::select! {
            done = &mut task => return match done {
                Ok(result) => result,
                Err(panic) => Err(Error::Internal(panic.to_string()).into()),
            },
            Ok(()) = tokio::signal::ctrl_c() => {
                if !asked && INTERRUPT.request() > 0 {
                    asked = true;
                    let note = "the training ends at its next minibatch and keeps its state; press Ctrl-C again to drop it";
                    writeln!(stderr(), "note: {note}")?;
                    continue;
                }
                task.abort();
                return Err(Error::Interrupted("stopped by Ctrl-C".to_owned()).into());
            }
        }
    }
}
