//! The memory that frames occupy between their reading and their going on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryLimit, MemoryReservation};

/// What all readers may occupy together, and whether they go on.
pub struct Budget {
    left: AtomicUsize,
    stopped: AtomicBool,
}

impl Budget {
    /// A third of the memory there is: a sort may have to follow, and windows do.
    pub fn new(context: &TaskContext) -> Self {
        let left = match context.memory_pool().memory_limit() {
            MemoryLimit::Finite(limit) => limit / 3,
            MemoryLimit::Infinite | MemoryLimit::Unknown => usize::MAX,
        };
        Self { left: AtomicUsize::new(left), stopped: AtomicBool::new(false) }
    }

    /// Accounts for what was read; if there is no room for it, reading stops.
    pub fn take(&self, reservation: &MemoryReservation, bytes: usize) {
        let enough =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok();
        if !enough || reservation.try_grow(bytes).is_err() {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    /// What was taken for this is taken for something else now.
    pub fn give_back(&self, reservation: &MemoryReservation) {
        self.left.fetch_add(reservation.free(), Ordering::Relaxed);
    }

    /// Whether reading stops.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}
