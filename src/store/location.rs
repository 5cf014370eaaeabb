//! Where models lie: a local folder or a prefix in an object store.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::disk::{Disk, Kind, LocalDisk};
use super::durable;
use crate::error::{Error, Result};

/// A folder of an object store: the root of all models, or the folder of one.
#[derive(Debug, Clone)]
pub struct Location {
    /// The store that is read and written.
    pub store: Arc<dyn ObjectStore>,
    /// The folder inside the store.
    pub path: Path,
    /// The same folder for the operating system, when the store is a local disk.
    pub local: Option<PathBuf>,
    /// The calls to it that the store has no word for.
    pub(super) disk: Arc<dyn Disk>,
    /// `s3://bucket/`; empty for local folders.
    base: String,
}

/// What lies in a folder, each list sorted.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    /// Names of folders.
    pub folders: Vec<String>,
    /// Names of files, and their bytes.
    pub files: Vec<(String, u64)>,
    /// What cannot be looked at: name, and why.
    pub unreadable: Vec<(String, String)>,
}

impl Location {
    /// The folder `path` of a store that is shown to users as `base` (`s3://bucket`).
    pub fn remote(base: &str, store: Arc<dyn ObjectStore>, path: Path) -> Self {
        Self { store, path, local: None, disk: Arc::new(LocalDisk), base: format!("{}/", base.trim_end_matches('/')) }
    }

    /// A local folder, which needs not exist. A relative one is taken from the current folder.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty path or one that is no valid text.
    pub fn folder(folder: &FilePath, store: Arc<dyn ObjectStore>) -> Result<Self> {
        let wrong = |why: String| Error::Query(format!("'{}' is no folder for models: {why}", folder.display()));
        let absolute = std::path::absolute(folder).map_err(|e| wrong(e.to_string()))?;
        let path = Path::from_absolute_path(&absolute).map_err(|e| wrong(e.to_string()))?;
        Ok(Self { store, path, local: Some(absolute), disk: Arc::new(LocalDisk), base: String::new() })
    }

    /// The same folder over other calls to the disk.
    #[cfg(test)]
    pub(crate) fn with_disk(self, disk: Arc<dyn Disk>) -> Self {
        Self { disk, ..self }
    }

    /// The same folder in another store.
    #[cfg(test)]
    pub(crate) fn with_store(self, store: Arc<dyn ObjectStore>) -> Self {
        Self { store, ..self }
    }

    /// The folder or file `name` inside this one.
    pub fn child(&self, name: &str) -> Self {
        Self {
            path: joined(&self.path, name),
            local: self.local.as_ref().map(|folder| folder.join(name)),
            ..self.clone()
        }
    }

    /// Whether it is the same folder of the same store, however it was written.
    pub fn is(&self, other: &Self) -> bool {
        (&self.base, &self.path) == (&other.base, &other.path)
    }

    /// The last part of the path: the name of a model, of a run, of a blob.
    pub fn name(&self) -> &str {
        self.path.filename().unwrap_or_default()
    }

    /// The folder that this one lies in; itself at the root of a store.
    pub fn parent(&self) -> Self {
        Self {
            path: self.path.parent().unwrap_or_else(|| self.path.clone()),
            local: self.local.as_ref().map(|folder| folder.parent().unwrap_or(folder).to_owned()),
            ..self.clone()
        }
    }

