//! A session as the flags want it.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use posequel::error::Error;
use posequel::notes::Notes;
use posequel::pipeline::{Assignment, set_option};
use posequel::plugin::limits;
use posequel::roots::{Allowed, Roots};

use crate::life::INTERRUPT;
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

/// Fences a session in, for ever: see `posequel::roots`.
pub fn fence(ctx: &SessionContext, allowed: &Allowed) -> Result<()> {
    match ctx.copied_config().get_extension::<Roots>() {
        Some(roots) => {
            roots.fence(allowed)?;
            limits::after_set(ctx, limits::SAFE)
        }
        None => Err(Error::Internal("a session without roots".to_owned()).into()),
    }
}
