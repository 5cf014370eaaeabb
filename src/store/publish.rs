//! Makes a new version of a model: all of it, or nothing that anybody sees.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::ObjectStoreExt;
use uuid::Uuid;

use super::commit::{commit, create};
use super::durable::{self, blocking};
use super::layout::{self, MANIFEST, RUNS, VERSIONS};
use super::location::{Location, failure};
use super::manifest::{Blob, Manifest, SCHEMA_VERSION, Summary};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;

/// Blobs that are written side by side: a disk syncs several in the time of one.
const AT_ONCE: usize = 8;

/// A version that is there for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// 1, 2, ...
    pub number: u64,
    /// What went wrong after it was there, each a line for whoever waits: it may not be on disk yet.
    pub doubts: Vec<String>,
}

/// Stores the blobs of one training as the next version of `model` (1, 2, ...).
///
/// The blobs go under a name of their own and to disk; then a manifest with their lengths and checksums is put under
/// the next free number, in one atomic act that fails if somebody else has taken it. Whoever publishes at the same
/// time gets another number. What a crash leaves behind is never referred to. `interrupt` is looked at up to that act.
///
/// # Errors
/// [`Error::Model`] when the store refuses a write, [`Error::Limit`] when it is full, [`Error::Query`] for a model name that could not be read
/// back, [`Error::Interrupted`]. No version is then there, and, where the store allows it, no blob. Once a version is there nothing is an
/// error: what fails then is a doubt.
pub async fn publish(
    model: &Location,
    blobs: Vec<(String, Bytes)>,
    summary: Summary,
    interrupt: &Interrupt,
) -> Result<Published> {
    layout::check_model_name(model.name())?;
    let run = Uuid::now_v7().to_string();
    let folder = model.child(RUNS).child(&run);
    let mut names: Vec<String> = blobs.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    if let Some(name) = names.iter().find(|name| *name == MANIFEST || name.contains('/')) {
        return Err(Error::Internal(format!("a blob cannot be stored as '{name}'")));
    }
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::Internal(format!("two blobs cannot be stored as '{}'", pair[0])));
    }
    names.push(MANIFEST.to_owned());
    let (manifest, text) = match written(model, &folder, run, blobs, summary, interrupt).await {
        Ok(written) => written,
        Err(error) => {
            clean(&folder, &names).await;
            return Err(error);
        }
    };
    match commit(model, &manifest, text, &folder.child(MANIFEST)).await {
        Ok(published) => Ok(published),
        Err(failed) => {
            if failed.is_certain {
                clean(&folder, &names).await;
            }
            Err(failed.error)
        }
    }
}

/// Writes all files of a run, and waits until they and the folders on the way are on disk.
async fn written(
    model: &Location,
    folder: &Location,
    run: String,
    blobs: Vec<(String, Bytes)>,
    summary: Summary,
    interrupt: &Interrupt,
) -> Result<(Manifest, Bytes)> {
    make_folder(folder).await?;
    // What is being written when another fails is waited for, so that it can be removed.
    let has_failed = &AtomicBool::new(false);
    let write = |(name, bytes): (String, Bytes)| async move {
        if has_failed.load(Ordering::Relaxed) {
            return None;
        }
        let put = async {
            interrupt.check()?;
            put(&folder.child(&name), bytes).await
        };
        let put = put.await.inspect_err(|_| has_failed.store(true, Ordering::Relaxed));
        Some(put.map(|blob| (name, blob)))
    };
    let all: Vec<_> = stream::iter(blobs).map(write).buffer_unordered(AT_ONCE).collect().await;
    let listed = all.into_iter().flatten().collect::<Result<BTreeMap<String, Blob>>>()?;
    let writer = format!("posequel {}", env!("CARGO_PKG_VERSION"));
    let manifest = Manifest { schema_version: SCHEMA_VERSION, run, writer, summary, blobs: listed };
    let text = Bytes::from(manifest.to_json()?);
    put(&folder.child(MANIFEST), text.clone()).await?;
    let versions = model.child(VERSIONS);
    make_folder(&versions).await?;
    if let Some(local) = folder.local.clone() {
        // The run, all runs, the model, all models, and the folder that these are in.
        let synced = blocking(&folder.disk, move |disk| durable::sync_up(disk, &local, 4)).await?;
        synced.map_err(|e| failure("write to disk", folder, &e))?;
    }
    interrupt.check()?;
    Ok((manifest, text))
}

async fn make_folder(folder: &Location) -> Result<()> {
    let Some(local) = folder.local.clone() else { return Ok(()) };
    let made = blocking(&folder.disk, move |disk| durable::make_folders(disk, &local).map(|_| ())).await?;
    made.map_err(|e| failure("make the folder", folder, &e))
}

