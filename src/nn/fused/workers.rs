//! The threads of an engine.

use std::sync::Arc;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// Threads of our own; or none, where one thread does it all.
#[derive(Clone)]
pub struct Workers {
    pool: Option<Arc<ThreadPool>>,
    threads: usize,
}

impl Workers {
    /// So many threads; 0 is one for each core.
    pub fn new(threads: usize) -> Result<Self> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { cores() } else { threads };
        let pool = (threads > 1).then(|| ThreadPoolBuilder::new().num_threads(threads).build()).transpose();
        let pool = pool.map_err(|e| Error::Limit(format!("cannot start {threads} threads: {e}")))?;
        Ok(Self { pool: pool.map(Arc::new), threads })
    }

    /// Their number.
    pub fn count(&self) -> usize {
        self.threads
    }

    /// The threads, if there are any but the one that asks.
    pub fn pool(&self) -> Option<Arc<ThreadPool>> {
        self.pool.clone()
    }

    /// Runs `f` on one of the threads: [`Self::each`] below it finds them awake.
    pub fn install<T: Send>(&self, f: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(f),
            None => f(),
        }
    }

    /// `f` of each item, on whichever thread is free; the results are in the order of the items.
    pub fn each<I: Send, T: Send>(&self, items: Vec<I>, f: impl Fn(I) -> T + Sync + Send) -> Vec<T> {
        match &self.pool {
            Some(pool) if items.len() > 1 => pool.install(|| items.into_par_iter().with_max_len(1).map(f).collect()),
            _ => items.into_iter().map(f).collect(),
        }
    }
}
