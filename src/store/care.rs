//! Care of a store: whether everything is as it was written, what nothing refers to, and versions that nobody wants.
//!
//! Everything is done through [`ObjectStore`](object_store::ObjectStore), so a bucket is looked after as a folder is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStoreExt};
use serde::Serialize;

use super::durable::{self, blocking};
use super::layout::{self, RUNS, UNFINISHED, VERSIONS, VersionFile};
use super::lease;
use super::location::{Location, failure};
use super::numbers::Numbers;
use super::process;
use super::read::{self, Version};
use super::reference::{Reference, Which};
use crate::error::{Error, Result};

/// Files that are read side by side.
const AT_ONCE: usize = 8;

/// What was found, or done, about one version or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name of the model.
    pub model: String,
    /// The version, where it is about one.
    pub version: Option<u64>,
    /// The file or folder, as the operating system or the store calls it.
    pub file: String,
    /// One word: see who gives the row.
    pub state: &'static str,
    /// A sentence.
    pub what: String,
}

impl Row {
    fn new(at: (&Location, Option<u64>), file: &Location, state: &'static str, what: impl Into<String>) -> Self {
        Self { model: at.0.name().to_owned(), version: at.1, file: file.to_string(), state, what: what.into() }
    }

    /// Whether something is wrong that cannot be read any more.
    pub fn is_bad(&self) -> bool {
        matches!(self.state, DAMAGED | MISSING)
    }
}

/// All files of the version are what was written.
pub const WHOLE: &str = "whole";
/// It is there and not what was written, or cannot be read.
pub const DAMAGED: &str = "damaged";
/// A manifest names it, and it is not there.
pub const MISSING: &str = "missing";
/// Nothing refers to it.
pub const ORPHAN: &str = "orphan";
/// It was taken away, or would be without `dry_run`.
pub const REMOVED: &str = "removed";
/// It stays, and the sentence says why.
pub const KEPT: &str = "kept";

/// Reads every file of every version of the models in `root`, or of one, and holds it against its manifest: a row for each version that is
/// [`WHOLE`], for each file that is [`DAMAGED`] or [`MISSING`], and for each run that is an [`ORPHAN`].
///
/// # Errors
/// [`Error::Model`] when something cannot be listed, or there is no model `name`.
pub async fn verify(root: &Location, name: Option<&str>) -> Result<Vec<Row>> {
    let mut rows = vec![];
    for model in those(root, name).await? {
        let runs = runs(&model).await?;
        let numbers = Numbers::of(&model).await?;
        for (file, why) in &numbers.strange {
            rows.push(Row::new((&model, None), &model.child(VERSIONS).child(file), DAMAGED, why.clone()));
        }
        let survey = read::survey(&model, &numbers.published).await;
        for (number, error) in &survey.damaged {
            let file = model.child(VERSIONS).child(&layout::version_file(*number));
            rows.push(Row::new((&model, Some(*number)), &file, DAMAGED, error.to_string()));
        }
        for version in &survey.versions {
            rows.extend(of_version(version).await);
        }
        let named: BTreeSet<&str> = survey.versions.iter().map(|version| version.manifest.run.as_str()).collect();
        for run in runs.iter().filter(|run| !named.contains(run.as_str()) && survey.damaged.is_empty()) {
            let what = "no version refers to it; vacuum removes it when it is old enough";
            rows.push(Row::new((&model, None), &model.child(RUNS).child(run), ORPHAN, what));
        }
    }
    Ok(rows)
}

async fn of_version(version: &Version) -> Vec<Row> {
    let at = (&version.model, Some(version.number));
    let look = |blob: String| async move {
        let file = version.folder().child(&blob);
        match version.fetch(&blob).await {
            Ok(bytes) => Ok(bytes.len()),
            Err(error) => {
                let is_there = !matches!(file.store.head(&file.path).await, Err(object_store::Error::NotFound { .. }));
                Err(Row::new(at, &file, if is_there { DAMAGED } else { MISSING }, error.to_string()))
            }
        }
    };
    let blobs: Vec<String> = version.manifest.blobs.keys().cloned().collect();
    let all: Vec<_> = stream::iter(blobs).map(look).buffered(AT_ONCE).collect().await;
    let (whole, bad): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    if bad.is_empty() {
        let bytes: usize = whole.iter().flatten().sum();
        return vec![Row::new(at, &version.folder(), WHOLE, format!("{} files, {bytes} bytes", whole.len()))];
    }
    bad.into_iter().filter_map(Result::err).collect()
}

