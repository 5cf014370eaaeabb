//! What lies in a single folder.

use std::path::PathBuf;

use object_store::path::{Path, PathPart};
use object_store::{ListResult, ObjectStore, ObjectStoreExt};

/// What is in a folder. Of one on this machine in which something cannot be followed, everything else. What `is_named` is entered whatever it is.
pub async fn list(
    store: &dyn ObjectStore,
    folder: &Path,
    is_local: bool,
    is_named: bool,
) -> object_store::Result<ListResult> {
    if is_local && !is_named && leads_back(folder) {
        let source = "it is a link that leads back to a folder above it".into();
        return Err(object_store::Error::Generic { store: "LocalFileSystem", source });
    }
    match store.list_with_delimiter(of_folder(folder)).await {
        Err(e) if is_missing(&e) => Ok(ListResult { common_prefixes: vec![], objects: vec![] }),
        // What may not be looked at is not looked at in another way.
        Err(e @ object_store::Error::PermissionDenied { .. }) => Err(e),
        Err(e) if is_local => one_by_one(store, folder).await.ok_or(e),
        listed => listed,
    }
}

fn on_disk(path: &Path) -> PathBuf {
    PathBuf::from(format!("/{path}"))
}

/// Whether a folder is a link to one in which it lies: whoever follows it finds no end.
fn leads_back(folder: &Path) -> bool {
    let path = on_disk(folder);
    let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    let target = is_link.then(|| path.canonicalize().ok()).flatten();
    target.is_some_and(|target| path.ancestors().skip(1).any(|above| above.canonicalize().is_ok_and(|it| it == target)))
}

/// What is in a folder of which an entry keeps the others from being listed, without that entry.
async fn one_by_one(store: &dyn ObjectStore, folder: &Path) -> Option<ListResult> {
    let mut listed = ListResult { common_prefixes: vec![], objects: vec![] };
    for entry in std::fs::read_dir(on_disk(folder)).ok()?.flatten() {
        let (name, Ok(meta)) = (entry.file_name(), entry.path().metadata()) else { continue };
        let Some(Ok(part)) = name.to_str().map(PathPart::parse) else { continue };
        let path = folder.clone().join(part);
        if meta.is_dir() {
            listed.common_prefixes.push(path);
        } else if meta.is_file() {
            listed.objects.extend(store.head(&path).await.ok());
        }
    }
    Some(listed)
}

/// A folder as stores want it: nothing for all that is in them.
pub fn of_folder(folder: &Path) -> Option<&Path> {
    Some(folder).filter(|path| !path.as_ref().is_empty())
}

/// Whether there is no such thing.
pub fn is_missing(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. })
}