    /// The bytes of this file; None when there is none.
    pub(super) async fn read(&self) -> Result<Option<bytes::Bytes>> {
        let got = match self.store.get(&self.path).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        match got {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// What lies in this folder; nothing where there is no such folder.
    ///
    /// A local folder is asked for itself: the store would answer that a file is an empty folder, and nothing at all where one entry is a
    /// symbolic link to itself.
    ///
    /// # Errors
    /// [`Error::Model`] when it cannot be looked at, or is a file.
    pub(super) async fn list(&self) -> Result<Listing> {
        let mut listing = Listing::default();
        if let Some(folder) = self.local.clone() {
            // The store knows what may be looked at, the disk does not.
            if let Err(error @ object_store::Error::PermissionDenied { .. }) = self.store.head(&self.path).await {
                return Err(self.failed("list", &error));
            }
            let entries = match durable::blocking(&self.disk, move |disk| disk.entries(&folder)).await? {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => vec![],
                Err(error) => return Err(failure("list", self, &error)),
            };
            for entry in entries {
                match entry.kind {
                    Kind::Folder => listing.folders.push(entry.name),
                    Kind::File(length) => listing.files.push((entry.name, length)),
                    Kind::Unreadable(why) => listing.unreadable.push((entry.name, why)),
                }
            }
        } else {
            let listed = self.store.list_with_delimiter(Some(&self.path)).await.map_err(|e| self.failed("list", &e))?;
            listing.folders = listed.common_prefixes.iter().filter_map(|at| at.filename().map(str::to_owned)).collect();
            let file = |file: object_store::ObjectMeta| Some((file.location.filename()?.to_owned(), file.size));
            listing.files = listed.objects.into_iter().filter_map(file).collect();
        }
        listing.folders.sort_unstable();
        listing.files.sort_unstable();
        listing.unreadable.sort_unstable();
        Ok(listing)
    }

    /// An error of the store while it was asked to `act` here.
    pub(super) fn failed(&self, act: &str, error: &object_store::Error) -> Error {
        failure(act, self, error)
    }
}

/// A full disk is a limit, everything else a store that does not do what it should.
pub(super) fn failure(act: &str, place: &Location, error: &(dyn std::error::Error + 'static)) -> Error {
    Error::of_io(format!("cannot {act} {place}"), error, Error::Model)
}

/// `folder/name` with letters of any script as they are: what object_store encodes it would, on a local disk, encode again.
fn joined(folder: &Path, name: &str) -> Path {
    let folder_is_root = folder.as_ref().is_empty();
    let text = if folder_is_root { name.to_owned() } else { format!("{folder}/{name}") };
    match Path::parse(&text) {
        Ok(path) if !name.is_empty() && !name.contains('/') => path,
        _ => folder.clone().join(name),
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.local {
            Some(folder) => write!(f, "{}", folder.display()),
            None => write!(f, "{}{}", self.base, self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use object_store::local::LocalFileSystem;

    use super::*;

    fn folder(path: &FilePath) -> Location {
        Location::folder(path, Arc::new(LocalFileSystem::new())).unwrap()
    }

    #[tokio::test]
    async fn a_child_in_any_script_is_the_folder_of_that_name() {
        let root = tempfile::tempdir().unwrap();
        for name in ["gait", "übung", "١٢٣", "歩き", "a.b-c_d"] {
            let child = folder(root.path()).child(name);
            assert_eq!(child.path, folder(&root.path().join(name)).path, "{name}");
            child.store.put(&child.child("a.txt").path, name.to_owned().into()).await.unwrap();
            assert_eq!(std::fs::read_to_string(root.path().join(name).join("a.txt")).unwrap(), name);
            assert_eq!(child.child("a.txt").parent().name(), name);
        }
        let listed = folder(root.path()).list().await.unwrap();
        assert_eq!(listed.folders, ["a.b-c_d", "gait", "übung", "١٢٣", "歩き"]);
    }

    #[tokio::test]
    async fn what_is_no_folder_cannot_be_listed_and_what_is_not_there_is_empty() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("file"), "").unwrap();
        let error = folder(&root.path().join("file")).list().await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot list {}/file: ", root.path().display())), "{error}");
        assert!(folder(&root.path().join("none")).list().await.unwrap().files.is_empty());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_to_itself_takes_nothing_from_the_others() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("gait")).unwrap();
        std::os::unix::fs::symlink("loop", root.path().join("loop")).unwrap();
        let listed = folder(root.path()).list().await.unwrap();
        assert_eq!((listed.folders.as_slice(), listed.unreadable[0].0.as_str()), (&["gait".to_owned()][..], "loop"));
    }

    #[test]
    fn a_full_disk_is_a_limit() {
        let at = folder(FilePath::new("/models"));
        let full = |source: std::io::Error| object_store::Error::Generic { store: "x", source: Box::new(source) };
        assert!(matches!(at.failed("write", &full(ErrorKind::StorageFull.into())), Error::Limit(_)));
        assert!(matches!(at.failed("write", &full(ErrorKind::PermissionDenied.into())), Error::Model(_)));
    }
}