/// Writes a file, waits until it is on disk, and sums it up.
async fn put(file: &Location, bytes: Bytes) -> Result<Blob> {
    let summed = bytes.clone();
    let hashing = tokio::task::spawn_blocking(move || Blob::of(&summed));
    file.store.put(&file.path, bytes.into()).await.map_err(|e| file.failed("write", &e))?;
    if let Some(local) = file.local.clone() {
        let synced = blocking(&file.disk, move |disk| disk.sync_file(&local)).await?;
        synced.map_err(|e| failure("write to disk", file, &e))?;
    }
    hashing.await.map_err(|e| Error::Internal(format!("the checksum of {file}: {e}")))
}

/// Removes the files of a run that nothing refers to, as far as it goes: what stays does no harm.
async fn clean(folder: &Location, names: &[String]) {
    stream::iter(names)
        .for_each_concurrent(AT_ONCE, |name| async move {
            let file = folder.child(name);
            let _ = file.store.delete(&file.path).await;
        })
        .await;
    if let Some(local) = folder.local.clone() {
        let _ = blocking(&folder.disk, move |disk| disk.remove_folder(&local)).await;
    }
}

/// Tries whether a version of `model` could be published, and leaves nothing behind: call it before hours of training.
///
/// # Errors
/// [`Error::Query`] for a name that could not be read back; [`Error::Model`] or [`Error::Limit`] that says why nothing can be published there, and what to do.
pub async fn check(model: &Location) -> Result<()> {
    layout::check_model_name(model.name())?;
    let explained = |error: Error| {
        let why = |why: String| {
            format!(
                "nothing can be published to {model}: {why}; train TO another place, or SET posequel.models.location"
            )
        };
        match error {
            Error::Model(message) => Error::Model(why(message)),
            Error::Limit(message) => Error::Limit(why(message)),
            other => other,
        }
    };
    tried(model).await.map_err(explained)
}

async fn tried(model: &Location) -> Result<()> {
    let folder = model.child(VERSIONS);
    let name = format!("probe-{}", Uuid::now_v7());
    let Some(at) = folder.local.clone() else { return tried_remotely(&folder.child(&name)).await };
    let (own_path, file_path) = (at.join(format!("{name}.own")), at.join(name));
    let probed = blocking(&folder.disk, move |disk| {
        let made = durable::make_folders(disk, &at)?;
        let probe = || {
            disk.write_new(&own_path, PROBE)?;
            disk.sync_file(&own_path)?;
            durable::create(disk, &own_path, PROBE, &file_path)?;
            disk.sync_folder(&at)
        };
        let probed = probe();
        for file in [&own_path, &file_path] {
            // On some rungs the one has become the other.
            let _ = disk.remove(file);
        }
        // A training that is refused or stopped should leave no folder that looks like a model.
        for folder in made.iter().rev() {
            let _ = disk.remove_folder(folder);
        }
        probed
    });
    probed.await?.map_err(|e| failure("write", &folder, &e))
}

const PROBE: &[u8] = b"posequel tries whether it can publish here";

/// A second writer must be refused, or two publications would take each other's number.
async fn tried_remotely(file: &Location) -> Result<()> {
    let mut answers = vec![];
    for _ in 0..2 {
        answers.push(create(file, PROBE.into()).await);
    }
    let removed = file.store.delete(&file.path).await;
    match answers.as_slice() {
        [Ok(()), Err(object_store::Error::AlreadyExists { .. })] => removed.map_err(|e| file.failed("remove", &e)),
        [Ok(()), Ok(())] => {
            Err(Error::Model(format!("the store of {file} overwrites what is there, though asked not to")))
        }
        [Err(error), ..] | [Ok(()), Err(error), ..] => Err(file.failed("write", error)),
        _ => Ok(()),
    }
}

