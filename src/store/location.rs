//! Where models lie: a local folder or a prefix in an object store.

use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

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
    /// `s3://bucket/`; empty for local folders.
    base: String,
}

impl Location {
    /// The folder `path` of a store that is shown to users as `base` (`s3://bucket`).
    pub fn remote(base: &str, store: Arc<dyn ObjectStore>, path: Path) -> Self {
        Self { store, path, local: None, base: format!("{}/", base.trim_end_matches('/')) }
    }

    /// A local folder, which needs not exist. A relative one is taken from the current folder.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty path or one that is no valid text.
    pub fn folder(folder: &FilePath, store: Arc<dyn ObjectStore>) -> Result<Self> {
        let wrong = |why: String| Error::Query(format!("'{}' is no folder for models: {why}", folder.display()));
        let absolute = std::path::absolute(folder).map_err(|e| wrong(e.to_string()))?;
        let path = Path::from_absolute_path(&absolute).map_err(|e| wrong(e.to_string()))?;
        Ok(Self { store, path, local: Some(absolute), base: String::new() })
    }

    /// The folder or file `name` inside this one.
    pub fn child(&self, name: &str) -> Self {
        Self {
            store: Arc::clone(&self.store),
            path: self.path.clone().join(name),
            local: self.local.as_ref().map(|folder| folder.join(name)),
            base: self.base.clone(),
        }
    }

    /// The last part of the path: the name of a model, of a run, of a blob.
    pub fn name(&self) -> &str {
        self.path.filename().unwrap_or_default()
    }

    /// The folder that this one lies in; itself at the root of a store.
    pub fn parent(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            path: self.path.parent().unwrap_or_else(|| self.path.clone()),
            local: self.local.as_ref().map(|folder| folder.parent().unwrap_or(folder).to_owned()),
            base: self.base.clone(),
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

    /// An error of the store while it was asked to `act` here.
    pub(super) fn failed(&self, act: &str, error: &object_store::Error) -> Error {
        Error::of_io(format!("cannot {act} {self}"), error, Error::Model)
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
