//! What SET and RESET of a limit mean in a session of ours.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::disk_manager::{DiskManager, DiskManagerMode};
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{LogicalPlan, Statement};
use datafusion::prelude::SessionContext;

use super::{Limits, memory, pool};
use crate::roots::Roots;

const MEMORY: &str = "datafusion.runtime.memory_limit";
const SPILL: &str = "datafusion.runtime.max_temp_directory_size";
const FOLDER: &str = "datafusion.runtime.temp_directory";
/// The switch of safe mode.
pub const SAFE: &str = "posequel.safe.mode";

/// A statement that sets an option, or gives it its default.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// `SET key = ..`
    Set(String),
    /// `RESET key`
    Reset(String),
}

impl Change {
    /// Of a plan, if it is one.
    pub fn of(plan: &LogicalPlan) -> Option<Self> {
        match plan {
            LogicalPlan::Statement(Statement::SetVariable(set)) => Some(Self::Set(set.variable.to_lowercase())),
            LogicalPlan::Statement(Statement::ResetVariable(reset)) => Some(Self::Reset(reset.variable.to_lowercase())),
            _ => None,
        }
    }

    /// To be called once the statement was run: see [`after_set`] and [`after_reset`].
    ///
    /// # Errors
    /// Theirs.
    pub fn done(&self, ctx: &SessionContext) -> Result<()> {
        match self {
            Self::Set(key) => after_set(ctx, key),
            Self::Reset(key) => after_reset(ctx, key),
        }
    }
}

/// After `SET key = ..`, and after safe mode was switched on: memory in equal shares, and spill in our folder below the one that was set, up to the limit that was set or that the
/// disk has room for. A session that is not ours, and any other key, stay as they are.
///
/// # Errors
/// No folder can be made below `datafusion.runtime.temp_directory`.
pub fn after_set(ctx: &SessionContext, key: &str) -> Result<()> {
    let Some(limits) = ctx.copied_config().get_extension::<Limits>() else { return Ok(()) };
    let runtime = ctx.runtime_env();
    match key {
        MEMORY => set(ctx, |builder| match runtime.memory_pool.memory_limit() {
            MemoryLimit::Finite(bytes) => builder.with_memory_pool(pool(Some(bytes))),
            MemoryLimit::Infinite | MemoryLimit::Unknown => builder,
        }),
        SPILL => spill(ctx, limits.with_spill(Some(runtime.disk_manager.max_temp_directory_size()))),
        FOLDER => match runtime.disk_manager.temp_dir_paths().first().and_then(|made| made.parent()) {
            Some(temporary) => spill(ctx, Limits { spill: limits.spill, ..Limits::below(temporary)? }),
            None => Ok(()),
        },
        SAFE => fenced(ctx, &limits),
        _ => Ok(()),
    }
}

/// In safe mode spill goes below the first folder that may be written; without one there is none.
fn fenced(ctx: &SessionContext, limits: &Limits) -> Result<()> {
    let roots = ctx.copied_config().get_extension::<Roots>();
    let Some(allowed) = roots.and_then(|roots| roots.allowed()) else { return Ok(()) };
    match allowed.write.first() {
        Some(folder) => spill(ctx, Limits { spill: limits.spill, ..Limits::below(folder)? }),
        None => {
            let nowhere = DiskManager::builder().with_mode(DiskManagerMode::Disabled);
            set(ctx, |builder| builder.with_disk_manager_builder(nowhere))
        }
    }
}

/// After `RESET key`: the limit that the session began with.
///
/// # Errors
/// No folder can be made in the system's folder for temporary files.
pub fn after_reset(ctx: &SessionContext, key: &str) -> Result<()> {
    let Some(limits) = ctx.copied_config().get_extension::<Limits>() else { return Ok(()) };
    match key {
        MEMORY => set(ctx, |builder| builder.with_memory_pool(pool(memory::limit()))),
        SPILL => spill(ctx, limits.with_spill(None)),
        FOLDER => spill(ctx, Limits { spill: limits.spill, ..Limits::below(&std::env::temp_dir())? }),
        _ => Ok(()),
    }
}

fn spill(ctx: &SessionContext, limits: Limits) -> Result<()> {
    set(ctx, |builder| builder.with_disk_manager_builder(limits.disk_manager()))?;
    ctx.state_ref().write().config_mut().set_extension(Arc::new(limits));
    Ok(())
}

/// Another runtime, of the same caches and stores.
fn set(ctx: &SessionContext, change: impl FnOnce(RuntimeEnvBuilder) -> RuntimeEnvBuilder) -> Result<()> {
    let runtime = change(RuntimeEnvBuilder::from_runtime_env(&ctx.runtime_env())).build_arc()?;
    let state = ctx.state_ref();
    let mut state = state.write();
    *state = SessionStateBuilder::from(state.clone()).with_runtime_env(runtime).build();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `pipeline::execute` runs a statement.
    async fn run(ctx: &SessionContext, sql: &str) {
        let plan = ctx.state().create_logical_plan(sql).await.unwrap();
        let change = Change::of(&plan).unwrap();
        ctx.execute_logical_plan(plan).await.unwrap();
        change.done(ctx).unwrap();
    }

    fn shown(ctx: &SessionContext, key: &str) -> Option<String> {
        ctx.runtime_env().config_entries().into_iter().find(|entry| entry.key == key)?.value
    }

    #[tokio::test]
    async fn memory_is_shared_after_set_and_reset_too() {
        let ctx = crate::session().unwrap();
        let (name, start) = (|| ctx.runtime_env().memory_pool.to_string(), shown(&ctx, MEMORY));
        if memory::limit().is_some() {
            assert!(name().contains("fair"), "{}", name());
        }
        run(&ctx, "SET datafusion.runtime.memory_limit = '128M'").await;
        assert!(name().contains("fair(pool_size: 128.0 MB)"), "{}", name());
        assert_eq!(shown(&ctx, MEMORY), Some("128M".to_owned()));
        run(&ctx, "RESET datafusion.runtime.memory_limit").await;
        assert_eq!(shown(&ctx, MEMORY), start);
    }

    #[tokio::test]
    async fn neither_limit_of_spill_forgets_the_other() {
        let ctx = crate::session().unwrap();
        let folder = || shown(&ctx, FOLDER).unwrap();
        let first = folder();
        assert!(first.contains("posequel-"), "{first}");
        run(&ctx, "SET datafusion.runtime.max_temp_directory_size = '3M'").await;
        assert!(folder().contains("posequel-") && shown(&ctx, SPILL) == Some("3M".to_owned()), "{}", folder());
        let other = tempfile::tempdir().unwrap();
        run(&ctx, &format!("SET datafusion.runtime.temp_directory = '{}'", other.path().display())).await;
        let below = other.path().canonicalize().unwrap().join("posequel-");
        assert!(folder().starts_with(below.to_str().unwrap()), "{}", folder());
        assert_eq!(shown(&ctx, SPILL), Some("3M".to_owned()));
        run(&ctx, "RESET datafusion.runtime.temp_directory").await;
        assert!(folder().contains("posequel-") && !folder().starts_with(below.to_str().unwrap()), "{}", folder());
        assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0, "nothing is left in the other");
    }

    #[tokio::test]
    async fn a_session_of_a_host_is_left_alone() {
        let ctx = SessionContext::new();
        run(&ctx, "SET datafusion.runtime.memory_limit = '128M'").await;
        assert!(ctx.runtime_env().memory_pool.to_string().contains("greedy"));
    }
}
