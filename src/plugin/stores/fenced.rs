//! A local disk that asks the roots before it touches anything.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use crate::roots::Roots;

/// See the module.
#[derive(Debug)]
pub struct Fenced {
    disk: Arc<dyn ObjectStore>,
    roots: Roots,
}

impl Fenced {
    /// `disk` names files by their absolute path.
    pub fn new(disk: Arc<dyn ObjectStore>, roots: Roots) -> Self {
        Self { disk, roots }
    }

    fn may_read(&self, path: &Path) -> Result<()> {
        if self.roots.is_fenced() { self.roots.check_read(&file(path)).map_err(|e| refused(path, e)) } else { Ok(()) }
    }

    fn may_write(&self, path: &Path) -> Result<()> {
        if self.roots.is_fenced() { self.roots.check_write(&file(path)).map_err(|e| refused(path, e)) } else { Ok(()) }
    }

    /// A folder that is listed; without one, the root of the disk.
    fn may_list(&self, prefix: Option<&Path>) -> Result<()> {
        self.may_read(prefix.unwrap_or(&Path::default()))
    }
}

/// The file that the disk would touch.
fn file(path: &Path) -> PathBuf {
    PathBuf::from("/").join(path.as_ref())
}

fn refused(path: &Path, error: crate::error::Error) -> object_store::Error {
    object_store::Error::PermissionDenied { path: path.to_string(), source: Box::new(error) }
}

impl fmt::Display for Fenced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.disk.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Fenced {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.may_write(location)?;
        self.disk.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.may_write(location)?;
        self.disk.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.may_read(location)?;
        self.disk.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.may_read(location)?;
        self.disk.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let fence = Self { disk: Arc::clone(&self.disk), roots: self.roots.clone() };
        let checked = locations.map(move |path| path.and_then(|path| fence.may_write(&path).map(|()| path)));
        self.disk.delete_stream(checked.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(error) = self.may_list(prefix) {
            return futures::stream::once(async { Err(error) }).boxed();
        }
        let listed = self.disk.list(prefix);
        if !self.roots.is_fenced() {
            return listed;
        }
        // What a link leads out to is not shown, as if it were not there.
        let fence = Self { disk: Arc::clone(&self.disk), roots: self.roots.clone() };
        listed.try_filter(move |found| futures::future::ready(fence.may_read(&found.location).is_ok())).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.may_list(prefix)?;
        let mut listed = self.disk.list_with_delimiter(prefix).await?;
        if self.roots.is_fenced() {
            listed.objects.retain(|found| self.may_read(&found.location).is_ok());
            listed.common_prefixes.retain(|found| self.may_read(found).is_ok());
        }
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.may_read(from)?;
        self.may_write(to)?;
        self.disk.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.may_write(from)?;
        self.may_write(to)?;
        self.disk.rename_opts(from, to, options).await
    }
}
