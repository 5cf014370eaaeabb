//! Disks and stores whose calls fail, tear or come late, for tests that try each call in turn.

use std::fmt;
use std::fs::File;
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
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
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

/// What happens to a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is done, and an error is answered.
    #[default]
    Fails,
    /// It is done, and an error is answered.
    AnswerIsLost,
    /// Half of it is done, and an error is answered.
    Tears,
    /// It is done later than others that were asked later.
    IsLate,
}

/// Which call meets a fault. A disk and a store that share one count their calls together.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The number of the call, from 0.
    nth: Option<usize>,
    fault: Fault,
    /// The error of a disk.
    kind: Option<ErrorKind>,
    /// Whether all that follow meet it as well, as after the death of a process.
    for_ever: bool,
    /// Whether calls that change nothing are counted, too.
    with_reads: bool,
    counted: AtomicUsize,
}

impl Plan {
    /// Call `nth` of all, those that read among them.
    pub(crate) fn of_all(nth: usize, fault: Fault, kind: ErrorKind, for_ever: bool) -> Arc<Self> {
        Arc::new(Self { nth: Some(nth), fault, kind: Some(kind), for_ever, with_reads: true, ..Self::default() })
    }

    /// The fault that a call meets, if it does.
    fn next(&self, reads: bool) -> Option<Fault> {
        if reads && !self.with_reads {
            return None;
        }
        let place = self.counted.fetch_add(1, Ordering::Relaxed);
        let is_met = self.nth.is_some_and(|nth| place == nth || (self.for_ever && place > nth));
        is_met.then_some(self.fault)
    }

    /// Whether any call met it.
    pub(crate) fn has_failed(&self) -> bool {
        self.nth.is_some_and(|nth| self.counted.load(Ordering::Relaxed) > nth)
    }
}

/// A local disk that notes its calls, of which one meets a fault, or all from one on, and that may know no links.
///
/// Nothing waits for the disk: what a power cut leaves no test can see, and thousands of syncs take minutes.
#[derive(Debug, Default)]
pub(crate) struct FaultyDisk {
    plan: Arc<Plan>,
    without: Vec<&'static str>,
    calls: Mutex<Vec<Call>>,
}

impl FaultyDisk {
    /// By a plan that a store may share.
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        Self { plan, ..Self::default() }
    }

    /// Fails call `nth` alone, from 0, of those that change something.
    pub(crate) fn failing(nth: usize, kind: ErrorKind) -> Self {
        Self::new(Arc::new(Plan { nth: Some(nth), kind: Some(kind), ..Plan::default() }))
    }

    /// Fails call `nth` and all that follow.
    pub(crate) fn failing_from(nth: usize, kind: ErrorKind) -> Self {
        Self::new(Arc::new(Plan { nth: Some(nth), kind: Some(kind), for_ever: true, ..Plan::default() }))
    }

    /// Knows no `link`, or no `rename_new`.
    pub(crate) fn without(calls: &[&'static str]) -> Self {
        Self { without: calls.to_vec(), ..Self::default() }
    }

    /// The same with a call that fails.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { without: self.without, ..other }
    }

    /// Those that change something.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.plan.has_failed()
    }

    fn error(&self) -> io::Error {
        io::Error::new(self.plan.kind.unwrap_or(ErrorKind::Other), "this call was made to fail")
    }

    /// A call that changes something. Of one that tears nothing is done, unless it says what half of it is.
    fn change(&self, call: Call, act: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.calls.lock().unwrap().push(call);
        self.met(false, act)
    }

    fn met<T>(&self, reads: bool, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.plan.next(reads) {
            None => act(),
            Some(Fault::Fails | Fault::Tears) => Err(self.error()),
            Some(Fault::AnswerIsLost) => act().and(Err(self.error())),
            Some(Fault::IsLate) => {
                (0..1000).for_each(|_| std::thread::yield_now());
                act()
            }
        }
    }

    fn lacks(&self, call: &str) -> io::Result<()> {
        if self.without.contains(&call) { Err(ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }
}

impl Disk for FaultyDisk {
    fn entries(&self, folder: &FilePath) -> io::Result<Vec<Entry>> {
        self.met(true, || LocalDisk.entries(folder))
    }

    fn make_folder(&self, folder: &FilePath) -> io::Result<()> {
        self.change(Call::MakeFolder(folder.to_owned()), || LocalDisk.make_folder(folder))
    }

    fn sync_file(&self, file: &FilePath) -> io::Result<()> {
        self.change(Call::SyncFile(file.to_owned()), || File::open(file).map(drop))
    }

    fn sync_folder(&self, folder: &FilePath) -> io::Result<()> {
        self.change(Call::SyncFolder(folder.to_owned()), || LocalDisk.entries(folder).map(drop))
    }

    fn link(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        self.change(Call::Link(to.to_owned()), || self.lacks("link").and_then(|()| LocalDisk.link(from, to)))
    }

    fn rename_new(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        let act = || self.lacks("rename_new").and_then(|()| LocalDisk.rename_new(from, to));
        self.change(Call::RenameNew(to.to_owned()), act)
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        self.change(Call::Rename(to.to_owned()), || LocalDisk.rename(from, to))
    }

    /// Where it fails, half of the bytes are there.
    fn write_new(&self, file: &FilePath, bytes: &[u8]) -> io::Result<()> {
        let is_begun = std::cell::Cell::new(false);
        let written = self.change(Call::WriteNew(file.to_owned()), || {
            is_begun.set(true);
            LocalDisk.write_new(file, bytes)
        });
        if written.is_err() && !is_begun.get() {
            LocalDisk.write_new(file, &bytes[..bytes.len() / 2])?;
        }
        written
    }

    fn written(&self, file: &FilePath) -> io::Result<SystemTime> {
        self.met(true, || LocalDisk.written(file))
    }

    fn remove(&self, file: &FilePath) -> io::Result<()> {
        self.change(Call::Remove(file.to_owned()), || LocalDisk.remove(file))
    }

    fn remove_folder(&self, folder: &FilePath) -> io::Result<()> {
        self.met(true, || LocalDisk.remove_folder(folder))
    }
}

/// A store of which one call meets a fault, or all from one on.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    plan: Arc<Plan>,
}

