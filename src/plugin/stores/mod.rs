//! The stores of our sessions: local disks behind the fence of safe mode, and whatever the host has registered.

mod fenced;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use url::Url;

use crate::error::Error;
use crate::roots::Roots;
use fenced::Fenced;

/// Finds the store of a URL.
#[derive(Debug)]
pub struct Stores {
    roots: Roots,
    registered: DefaultObjectStoreRegistry,
}

impl Stores {
    /// The local disk, of which `roots` says what may be touched.
    pub fn new(roots: Roots) -> Self {
        let registered = DefaultObjectStoreRegistry::new();
        if let Ok(url) = Url::parse("file://") {
            let disk = Fenced::new(Arc::new(LocalFileSystem::new()), roots.clone());
            registered.register_store(&url, Arc::new(disk));
        }
        Self { roots, registered }
    }
}

impl ObjectStoreRegistry for Stores {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.registered.register_store(url, store)
    }

    fn deregister_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        self.registered.deregister_store(url)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        let place = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        if url.scheme() != "file" && self.roots.is_fenced() {
            return Err(Error::Query(format!("safe mode: {place} is no folder that is allowed")).into());
        }
        self.registered.get_store(url).map_err(|_| {
            Error::Query(format!(
                "this session knows no store for {place}; a host registers one by RuntimeEnv::register_object_store"
            ))
            .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_not_known_is_named_without_its_password() {
        let url = Url::parse("s3://user:secret@bucket/a").unwrap();
        let error = Stores::new(Roots::default()).get_store(&url).unwrap_err().to_string();
        assert!(error.contains("no store for s3://bucket;") && !error.contains("secret"), "{error}");
    }
}
