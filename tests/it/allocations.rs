//! The largest piece of memory that a thread asks for while something runs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// The allocator of the system, looked at.
struct Watched;

#[global_allocator]
static WATCHED: Watched = Watched;

fn note(bytes: usize) {
    // A thread that ends has no such place any more.
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(bytes)));
}

#[expect(unsafe_code, reason = "the trait asks for it; every call is the system's own, with the same arguments")]
// SAFETY: what System holds is handed on unchanged.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}

/// What `work` gives, and the bytes of the largest piece of memory that this thread asked for meanwhile.
pub fn largest<T>(work: impl FnOnce() -> T) -> (T, usize) {
    LARGEST.set(0);
    let done = work();
    (done, LARGEST.get())
}

#[test]
fn a_large_piece_is_seen() {
    assert!(largest(|| std::hint::black_box(vec![1_u8; 3 << 20])).1 >= 3 << 20);
    assert!(largest(|| 1).1 < 1 << 20);
}
