//! Disks and stores whose calls fail, tear or come late, for tests that try each call in turn.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::disk::{Disk, Entry, LocalDisk};

/// A call that changes something, and what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    MakeFolder(PathBuf),
    SyncFile(PathBuf),
    SyncFolder(PathBuf),
    Link(PathBuf),
    RenameNew(PathBuf),
    Rename(PathBuf),
    WriteNew(PathBuf),
    Remove(PathBuf),
}

/// A local disk that counts its calls, fails one of them or all from one on, and may know no links.
#[derive(Debug, Default)]
pub(crate) struct FaultyDisk {
    /// The number of the call that fails, from 0, and how.
    nth: Option<(usize, ErrorKind)>,
    /// Whether all that follow fail as well.
    for_ever: bool,
    without: Vec<&'static str>,
    calls: Mutex<Vec<Call>>,
}

impl FaultyDisk {
    /// Fails call `nth` alone, from 0.
    pub(crate) fn failing(nth: usize, kind: ErrorKind) -> Self {
        Self { nth: Some((nth, kind)), ..Self::default() }
    }

    /// Fails call `nth` and all that follow.
    pub(crate) fn failing_from(nth: usize, kind: ErrorKind) -> Self {
        Self { for_ever: true, ..Self::failing(nth, kind) }
    }

    /// Knows no `link`, or no `rename_new`.
    pub(crate) fn without(calls: &[&'static str]) -> Self {
        Self { without: calls.to_vec(), ..Self::default() }
    }

    /// The same with a call that fails.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { without: self.without, ..other }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.nth.is_some_and(|(nth, _)| self.calls.lock().unwrap().len() > nth)
    }

    fn on(&self, call: Call) -> io::Result<()> {
        let mut calls = self.calls.lock().unwrap();
        calls.push(call);
        let place = calls.len() - 1;
        match self.nth {
            Some((nth, kind)) if place == nth || (self.for_ever && place > nth) => {
                Err(io::Error::new(kind, format!("call {place} was made to fail")))
            }
            _ => Ok(()),
        }
    }

    fn lacks(&self, call: &str) -> io::Result<()> {
        if self.without.contains(&call) { Err(ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }
}

impl Disk for FaultyDisk {
    fn entries(&self, folder: &FilePath) -> io::Result<Vec<Entry>> {
        LocalDisk.entries(folder)
    }

    fn make_folder(&self, folder: &FilePath) -> io::Result<()> {
        self.on(Call::MakeFolder(folder.to_owned()))?;
        LocalDisk.make_folder(folder)
    }

    fn sync_file(&self, file: &FilePath) -> io::Result<()> {
        self.on(Call::SyncFile(file.to_owned()))?;
        LocalDisk.sync_file(file)
    }

    fn sync_folder(&self, folder: &FilePath) -> io::Result<()> {
        self.on(Call::SyncFolder(folder.to_owned()))?;
        LocalDisk.sync_folder(folder)
    }

    fn link(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        self.on(Call::Link(to.to_owned()))?;
        self.lacks("link")?;
        LocalDisk.link(from, to)
    }

    fn rename_new(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        self.on(Call::RenameNew(to.to_owned()))?;
        self.lacks("rename_new")?;
        LocalDisk.rename_new(from, to)
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        self.on(Call::Rename(to.to_owned()))?;
        LocalDisk.rename(from, to)
    }

    /// Where it fails, half of the bytes are there.
    fn write_new(&self, file: &FilePath, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.on(Call::WriteNew(file.to_owned())) {
            LocalDisk.write_new(file, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        LocalDisk.write_new(file, bytes)
    }

    fn written(&self, file: &FilePath) -> io::Result<SystemTime> {
        LocalDisk.written(file)
    }

    fn remove(&self, file: &FilePath) -> io::Result<()> {
        self.on(Call::Remove(file.to_owned()))?;
        LocalDisk.remove(file)
    }

    fn remove_folder(&self, folder: &FilePath) -> io::Result<()> {
        LocalDisk.remove_folder(folder)
    }
}

/// What happens to a call of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is done, and an error is answered.
    Fails,
    /// It is done, and an error is answered.
    AnswerIsLost,
    /// Half of it is done, and an error is answered.
    Tears,
    /// It is done later than others that were asked later.
    IsLate,
}

/// A store of which one call that writes meets a fault.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    nth: usize,
    fault: Fault,
    writes: AtomicUsize,
}

impl FaultyStore {
    /// The write `nth`, from 0, meets the fault.
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, nth: usize, fault: Fault) -> Self {
        Self { inner, nth, fault, writes: AtomicUsize::new(0) }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.writes.load(Ordering::Relaxed) > self.nth
    }

    fn error() -> object_store::Error {
        object_store::Error::Generic { store: "faulty", source: "this call was made to fail".into() }
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultyStore({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if self.writes.fetch_add(1, Ordering::Relaxed) != self.nth {
            return self.inner.put_opts(at, payload, options).await;
        }
        match self.fault {
            Fault::Fails => Err(Self::error()),
            Fault::AnswerIsLost => self.inner.put_opts(at, payload, options).await.and(Err(Self::error())),
            Fault::Tears => {
                let whole = bytes::Bytes::from(payload);
                // Of what is created under a condition no store shows a half.
                if matches!(options.mode, object_store::PutMode::Overwrite) {
                    self.inner.put(at, whole.slice(..whole.len() / 2).into()).await?;
                }
                Err(Self::error())
            }
            Fault::IsLate => {
                for _ in 0..1000 {
                    tokio::task::yield_now().await;
                }
                self.inner.put_opts(at, payload, options).await
            }
        }
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