/// Publishes in a test, where nothing may go wrong, and gives the number.
#[cfg(test)]
pub(crate) async fn published(model: &Location, blobs: Vec<(String, Bytes)>, summary: Summary) -> u64 {
    let Published { number, doubts } = publish(model, blobs, summary, &Interrupt::default()).await.unwrap();
    assert!(doubts.is_empty(), "{doubts:?}");
    number
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::local::LocalFileSystem;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::super::faulty::{Call, Fault, FaultyDisk, FaultyStore};
    use super::super::numbers::Numbers;
    use super::super::read;
    use super::*;

    fn blobs(text: &str) -> Vec<(String, Bytes)> {
        vec![("a.txt".to_owned(), text.to_owned().into()), ("b.txt".to_owned(), Bytes::new())]
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
                assert_eq!(published(&model, blobs(text), Summary::default()).await, number);
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
                tokio::spawn(async move { published(&model, blobs(&i.to_string()), Summary::default()).await })
            };
            let tasks: Vec<_> = (0..24).map(publish_one).collect();
            let mut text_of = BTreeMap::new();
            for (i, task) in tasks.into_iter().enumerate() {
                text_of.insert(task.await.unwrap(), i.to_string());
            }
            assert_eq!(text_of.keys().copied().collect::<Vec<_>>(), (1..=24).collect::<Vec<u64>>());
            for version in read::versions(&model).await.unwrap() {
                assert_eq!(version.fetch("a.txt").await.unwrap(), text_of[&version.number]);
            }
        }
    }

    #[tokio::test]
    async fn a_run_without_a_version_is_not_seen() {
        let (_root, model) = folder();
        let half = model.child(RUNS).child("half").child("a.txt");
        half.store.put(&half.path, "half".into()).await.unwrap();
        assert!(read::models(&model.parent()).await.unwrap().is_empty());
        let error = read::version(&model, None).await.unwrap_err().to_string();
        assert!(error.starts_with("there is no model 'gait'"), "{error}");
        assert_eq!(published(&model, blobs("one"), Summary::default()).await, 1);
    }

    #[tokio::test]
    async fn a_name_that_could_not_be_queried_is_refused() {
        let model = memory().parent().child("gait@2");
        let error = publish(&model, vec![], Summary::default(), &Interrupt::default()).await.unwrap_err();
        assert!(error.to_string().starts_with("model name 'gait@2'"), "{error}");
    }

    #[tokio::test]
    async fn a_number_is_never_given_again() {
        let (_root, model) = folder();
        assert_eq!(published(&model, blobs("one"), Summary::default()).await, 1);
        let [version, tombstone] = [layout::version_file(1), layout::tombstone_file(1)]
            .map(|name| model.child(VERSIONS).child(&name).local.unwrap());
        std::fs::rename(version, tombstone).unwrap();
        let error = read::version(&model, Some(1)).await.unwrap_err().to_string();
        assert!(error.contains("has no version any more"), "{error}");
        assert_eq!(published(&model, blobs("two"), Summary::default()).await, 2);
        let error = read::version(&model, Some(1)).await.unwrap_err().to_string();
        assert!(error.ends_with("has no version 1; it was removed; known: 2"), "{error}");
    }

    /// The version that was there before, and what of the model may stay behind.
    async fn assert_whole(model: &Location, result: &Result<Published>, what: &str) {
        let numbers = Numbers::of(model).await.unwrap().published;
        let versions = read::versions(model).await.unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(numbers.len(), versions.len(), "{what}");
        for version in &versions {
            let text = if version.number == 1 { "one" } else { "two" };
            assert_eq!(version.fetch("a.txt").await.unwrap(), text, "{what}");
            assert_eq!(version.fetch("b.txt").await.unwrap(), "", "{what}");
        }
        match result {
            Ok(published) => assert_eq!(versions.last().map(|v| v.number), Some(published.number), "{what}"),
            Err(error) => {
                assert_eq!(numbers, [1], "{what}: {error}");
                assert!(matches!(error, Error::Model(_) | Error::Limit(_)), "{what}: {error:?}");
            }
        }
    }

    /// Every call to the disk, failed in turn, alone and with all that follow, on each rung of the commit.
    #[tokio::test]
    async fn whatever_call_to_a_disk_fails_a_version_is_there_whole_or_not_at_all() {
        use std::io::ErrorKind::{Other, PermissionDenied, StorageFull};
        let (mut tried, mut doubtful) = (0, 0);
        for without in [&[][..], &["link"], &["link", "rename_new"]] {
            for kind in [Other, StorageFull, PermissionDenied] {
                for failing in [FaultyDisk::failing, FaultyDisk::failing_from] {
                    for nth in 0.. {
                        let (_root, model) = folder();
                        published(&model, blobs("one"), Summary::default()).await;
                        let disk = Arc::new(FaultyDisk::without(without).and(failing(nth, kind)));
                        let faulty = model.clone().with_disk(Arc::clone(&disk) as _);
                        let result = publish(&faulty, blobs("two"), Summary::default(), &Interrupt::default()).await;
                        let what = format!("{without:?} {kind} {nth}: {result:?}");
                        assert_whole(&model, &result, &what).await;
                        if !disk.has_failed() {
                            assert!(nth > 8 && result.unwrap().doubts.is_empty(), "{what}");
                            break;
                        }
                        // A folder that may not be read is not ours; what is after the commit is a doubt.
                        match &result {
                            Ok(published) if !published.doubts.is_empty() => doubtful += 1,
                            Ok(_) => assert!(kind == PermissionDenied || !without.is_empty(), "{what}"),
                            Err(Error::Limit(_)) => assert_eq!(kind, StorageFull, "{what}"),
                            Err(_) => assert_ne!(kind, StorageFull, "{what}"),
                        }
                        if result.is_err() {
                            let left = model.child(RUNS).list().await.unwrap().folders.len();
                            assert_eq!(left, 1, "{what}: what nothing refers to is gone");
                        }
                        // And it goes on as if nothing had been.
                        published(&model, blobs("two"), Summary::default()).await;
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 150 && doubtful >= 18, "{tried} {doubtful}");
    }

    /// The same of a store, whose writes fail, tear, come late, or are done though the answer is an error.
    #[tokio::test]
    async fn whatever_write_of_a_store_fails_a_version_is_there_whole_or_not_at_all() {
        for fault in [Fault::Fails, Fault::Tears, Fault::AnswerIsLost, Fault::IsLate] {
            for nth in 0.. {
                let (_root, disk) = folder();
                for model in [disk, memory()] {
                    published(&model, blobs("one"), Summary::default()).await;
                    let store = Arc::new(FaultyStore::new(Arc::clone(&model.store), nth, fault));
                    let faulty = model.clone().with_store(Arc::clone(&store) as _);
                    let result = publish(&faulty, blobs("two"), Summary::default(), &Interrupt::default()).await;
                    let what = format!("{fault:?} {nth}: {result:?}");
                    assert_whole(&model, &result, &what).await;
                    // The commit of a store is its last write.
                    let is_commit = nth == 3 && model.local.is_none();
                    match (fault, store.has_failed()) {
                        (Fault::IsLate, _) | (_, false) => assert!(result.unwrap().doubts.is_empty(), "{what}"),
                        (Fault::AnswerIsLost, true) if is_commit => {
                            assert_eq!(result.unwrap().doubts.len(), 1, "{what}")
                        }
                        _ => assert!(result.is_err(), "{what}"),
                    }
                }
                if nth > 4 {
                    break;
                }
            }
        }
    }

    #[tokio::test]
    async fn whoever_is_interrupted_publishes_nothing_and_leaves_nothing() {
        let (_root, model) = folder();
        let interrupt = Interrupt::default();
        interrupt.request();
        let result = publish(&model, blobs("one"), Summary::default(), &interrupt).await;
        assert!(matches!(result, Err(Error::Interrupted(_))), "{result:?}");
        assert!(read::models(&model.parent()).await.unwrap().is_empty());
        assert!(model.child(RUNS).list().await.unwrap().folders.is_empty());
    }

    #[tokio::test]
    async fn no_other_version_is_opened_and_all_folders_on_the_way_are_synced_before_the_commit() {
        let (root, model) = folder();
        // What shows the history of a training has made these a moment before.
        std::fs::create_dir_all(root.path().join("models/gait/_unfinished")).unwrap();
        for number in [1, 2] {
            let disk = Arc::new(FaultyDisk::default());
            let watched = model.clone().with_disk(Arc::clone(&disk) as _);
            assert_eq!(published(&watched, blobs("one"), Summary::default()).await, number);
            let calls = disk.calls();
            let commit = calls.iter().position(|call| matches!(call, Call::Link(_))).unwrap();
            for folder in ["", "models", "models/gait", "models/gait/runs"] {
                assert!(calls[..commit].contains(&Call::SyncFolder(root.path().join(folder))), "{folder}: {calls:?}");
            }
            let versions = root.path().join("models/gait").join(VERSIONS);
            assert_eq!(calls[commit + 1..], [Call::SyncFolder(versions.clone())]);
            let opened = |call: &Call| matches!(call, Call::SyncFile(file) if file.starts_with(&versions));
            assert!(!calls.iter().any(opened), "{calls:?}");
        }
    }

    #[tokio::test]
    async fn a_place_is_tried_without_a_trace_and_says_why_it_is_none() {
        for without in [&[][..], &["link"], &["link", "rename_new"]] {
            let (root, model) = folder();
            let model = model.with_disk(Arc::new(FaultyDisk::without(without)));
            check(&model).await.unwrap();
            assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "{without:?}");
        }
        check(&memory()).await.unwrap();
        for nth in 0.. {
            let (root, model) = folder();
            let disk = Arc::new(FaultyDisk::failing(nth, std::io::ErrorKind::StorageFull));
            let checked = check(&model.with_disk(Arc::clone(&disk) as _)).await;
            if !disk.has_failed() {
                break;
            }
            if let Err(error) = checked {
                assert!(
                    matches!(&error, Error::Limit(why) if why.starts_with("nothing can be published to")),
                    "{nth}: {error}"
                );
            }
            let left = std::fs::read_dir(root.path()).unwrap().count();
            assert!(left <= 1, "{nth}");
        }
        let (root, model) = folder();
        std::fs::write(root.path().join("models"), "a file").unwrap();
        let error = check(&model).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("nothing can be published to {}", model)), "{error}");
    }
}
