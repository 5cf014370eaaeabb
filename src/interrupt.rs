//! Whether somebody asked for an end: a flag that everything which takes long looks at.
//!
//! A query is ended by dropping its stream, but what computes between two batches does not notice that. So a session may carry an
//! [`Interrupt`], put into it by `SessionConfig::with_extension`: epochs, metrics, baselines, publishing and printing look at it,
//! and end with [`Error::Interrupted`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, Result};

/// A flag that ends work; clones are the same flag. To look at it costs a load, so a loop may do so in each turn.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    requested: AtomicBool,
    /// Work under way that has something to keep before it ends.
    keeping: AtomicUsize,
    above: Option<Interrupt>,
}

impl Interrupt {
    /// A flag of a part of the work: it is set when this one is, and can be set alone.
    pub fn child(&self) -> Self {
        Self(Arc::new(Flag { above: Some(self.clone()), ..Flag::default() }))
    }

    /// Asks for an end.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::Relaxed);
    }

    /// Takes the wish back, for the next piece of work; those who saw it have ended.
    pub fn clear(&self) {
        self.0.requested.store(false, Ordering::Relaxed);
    }

    /// Whether an end was asked for, here or above.
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::Relaxed) || self.0.above.as_ref().is_some_and(Self::is_requested)
    }

    /// An error once an end was asked for.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn check(&self) -> Result<()> {
        if self.is_requested() { Err(Error::Interrupted("the statement was stopped".to_owned())) } else { Ok(()) }
    }

    /// Says that there is something to keep, until the guard is dropped: whoever asked for an end waits for it.
    pub fn keep(&self) -> Keeping {
        let mut top = self;
        while let Some(above) = &top.0.above {
            top = above;
        }
        top.0.keeping.fetch_add(1, Ordering::Relaxed);
        Keeping(top.clone())
    }

    /// Whether there is anything to wait for.
    pub fn is_keeping(&self) -> bool {
        self.0.keeping.load(Ordering::Relaxed) > 0
    }
}

/// See [`Interrupt::keep`].
#[derive(Debug)]
pub struct Keeping(Interrupt);

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.0.keeping.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Asks for an end when it is dropped: work on a thread of its own then ends with the query that waited for it.
#[derive(Debug)]
pub struct RequestOnDrop(pub Interrupt);

impl Drop for RequestOnDrop {
    fn drop(&mut self) {
        self.0.request();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_with_the_whole_and_alone() {
        let session = Interrupt::default();
        let [one, other] = [session.child(), session.child()];
        drop(RequestOnDrop(one.clone()));
        assert!(one.check().is_err() && other.check().is_ok() && session.check().is_ok());
        session.request();
        assert!(other.child().is_requested());
        session.clear();
        assert!(one.is_requested() && !other.is_requested());
    }

    #[test]
    fn what_has_something_to_keep_is_waited_for() {
        let session = Interrupt::default();
        let keeping = session.child().child().keep();
        assert!(session.is_keeping());
        drop(keeping);
        assert!(!session.is_keeping());
    }
}
