//! Makes a new version of a model: all of it, or nothing that anybody sees.

use std::collections::BTreeMap;

use object_store::{ObjectStoreExt, PutMode};
use uuid::Uuid;

use super::durable::Ancestors;
use super::layout::{self, MANIFEST, RUNS, VERSIONS};
use super::location::Location;
use super::manifest::{Blob, Manifest, SCHEMA_VERSION, Summary};
use super::read;
use crate::error::{Error, Result};

/// Stores the blobs of one training as the next version of `model` and returns its number (1, 2, ...).
///
/// The blobs go under a name of their own and to disk; then a manifest with their lengths and checksums is put under
/// the next free number, in one atomic act that fails if somebody else has taken it. Whoever publishes at the same
/// time gets another number. What a crash leaves behind is never referred to.
///
/// # Errors
/// [`Error::Model`] when the store refuses a write, [`Error::Query`] for a model name that could not be read back.
pub async fn publish(model: &Location, blobs: Vec<(String, Vec<u8>)>, summary: Summary) -> Result<u64> {
    layout::check_model_name(model.name())?;
    let run = Uuid::now_v7().to_string();
    let folder = model.child(RUNS).child(&run);
    let ancestors = folder.local.as_deref().map(Ancestors::of);

    let mut listed = BTreeMap::new();
    for (name, bytes) in blobs {
        if name == MANIFEST || name.contains('/') || listed.contains_key(&name) {
            return Err(Error::Internal(format!("a blob cannot be stored as '{name}'")));
        }
        listed.insert(name.clone(), Blob::of(&bytes));
        put(&folder.child(&name), bytes).await?;
    }
    let writer = format!("posequel {}", env!("CARGO_PKG_VERSION"));
    let manifest = Manifest { schema_version: SCHEMA_VERSION, run, writer, summary, blobs: listed };
    let own = folder.child(MANIFEST);
    put(&own, manifest.to_json()?).await?;
    if let Some(ancestors) = ancestors {
        ancestors.sync().await?;
    }
    commit(model, &manifest, &own).await
}

/// Gives the manifest the next free number.
async fn commit(model: &Location, manifest: &Manifest, own: &Location) -> Result<u64> {
    let versions = model.child(VERSIONS);
    let ancestors = versions.local.as_deref().map(Ancestors::of);
    let mut number = read::numbers(model).await?.last().map_or(1, |newest| newest + 1);
    loop {
        let file = versions.child(&layout::version_file(number));
        if claim(&file, manifest, own).await? {
            break;
        }
        number += 1;
    }
    if let Some(ancestors) = ancestors {
        ancestors.sync().await?;
    }
    Ok(number)
}

/// Puts the manifest under a number; false when the number belongs to somebody else.
async fn claim(file: &Location, manifest: &Manifest, own: &Location) -> Result<bool> {
    match create(file, manifest, own).await {
        Ok(()) => Ok(true),
        // Ours, if an earlier attempt arrived and only its answer was lost.
        Err(object_store::Error::AlreadyExists { .. }) => Ok(taken_by(file).await?.as_ref() == Some(&manifest.run)),
        Err(error) => Err(file.failed("publish", &error)),
    }
}

/// Creates the file of a version, or fails with AlreadyExists.
async fn create(file: &Location, manifest: &Manifest, own: &Location) -> Result<(), object_store::Error> {
    if file.local.is_some() {
        // A hard link to a manifest that is on disk already: after a crash it is there whole or not at all, which a
        // file that is created, linked and only then synced is not.
        return file.store.copy_if_not_exists(&own.path, &file.path).await;
    }
    let json = manifest.to_json().map_err(|e| object_store::Error::Generic { store: "models", source: Box::new(e) })?;
    file.store.put_opts(&file.path, json.into(), PutMode::Create.into()).await.map(|_| ())
}

