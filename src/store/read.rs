//! Finds versions and reads their files, each checked against its manifest.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::layout::{self, RUNS, VERSIONS};
use super::location::Location;
use super::manifest::{Blob, Manifest};
use super::numbers::Numbers;
use crate::error::{Error, Result, nearest, suggest};
use crate::notes::shortened;

/// Folders and manifests that are read side by side.
pub(super) const AT_ONCE: usize = 32;

/// One published version of a model.
#[derive(Debug, Clone)]
pub struct Version {
    /// 1, 2, ...
    pub number: u64,
    /// What it consists of.
    pub manifest: Manifest,
    /// BLAKE3 of the manifest: two versions with the same digest are the same files.
    pub digest: String,
    /// The folder of the model.
    pub model: Location,
}

/// The models in a folder, and what of it cannot be looked at.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// Each with its versions, sorted by name.
    pub models: Vec<(String, Numbers)>,
    /// A line for each thing that cannot be read.
    pub doubts: Vec<String>,
}

/// Every model in `root`: folders with at least one published version. No manifest is opened.
///
/// # Errors
/// [`Error::Model`] when `root` cannot be listed; one model that cannot be is a doubt.
pub async fn shelf(root: &Location) -> Result<Shelf> {
    let listing = root.list().await?;
    let mut shelf = Shelf::default();
    for (name, why) in listing.unreadable {
        shelf.doubts.push(format!("{} is passed over: {why}", root.child(&name)));
    }
    let names = listing.folders.into_iter().filter(|name| layout::check_asked_name(name).is_ok());
    let read = |name: String| async move { (Numbers::of(&root.child(&name)).await, name) };
    let mut all = stream::iter(names).map(read).buffered(AT_ONCE);
    while let Some((numbers, name)) = all.next().await {
        match numbers {
            Ok(numbers) => {
                shelf.doubts.extend(numbers.doubts(&root.child(&name)));
                if !numbers.published.is_empty() {
                    shelf.models.push((name, numbers));
                }
            }
            Err(error) => shelf.doubts.push(error.to_string()),
        }
    }
    Ok(shelf)
}

/// The names of the models in `root`, sorted.
///
/// # Errors
/// As [`shelf`].
pub async fn models(root: &Location) -> Result<Vec<String>> {
    Ok(shelf(root).await?.models.into_iter().map(|(name, _)| name).collect())
}

/// The numbers of all published versions of a model, rising; empty for a model that is not there.
pub async fn numbers(model: &Location) -> Result<Vec<u64>> {
    Ok(Numbers::of(model).await?.published)
}

/// Version `number` of a model, or its newest.
///
/// # Errors
/// [`Error::Model`] when the model or the version is not there, which names the nearest, or what is known; or when its manifest is damaged, be
/// it the newest of many: an older one in its place would be another model.
pub async fn version(model: &Location, number: Option<u64>) -> Result<Version> {
    for _ in 0..TRIES {
        let known = Numbers::of(model).await?;
        match manifest(model, chosen(model, &known, number).await?).await {
            Ok(Some(version)) => return Ok(version),
            // Somebody has removed it since: then it is known as removed.
            Ok(None) => {}
            Err(error) if number.is_none() => return Err(with_whole(model, &known, error).await),
            Err(error) => return Err(error),
        }
    }
    Err(Error::Model(format!(
        "model '{}' at {}: versions are removed while they are read",
        model.name(),
        model.parent()
    )))
}

/// How often a version is looked for that others remove.
const TRIES: usize = 3;

/// The number that is meant.
///
/// # Errors
/// As [`version`].
pub(super) async fn chosen(model: &Location, known: &Numbers, number: Option<u64>) -> Result<u64> {
    let published = &known.published;
    let Some(newest) = published.last() else { return Err(unknown_model(model, known).await) };
    let number = number.unwrap_or(*newest);
    if published.binary_search(&number).is_ok() {
        return Ok(number);
    }
    let (name, root) = (model.name(), model.parent());
    let shown = shortened(&published.iter().map(u64::to_string).collect::<Vec<_>>());
    let was = if known.removed.binary_search(&number).is_ok() { "; it was removed" } else { "" };
    Err(Error::Model(format!("model '{name}' at {root} has no version {number}{was}; known: {shown}")))
}