/// Removes what nothing refers to and was last written before `before`, by the clock of the store: runs that no version names, states and
/// histories of trainings that nobody continues, files half written. A row for each that is [`REMOVED`], or [`KEPT`] because
/// it cannot be known to be free. With `dry_run` nothing is touched.
///
/// # Errors
/// [`Error::Model`] when something cannot be listed or removed, or there is no model `name`.
pub async fn vacuum(root: &Location, name: Option<&str>, before: SystemTime, dry_run: bool) -> Result<Vec<Row>> {
    let mut rows = vec![];
    for model in those(root, name).await? {
        let mut free = vec![];
        free_runs(&model, before, &mut free, &mut rows).await?;
        free_unfinished(&model, before, &mut free).await?;
        free_staged(&model, before, &mut free).await?;
        for (row, files) in free {
            if !dry_run {
                remove_files(&model, &files).await?;
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A row, and the files that go with it.
type Free = (Row, Vec<ObjectMeta>);

async fn free_runs(model: &Location, before: SystemTime, free: &mut Vec<Free>, kept: &mut Vec<Row>) -> Result<()> {
    // Listed before the versions: a run that is published meanwhile is seen as one.
    let runs = runs(model).await?;
    let numbers = Numbers::of(model).await?;
    let survey = read::survey(model, &numbers.published).await;
    if let Some((number, error)) = survey.damaged.first() {
        let file = model.child(VERSIONS).child(&layout::version_file(*number));
        let what = format!("its files are not known, so no run of this model is removed: {error}");
        kept.push(Row::new((model, Some(*number)), &file, KEPT, what));
        return Ok(());
    }
    let named: BTreeSet<&str> = survey.versions.iter().map(|version| version.manifest.run.as_str()).collect();
    for run in runs.iter().filter(|run| !named.contains(run.as_str())) {
        let folder = model.child(RUNS).child(run);
        let files = files(&folder).await?;
        if files.iter().all(|file| SystemTime::from(file.last_modified) < before) {
            let bytes: u64 = files.iter().map(|file| file.size).sum();
            let what = format!("a run that no version refers to: {} files, {bytes} bytes", files.len());
            free.push((Row::new((model, None), &folder, REMOVED, what), files));
        }
    }
    Ok(())
}

/// Of a training that nobody continues everything goes at once: state, history and lease.
async fn free_unfinished(model: &Location, before: SystemTime, free: &mut Vec<Free>) -> Result<()> {
    let folder = model.child(UNFINISHED);
    let files = files(&folder).await?;
    let key = |file: &ObjectMeta| file.location.filename()?.split(['.', '#']).next().map(str::to_owned);
    let keys: BTreeSet<String> = files.iter().filter_map(key).collect();
    for key_of in keys {
        let own: Vec<ObjectMeta> = files.iter().filter(|file| key(file).as_ref() == Some(&key_of)).cloned().collect();
        let is_old = own.iter().all(|file| SystemTime::from(file.last_modified) < before);
        let lease = lease::look(&folder.child(&format!("{key_of}.lease"))).await?;
        if is_old && lease.is_none_or(|lease| !lease.is_alive) {
            let place = folder.child(&key_of);
            let what = format!("a training that nobody continues: {} files", own.len());
            free.push((Row::new((model, None), &place, REMOVED, what), own));
        }
    }
    Ok(())
}

/// In the folder of versions: what a publication had half written, and manifests of which a removal was cut off.
async fn free_staged(model: &Location, before: SystemTime, free: &mut Vec<Free>) -> Result<()> {
    let removed = Numbers::of(model).await?.removed;
    for file in files(&model.child(VERSIONS)).await? {
        let name = file.location.filename().unwrap_or_default().to_owned();
        let what = match layout::version_of(&name) {
            VersionFile::Version(number) if removed.contains(&number) => "a version that was removed",
            VersionFile::Other if SystemTime::from(file.last_modified) < before => {
                "what a publication left half written"
            }
            _ => continue,
        };
        free.push((Row::new((model, None), &model.child(VERSIONS).child(&name), REMOVED, what), vec![file]));
    }
    Ok(())
}

async fn remove_files(model: &Location, files: &[ObjectMeta]) -> Result<()> {
    let remove = |file: &ObjectMeta| {
        let (store, path) = (Arc::clone(&model.store), file.location.clone());
        async move {
            match store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(model.failed(&format!("remove {path} of"), &error)),
            }
        }
    };
    let all: Vec<_> = files.iter().map(remove).collect();
    stream::iter(all).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    // On a disk an empty folder would be listed as a run again.
    let Some(runs) = model.child(RUNS).local else { return Ok(()) };
    blocking(&model.disk, move |disk| {
        for entry in disk.entries(&runs).unwrap_or_default() {
            // One in which something is stays.
            let _ = disk.remove_folder(&runs.join(entry.name));
        }
    })
    .await
}

/// Rows as a table: model, version, file, state, what.
///
/// # Errors
/// None that anybody could be blamed for.
pub fn batch(rows: &[Row]) -> Result<RecordBatch> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let schema = Schema::new(vec![
        text("model"),
        Field::new("version", DataType::Int64, true),
        text("file"),
        text("state"),
        text("what"),
    ]);
    let texts = |value: fn(&Row) -> &str| Arc::new(rows.iter().map(|row| Some(value(row))).collect::<StringArray>());
    let versions = rows.iter().map(|row| row.version.map(|number| number as i64)).collect::<Int64Array>();
    let columns: Vec<ArrayRef> =
        vec![texts(|r| &r.model), Arc::new(versions), texts(|r| &r.file), texts(|r| r.state), texts(|r| &r.what)];
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|e| Error::Internal(format!("a list of files: {e}")))
}

/// What a tombstone says.
#[derive(Serialize)]
struct Tombstone<'a> {
    removed: String,
    run: Option<&'a str>,
    by: String,
}

