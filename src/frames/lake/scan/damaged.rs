//! Readers that panic: of a damaged file they may believe lengths that lead out of its bytes.
//!
//! What reads a file is called here, and a panic becomes an error that names the file. A thread knows while it reads, so that a program may leave out the lines that
//! panics write to standard error.

use std::any::Any;
use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::task::Poll;

use datafusion::common::Result;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};

use crate::error::Error;

thread_local! {
    static IS_READING: Cell<bool> = const { Cell::new(false) };
}

/// Leaves out what panics of readers write to standard error: the error says it, by the name of the file. For programs; it changes the hook of the process, once.
pub fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !IS_READING.get() {
                before(panic);
            }
        }));
    });
}

/// What reading a file gives.
///
/// # Errors
/// A panic, by the name of the file.
pub fn guarded<T>(file: &str, read: impl FnOnce() -> T) -> Result<T> {
    let was_reading = IS_READING.replace(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    IS_READING.set(was_reading);
    read.map_err(|panic| damaged(file, &told(panic.as_ref())).into())
}

/// As [`guarded`], of what is waited for.
pub async fn guarded_future<T>(file: &str, mut read: BoxFuture<'_, Result<T>>) -> Result<T> {
    poll_fn(|context| guarded(file, || read.poll_unpin(context)).unwrap_or_else(|damaged| Poll::Ready(Err(damaged))))
        .await
}

/// As [`guarded`], of rows; a panic ends them.
pub fn guarded_rows<T: 'static>(
    file: String,
    mut rows: BoxStream<'static, Result<T>>,
) -> BoxStream<'static, Result<T>> {
    let mut is_over = false;
    let next = move |context: &mut std::task::Context<'_>| {
        if is_over {
            return Poll::Ready(None);
        }
        guarded(&file, || rows.poll_next_unpin(context)).unwrap_or_else(|damaged| {
            is_over = true;
            Poll::Ready(Some(Err(damaged)))
        })
    };
    stream::poll_fn(next).boxed()
}

/// That a file cannot be read, since its reader says what no whole file makes it say.
pub fn damaged(file: &str, what: &str) -> Error {
    Error::Data(format!("{file}: cannot be read: it seems to be damaged ({what}); write it anew, or leave it out"))
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("its reader panicked").lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_names_the_file() {
        hush();
        let wanted = "a.arrow: cannot be read: it seems to be damaged (index 7); write it anew, or leave it out";
        let error = guarded("a.arrow", || panic!("index {}\nof many", 7)).unwrap_err();
        assert_eq!(error.to_string().strip_prefix("External error: ").unwrap(), wanted);
        let waited = guarded_future::<()>("a.arrow", async { panic!("index 7") }.boxed()).await;
        assert!(waited.unwrap_err().to_string().contains(wanted));
        let rows = stream::iter([1, 2, 3]).map(|row| if row == 2 { panic!("index 7") } else { Ok(row) }).boxed();
        let mut rows = guarded_rows("a.arrow".to_owned(), rows);
        assert_eq!(rows.try_next().await.unwrap(), Some(1));
        assert!(rows.try_next().await.unwrap_err().to_string().contains(wanted));
        assert!(rows.try_next().await.unwrap().is_none());
        assert!(guarded("a.arrow", || 1).is_ok() && !IS_READING.get());
    }
}