/// Adds to the error of the newest version which one before it is whole.
async fn with_whole(model: &Location, known: &Numbers, error: Error) -> Error {
    for number in known.published.iter().rev().skip(1).take(AT_ONCE) {
        if matches!(manifest(model, *number).await, Ok(Some(_))) {
            return Error::Model(format!("{error}; '{}@{number}' is whole", model.name()));
        }
    }
    error
}

/// The version of this number; None when there is no such file.
async fn manifest(model: &Location, number: u64) -> Result<Option<Version>> {
    let file = model.child(VERSIONS).child(&layout::version_file(number));
    let Some(json) = file.read().await? else { return Ok(None) };
    let digest = blake3::hash(&json).to_hex().to_string();
    let manifest = Manifest::from_json(&json, &file.to_string())?;
    Ok(Some(Version { number, manifest, digest, model: model.clone() }))
}

/// The versions of a model of which the manifest can be read, and what is wrong with the others.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Rising.
    pub versions: Vec<Version>,
    /// Of each version that cannot be read its number, and why.
    pub damaged: Vec<(u64, Error)>,
}

/// Reads the manifests of these versions of a model side by side.
pub async fn survey(model: &Location, numbers: &[u64]) -> Survey {
    let read = |number: u64| async move { (number, manifest(model, number).await) };
    let mut all = stream::iter(numbers.iter().copied()).map(read).buffered(AT_ONCE);
    let mut survey = Survey::default();
    while let Some((number, read)) = all.next().await {
        match read {
            Ok(Some(version)) => survey.versions.push(version),
            // Removed since it was listed.
            Ok(None) => {}
            Err(error) => survey.damaged.push((number, error)),
        }
    }
    survey
}

/// All versions of a model, rising.
///
/// # Errors
/// As [`version`], for the first that cannot be read.
pub async fn versions(model: &Location) -> Result<Vec<Version>> {
    let known = Numbers::of(model).await?;
    if known.published.is_empty() {
        return Err(unknown_model(model, &known).await);
    }
    let all = stream::iter(known.published).map(|number| manifest(model, number)).buffered(AT_ONCE);
    all.try_filter_map(|version| async move { Ok(version) }).try_collect().await
}

impl Version {
    /// The folder of its files.
    pub fn folder(&self) -> Location {
        self.model.child(RUNS).child(&self.manifest.run)
    }

    /// The bytes of one file, after its length and checksum were found to be those of the manifest.
    ///
    /// # Errors
    /// [`Error::Model`] that names the file, what was expected and what was found.
    pub async fn fetch(&self, blob: &str) -> Result<Bytes> {
        let what = format!("model '{}' version {}", self.model.name(), self.number);
        let Some(expected) = self.manifest.blobs.get(blob) else {
            let known = suggest(blob, self.manifest.blobs.keys().map(String::as_str));
            return Err(Error::Model(format!("{what} has no file '{blob}'{known}")));
        };
        let file = self.folder().child(blob);
        let Some(bytes) = file.read().await? else {
            return Err(Error::Model(format!(
                "{what}: {file} is missing (expected {} bytes); restore it, or train again for a new version",
                expected.length
            )));
        };
        let found = Blob::of(&bytes);
        if found != *expected {
            return Err(Error::Model(format!(
                "{what}: {file} is damaged: expected {} bytes with blake3 {}, found {} bytes with blake3 {}; \
                 restore it, or train again for a new version",
                expected.length, expected.blake3, found.length, found.blake3
            )));
        }
        Ok(bytes)
    }
}