/// Removes the version that `gait@3` names, or with `gait` or `gait@all` all of a model: a tombstone says that its number is taken, then its
/// manifest goes. Its files go by [`vacuum`].
///
/// # Errors
/// [`Error::Model`] when it is not there or cannot be removed.
pub async fn remove(root: &Location, name: &str) -> Result<Vec<Row>> {
    let reference = Reference::parse(name)?;
    let model = root.child(&reference.name);
    let numbers = Numbers::of(&model).await?;
    let number = if let Which::Number(number) = reference.which { Some(number) } else { None };
    let chosen = read::chosen(&model, &numbers, number).await?;
    let all = if number.is_some() { vec![chosen] } else { numbers.published };
    let survey = read::survey(&model, &all).await;
    let mut rows = vec![];
    for number in all {
        let run = survey
            .versions
            .iter()
            .find(|version| version.number == number)
            .map(|version| version.manifest.run.as_str());
        let tombstone = Tombstone { removed: lease::now(), run, by: process::host() };
        let json = serde_json::to_vec_pretty(&tombstone).map_err(|e| Error::Internal(format!("a tombstone: {e}")))?;
        write(&model.child(VERSIONS).child(&layout::tombstone_file(number)), json.into()).await?;
        let file = model.child(VERSIONS).child(&layout::version_file(number));
        match file.store.delete(&file.path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(file.failed("remove", &error)),
        }
        let what = "its number is not given again; its files go by vacuum";
        rows.push(Row::new((&model, Some(number)), &file, REMOVED, what));
    }
    Ok(rows)
}

async fn write(file: &Location, bytes: bytes::Bytes) -> Result<()> {
    let Some(local) = file.local.clone() else {
        return file.store.put(&file.path, bytes.into()).await.map(|_| ()).map_err(|e| file.failed("write", &e));
    };
    let written = blocking(&file.disk, move |disk| durable::replace(disk, &local, &bytes, true)).await?;
    written.map_err(|e| failure("write", file, &e))
}

/// The models that are meant, with those that have no version any more or not yet.
async fn those(root: &Location, name: Option<&str>) -> Result<Vec<Location>> {
    let Some(name) = name else {
        let folders = root.list().await?.folders.into_iter();
        return Ok(folders
            .filter(|name| layout::check_asked_name(name).is_ok())
            .map(|name| root.child(&name))
            .collect());
    };
    layout::check_asked_name(name)?;
    let model = root.child(name);
    let listing = model.list().await?;
    if listing.folders.is_empty() {
        read::version(&model, None).await?;
    }
    Ok(vec![model])
}

/// The names of the folders of runs.
async fn runs(model: &Location) -> Result<Vec<String>> {
    Ok(model.child(RUNS).list().await?.folders)
}

