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
            self.stop();
        }
    }

    /// Reading stops.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it does.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Memory that is given back as rows go on.
pub struct Held {
    reservations: Vec<MemoryReservation>,
    row_bytes: usize,
}

impl Held {
    /// What so many rows occupy together.
    pub fn new(reservations: Vec<MemoryReservation>, rows: usize) -> Self {
        let bytes: usize = reservations.iter().map(MemoryReservation::size).sum();
        Self { reservations, row_bytes: bytes / rows.max(1) }
    }

    /// Gives back what so many rows occupied.
    pub fn release(&self, rows: usize) {
        let mut bytes = rows * self.row_bytes;
        for reservation in &self.reservations {
            let here = bytes.min(reservation.size());
            bytes -= reservation.try_shrink(here).map_or(0, |_| here);
        }
    }
}