/// The error for a model that is not there.
async fn unknown_model(model: &Location, known: &Numbers) -> Error {
    let (name, root) = (model.name(), model.parent());
    if let Some(last) = known.removed.last() {
        return Error::Model(format!(
            "model '{name}' at {root} has no version any more; {last} was the last that was removed"
        ));
    }
    let names = match models(&root).await {
        Ok(names) => names,
        Err(error) => return error,
    };
    let near = nearest(name, names.iter().map(String::as_str)).map(|near| format!("; did you mean '{near}'?"));
    match near {
        Some(near) => Error::Model(format!("there is no model '{name}' at {root}{near}")),
        None if names.is_empty() => Error::Model(format!(
            "there is no model '{name}': {root} holds no models; train one with COPY ... STORED AS LSTM, \
             or SET posequel.models.location"
        )),
        None => Error::Model(format!("there is no model '{name}' at {root}; known: {}", shortened(&names))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::local::LocalFileSystem;

    use super::*;
    use crate::store::layout::version_file;
    use crate::store::manifest::Summary;
    use crate::store::publish::published;

    /// A model with one version, and the file of its only blob.
    async fn gait() -> (tempfile::TempDir, Location, std::path::PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let model = Location::folder(root.path(), Arc::new(LocalFileSystem::new())).unwrap().child("gait");
        published(&model, vec![("a.txt".to_owned(), b"pose"[..].into())], Summary::default()).await;
        let file = version(&model, None).await.unwrap().folder().child("a.txt").local.unwrap();
        (root, model, file)
    }

    #[tokio::test]
    async fn a_changed_file_is_refused_by_name() {
        let (_root, model, file) = gait().await;
        std::fs::write(&file, "pole").unwrap();
        let error = version(&model, None).await.unwrap().fetch("a.txt").await.unwrap_err().to_string();
        assert!(error.contains(&format!("{} is damaged: expected 4 bytes with blake3", file.display())), "{error}");
        std::fs::write(&file, "pos").unwrap();
        let error = version(&model, None).await.unwrap().fetch("a.txt").await.unwrap_err().to_string();
        assert!(error.contains("found 3 bytes"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_file_is_refused_by_name() {
        let (_root, model, file) = gait().await;
        std::fs::remove_file(&file).unwrap();
        let error = version(&model, None).await.unwrap().fetch("a.txt").await.unwrap_err().to_string();
        assert!(error.contains(&format!("{} is missing (expected 4 bytes)", file.display())), "{error}");
        let error = version(&model, None).await.unwrap().fetch("b.txt").await.unwrap_err().to_string();
        assert_eq!(error, "model 'gait' version 1 has no file 'b.txt'; did you mean 'a.txt'?");
    }

    #[tokio::test]
    async fn unknown_models_and_versions_name_what_is_known() {
        let (root, model, _) = gait().await;
        let at = root.path().display();
        let error = version(&model.parent().child("gate"), None).await.unwrap_err().to_string();
        assert_eq!(error, format!("there is no model 'gate' at {at}; did you mean 'gait'?"));
        let error = version(&model, Some(7)).await.unwrap_err().to_string();
        assert_eq!(error, format!("model 'gait' at {at} has no version 7; known: 1"));
        for number in 2..=40 {
            let copy = model.child(&format!("../m{number}/_versions")).local.unwrap();
            std::fs::create_dir_all(&copy).unwrap();
            std::fs::write(copy.join(version_file(1)), "{}").unwrap();
        }
        let error = version(&model.parent().child("zebra"), None).await.unwrap_err().to_string();
        assert!(error.ends_with("; known: gait, m10, m11, m12, m13, m14, m15, m16, ..., m9"), "{error}");
    }

    #[tokio::test]
    async fn a_damaged_manifest_takes_nothing_from_other_versions_and_is_never_passed_over_for_an_older_one() {
        let (_root, model, _) = gait().await;
        let damaged = model.child(VERSIONS).child(&version_file(2)).local.unwrap();
        std::fs::write(&damaged, "{").unwrap();
        let known = Numbers::of(&model).await.unwrap();
        let survey = survey(&model, &known.published).await;
        assert_eq!((survey.versions.len(), survey.damaged.len(), survey.damaged[0].0), (1, 1, 2));
        let error = version(&model, None).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}: expected the manifest", damaged.display())), "{error}");
        assert!(error.ends_with("; 'gait@1' is whole"), "{error}");
        assert_eq!(version(&model, Some(1)).await.unwrap().number, 1);
        assert_eq!(models(&model.parent()).await.unwrap(), ["gait"]);
        // A number that was taken by a publication that was cut off is no version.
        std::fs::write(&damaged, "").unwrap();
        assert_eq!(version(&model, None).await.unwrap().number, 1);
    }
}
