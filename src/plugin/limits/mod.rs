//! How much a session may take: of memory, and of the disk for what memory has no room for.
//!
//! A session of [`posequel::session`](crate::session) has a limit of memory of 60 % of the machine's, or of the container's where that is less
//! ([`memory`]), in a pool that gives operators which can spill equal shares. Spill goes below `<tmp>/posequel-<pid>-<start>/` ([`folder`]), up to 80 % of
//! what the disk had free ([`disk`]). `SHOW ALL` tells both, rounded down to whole units: `datafusion.runtime.memory_limit`,
//! `datafusion.runtime.max_temp_directory_size`, `datafusion.runtime.temp_directory`.
//!
//! Row groups of Parquet are bounded in bytes ([`row_groups`]).
//!
//! SET of these makes a new runtime in DataFusion, with a pool that serves whoever comes first, and with the limit or the folder of spill forgotten, whichever was not
//! set. Scripts, pipelines and `--set` mend that ([`change`]). A host that runs `ctx.sql("SET datafusion.runtime...")` itself has DataFusion's pool and
//! folder from then on, unless it calls [`after_set`]; a session that a host built with [`register`](crate::register) has the runtime that the host gave it.

pub mod change;
pub mod disk;
pub mod folder;
pub mod memory;
pub mod row_groups;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::disk_manager::{DiskManager, DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool, TrackConsumersPool, UnboundedMemoryPool};

pub use change::{SAFE, after_reset, after_set};
use folder::Folder;

/// The limits of a session of ours: an extension of its configuration, so that the folder of spill lives as long as what is still running.
#[derive(Debug, Clone)]
pub struct Limits {
    folder: Arc<Folder>,
    /// Bytes of spill, if a number was set.
    spill: Option<u64>,
}

impl Limits {
    /// With spill below a folder for temporary files, which is made if need be.
    ///
    /// # Errors
    /// No folder can be made there.
    pub fn below(temporary: &Path) -> Result<Self> {
        Ok(Self { folder: Folder::below(temporary)?, spill: None })
    }

    /// Where spill goes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same with a limit of spill in bytes; without one it is what the disk has room for.
    pub fn with_spill(&self, bytes: Option<u64>) -> Self {
        Self { spill: bytes, ..self.clone() }
    }

    /// What makes files there, up to the limit.
    pub fn disk_manager(&self) -> DiskManagerBuilder {
        let folders = DiskManagerMode::Directories(vec![self.folder().to_owned()]);
        let manager = DiskManager::builder().with_mode(folders);
        match self.spill.or_else(|| disk::limit(self.folder())) {
            Some(bytes) => manager.with_max_temp_directory_size(bytes),
            None => manager,
        }
    }
}

/// Operators that a refusal names, by what they have.
const NAMED: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// A pool of so many bytes, in which operators that can spill have equal shares; without a limit where none is known.
pub fn pool(bytes: Option<usize>) -> Arc<dyn MemoryPool> {
    match bytes {
        Some(bytes) => Arc::new(TrackConsumersPool::new(FairSpillPool::new(bytes), NAMED)),
        None => Arc::new(UnboundedMemoryPool::default()),
    }
}