impl FaultyStore {
    /// The write `nth`, from 0, meets the fault.
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, nth: usize, fault: Fault) -> Self {
        Self { inner, plan: Arc::new(Plan { nth: Some(nth), fault, ..Plan::default() }) }
    }

    /// By a plan that a disk may share.
    pub(crate) fn planned(inner: Arc<dyn ObjectStore>, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.plan.has_failed()
    }

    fn error() -> object_store::Error {
        object_store::Error::Generic { store: "faulty", source: "this call was made to fail".into() }
    }
}

/// Lets others go first.
async fn late() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
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
        match self.plan.next(false) {
            None => self.inner.put_opts(at, payload, options).await,
            Some(Fault::Fails) => Err(Self::error()),
            Some(Fault::AnswerIsLost) => self.inner.put_opts(at, payload, options).await.and(Err(Self::error())),
            Some(Fault::Tears) => {
                let whole = bytes::Bytes::from(payload);
                // Of what is created under a condition no store shows a half.
                if matches!(options.mode, object_store::PutMode::Overwrite) {
                    self.inner.put(at, whole.slice(..whole.len() / 2).into()).await?;
                }
                Err(Self::error())
            }
            Some(Fault::IsLate) => {
                late().await;
                self.inner.put_opts(at, payload, options).await
            }
        }
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    /// Of what tears half of the bytes come.
    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        match self.plan.next(true) {
            None => self.inner.get_opts(at, options).await,
            Some(Fault::Fails | Fault::AnswerIsLost) => Err(Self::error()),
            Some(Fault::Tears) => {
                let got = self.inner.get_opts(at, options).await?;
                let (meta, range, attributes) = (got.meta.clone(), got.range.clone(), got.attributes.clone());
                let whole = got.bytes().await?;
                let parts = [Ok(whole.slice(..whole.len() / 2)), Err(Self::error())];
                let payload = GetResultPayload::Stream(futures::stream::iter(parts).boxed());
                Ok(GetResult { payload, meta, range, attributes })
            }
            Some(Fault::IsLate) => {
                late().await;
                self.inner.get_opts(at, options).await
            }
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.plan.next(true) {
            None | Some(Fault::IsLate) => self.inner.delete_stream(locations),
            Some(Fault::Fails | Fault::Tears) => futures::stream::iter([Err(Self::error())]).boxed(),
            Some(Fault::AnswerIsLost) => {
                self.inner.delete_stream(locations).map(|deleted| deleted.and(Err(Self::error()))).boxed()
            }
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.plan.next(true) {
            None | Some(Fault::IsLate) => self.inner.list(prefix),
            Some(Fault::Fails | Fault::AnswerIsLost) => futures::stream::iter([Err(Self::error())]).boxed(),
            Some(Fault::Tears) => {
                self.inner.list(prefix).take(1).chain(futures::stream::iter([Err(Self::error())])).boxed()
            }
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match self.plan.next(true) {
            None => self.inner.list_with_delimiter(prefix).await,
            Some(Fault::IsLate) => {
                late().await;
                self.inner.list_with_delimiter(prefix).await
            }
            Some(_) => Err(Self::error()),
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
