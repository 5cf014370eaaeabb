//! Waits for a store from code that is not asynchronous: catalogs list names, scalar functions load a model.

use std::future::Future;
use std::sync::{OnceLock, mpsc};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// Runs `future` to its end on a thread of its own and returns what it gives.
///
/// The caller's runtime cannot be used: it may have one thread only, the one that waits here. The thread lives as long
/// as the process, since connections of an object store belong to the runtime on which they were opened.
///
/// # Errors
/// Those of the future; [`Error::Limit`] when no thread can be started.
pub fn wait<T: Send + 'static>(future: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    runtime()?.spawn(async move {
        // Nobody listens any more: nothing is left to be done.
        let _ = sender.send(future.await);
    });
    receiver.recv().unwrap_or_else(|_| Err(Error::Internal("reading a model panicked".into())))
}

/// Work that goes on beside until this is dropped.
#[derive(Debug)]
pub struct Beside(JoinHandle<()>);

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Begins work on the same thread.
///
/// # Errors
/// [`Error::Limit`] when no thread can be started.
pub fn beside(future: impl Future<Output = ()> + Send + 'static) -> Result<Beside> {
    Ok(Beside(runtime()?.spawn(future)))
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::result::Result<Runtime, String>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        let built = Builder::new_multi_thread().worker_threads(1).thread_name("posequel-store").enable_all().build();
        built.map_err(|e| e.to_string())
    });
    runtime.as_ref().map_err(|e| Error::Limit(format!("cannot start a thread to read models: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_runtime_of_one_thread_can_wait() {
        assert_eq!(wait(async { Ok(tokio::task::spawn_blocking(|| 1).await.unwrap()) }), Ok(1));
    }

    #[test]
    fn a_panic_is_an_error() {
        let result: Result<()> = wait(async { std::panic::resume_unwind(Box::new("no")) });
        assert!(matches!(result, Err(Error::Internal(_))));
    }
}