/// All files in a folder, at any depth.
async fn files(folder: &Location) -> Result<Vec<ObjectMeta>> {
    folder.store.list(Some(&folder.path)).try_collect().await.map_err(|e| folder.failed("list", &e))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use object_store::local::LocalFileSystem;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::super::manifest::Summary;
    use super::super::publish::published;
    use super::super::unfinished::Unfinished;
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// A folder and a bucket, each with versions 1 and 2 of gait.
    async fn stores() -> (tempfile::TempDir, [Location; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let disk = Location::folder(&folder.path().join("models"), Arc::new(LocalFileSystem::new())).unwrap();
        let roots = [disk, Location::remote("memory://x", Arc::new(InMemory::new()), Path::from("models"))];
        for root in &roots {
            for text in ["one", "two"] {
                published(
                    &root.child("gait"),
                    vec![("a.txt".into(), text.into()), ("b.txt".into(), text.into())],
                    Summary::default(),
                )
                .await;
            }
        }
        (folder, roots)
    }

    fn states(rows: &[Row]) -> Vec<(&'static str, Option<u64>)> {
        rows.iter().map(|row| (row.state, row.version)).collect()
    }

    #[tokio::test]
    async fn every_changed_or_missing_file_has_a_row() {
        let (_folder, roots) = stores().await;
        for root in roots {
            let rows = verify(&root, None).await.unwrap();
            assert_eq!(states(&rows), [(WHOLE, Some(1)), (WHOLE, Some(2))]);
            assert_eq!(rows[0].what, "2 files, 6 bytes");
            let folder = read::version(&root.child("gait"), Some(1)).await.unwrap().folder();
            folder.store.put(&folder.child("a.txt").path, "onE".into()).await.unwrap();
            folder.store.delete(&folder.child("b.txt").path).await.unwrap();
            let rows = verify(&root, Some("gait")).await.unwrap();
            assert_eq!(states(&rows), [(DAMAGED, Some(1)), (MISSING, Some(1)), (WHOLE, Some(2))]);
            assert!(rows[0].is_bad() && rows[0].file.ends_with("a.txt"), "{rows:?}");
            assert!(verify(&root, Some("gate")).await.unwrap_err().to_string().contains("did you mean 'gait'?"));
        }
    }

    #[tokio::test]
    async fn what_was_removed_stays_removed_and_its_files_go_by_vacuum() {
        let (_folder, roots) = stores().await;
        for root in roots {
            let model = root.child("gait");
            let run = read::version(&model, None).await.unwrap().folder();
            assert_eq!(states(&remove(&root, "gait@2").await.unwrap()), [(REMOVED, Some(2))]);
            assert!(remove(&root, "gait@2").await.unwrap_err().to_string().contains("it was removed"));
            assert_eq!(read::numbers(&model).await.unwrap(), [1]);
            assert_eq!(states(&verify(&root, None).await.unwrap()), [(WHOLE, Some(1)), (ORPHAN, None)]);
            // Too young, then only looked at, then gone.
            assert!(vacuum(&root, None, SystemTime::now() - HOUR, false).await.unwrap().is_empty());
            for (dry_run, left) in [(true, true), (false, false)] {
                let rows = vacuum(&root, None, SystemTime::now() + HOUR, dry_run).await.unwrap();
                assert_eq!(states(&rows), [(REMOVED, None)], "{rows:?}");
                assert_eq!(run.child("a.txt").read().await.unwrap().is_some(), left);
            }
            assert_eq!(states(&verify(&root, None).await.unwrap()), [(WHOLE, Some(1))]);
            assert_eq!(published(&model, vec![], Summary::default()).await, 3);
            assert_eq!(states(&remove(&root, "gait").await.unwrap()), [(REMOVED, Some(1)), (REMOVED, Some(3))]);
            assert!(read::models(&root).await.unwrap().is_empty());
            assert_eq!(published(&model, vec![], Summary::default()).await, 4);
        }
    }

    #[tokio::test]
    async fn vacuum_leaves_what_lives_and_what_a_damaged_manifest_may_mean() {
        let (_folder, roots) = stores().await;
        for root in roots {
            let model = root.child("gait");
            let [living, gone] = ["aa", "bb"].map(|key| Unfinished::new(&model, key));
            let lease::Claim::Ours(hold) = living.claim_lease().await.unwrap() else { panic!("free") };
            for place in [&living, &gone] {
                place.save_state(b"state".to_vec()).await.unwrap();
            }
            let file = model.child(VERSIONS).child(&layout::version_file(2));
            file.store.put(&file.path, "{".into()).await.unwrap();
            let rows = vacuum(&root, None, SystemTime::now() + HOUR, false).await.unwrap();
            assert_eq!(states(&rows), [(KEPT, Some(2)), (REMOVED, None)], "{rows:?}");
            assert_eq!((living.state().await.unwrap().is_some(), gone.state().await.unwrap()), (true, None));
            assert_eq!(model.child(RUNS).list().await.unwrap().folders.len(), 2);
            drop(hold);
        }
    }
}