/// The run that a number belongs to; None when its manifest cannot be read, which is not ours then.
async fn taken_by(file: &Location) -> Result<Option<String>> {
    let json = file.read().await?;
    Ok(json.and_then(|json| Manifest::from_json(&json, &file.to_string()).ok()).map(|manifest| manifest.run))
}

async fn put(file: &Location, bytes: Vec<u8>) -> Result<()> {
    match file.store.put(&file.path, bytes.into()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(file.failed("write", &error)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::local::LocalFileSystem;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;

    fn blobs(text: &str) -> Vec<(String, Vec<u8>)> {
        vec![("a.txt".to_owned(), text.into()), ("b.txt".to_owned(), vec![])]
    }

    fn folder() -> (tempfile::TempDir, Location) {
        let root = tempfile::tempdir().unwrap();
        let location = Location::folder(&root.path().join("models"), Arc::new(LocalFileSystem::new())).unwrap();
        (root, location.child("gait"))
    }

    fn memory() -> Location {
        Location::remote("memory://x", Arc::new(InMemory::new()), Path::from("models")).child("gait")
    }

    #[tokio::test]
    async fn what_was_published_is_read_back_from_any_store() {
        let (_root, disk) = folder();
        for model in [disk, memory()] {
            assert!(read::models(&model.parent()).await.unwrap().is_empty());
            for (text, number) in [("one", 1), ("two", 2)] {
                assert_eq!(publish(&model, blobs(text), Summary::default()).await.unwrap(), number);
            }
            assert_eq!(read::models(&model.parent()).await.unwrap(), ["gait"]);
            let newest = read::version(&model, None).await.unwrap();
            assert_eq!((newest.number, newest.fetch("a.txt").await.unwrap().as_ref()), (2, &b"two"[..]));
            let first = read::version(&model, Some(1)).await.unwrap();
            assert_eq!(first.fetch("a.txt").await.unwrap().as_ref(), b"one");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn each_of_many_publishers_gets_a_number_of_its_own() {
        let (_root, disk) = folder();
        for model in [disk, memory()] {
            let publish_one = |i: usize| {
                let model = model.clone();
                tokio::spawn(async move { publish(&model, blobs(&i.to_string()), Summary::default()).await.unwrap() })
            };
            let tasks: Vec<_> = (0..8).map(publish_one).collect();
            let mut text_of = BTreeMap::new();
            for (i, task) in tasks.into_iter().enumerate() {
                text_of.insert(task.await.unwrap(), i.to_string());
            }
            assert_eq!(text_of.keys().copied().collect::<Vec<_>>(), (1..=8).collect::<Vec<u64>>());
            for version in read::versions(&model).await.unwrap() {
                assert_eq!(version.fetch("a.txt").await.unwrap(), text_of[&version.number]);
            }
        }
    }

    #[tokio::test]
    async fn a_commit_whose_answer_was_lost_is_ours() {
        let model = memory();
        assert_eq!(publish(&model, blobs("one"), Summary::default()).await.unwrap(), 1);
        let manifest = read::version(&model, None).await.unwrap().manifest;
        let file = model.child(VERSIONS).child(&layout::version_file(1));
        assert!(claim(&file, &manifest, &file).await.unwrap());
        let other = Manifest { run: "other".to_owned(), ..manifest };
        assert!(!claim(&file, &other, &file).await.unwrap());
    }

    #[tokio::test]
    async fn a_run_without_a_version_is_not_seen() {
        let (_root, model) = folder();
        put(&model.child(RUNS).child("half").child("a.txt"), b"half".to_vec()).await.unwrap();
        assert!(read::models(&model.parent()).await.unwrap().is_empty());
        let error = read::version(&model, None).await.unwrap_err().to_string();
        assert!(error.starts_with("there is no model 'gait'"), "{error}");
        assert_eq!(publish(&model, blobs("one"), Summary::default()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_name_that_could_not_be_queried_is_refused() {
        let error = publish(&memory().parent().child("gait@2"), vec![], Summary::default()).await.unwrap_err();
        assert!(error.to_string().starts_with("model name 'gait@2'"), "{error}");
    }
}
