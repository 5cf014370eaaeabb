//! Finds versions and reads their files, each checked against its manifest.

use bytes::Bytes;

use super::layout::{self, RUNS, VERSIONS};
use super::location::Location;
use super::manifest::{Blob, Manifest};
use crate::error::{Error, Result, suggest};

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

/// The names of the models in `root`, sorted: folders with at least one published version.
pub async fn models(root: &Location) -> Result<Vec<String>> {
    let listed = root.store.list_with_delimiter(Some(&root.path)).await.map_err(|e| root.failed("list", &e))?;
    let mut names = vec![];
    for name in listed.common_prefixes.iter().filter_map(|prefix| prefix.filename()) {
        if layout::check_model_name(name).is_ok() && !numbers(&root.child(name)).await?.is_empty() {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The numbers of all published versions of a model, rising; empty for a model that is not there.
pub async fn numbers(model: &Location) -> Result<Vec<u64>> {
    let folder = model.child(VERSIONS);
    let listed = folder.store.list_with_delimiter(Some(&folder.path)).await.map_err(|e| folder.failed("list", &e))?;
    let files = listed.objects.iter().filter_map(|object| object.location.filename());
    let mut numbers: Vec<u64> = files.filter_map(layout::version_number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Version `number` of a model, or its newest.
///
/// # Errors
/// [`Error::Model`] when the model or the version is not there; it names the nearest, or what is known.
pub async fn version(model: &Location, number: Option<u64>) -> Result<Version> {
    let known = numbers(model).await?;
    let Some(newest) = known.last() else { return Err(unknown_model(model).await) };
    let number = number.unwrap_or(*newest);
    let file = model.child(VERSIONS).child(&layout::version_file(number));
    let Some(json) = file.read().await? else {
        let (name, root) = (model.name(), model.parent());
        let known = known.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::Model(format!("model '{name}' at {root} has no version {number}; known: {known}")));
    };
    let digest = blake3::hash(&json).to_hex().to_string();
    let manifest = Manifest::from_json(&json, &file.to_string())?;
    Ok(Version { number, manifest, digest, model: model.clone() })
}

/// All versions of a model, rising.
///
/// # Errors
/// As [`version`].
pub async fn versions(model: &Location) -> Result<Vec<Version>> {
    let known = numbers(model).await?;
    if known.is_empty() {
        return Err(unknown_model(model).await);
    }
    let mut versions = Vec::with_capacity(known.len());
    for number in known {
        versions.push(version(model, Some(number)).await?);
    }
    Ok(versions)
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
async fn unknown_model(model: &Location) -> Error {
    let (name, root) = (model.name(), model.parent());
    match models(&root).await {
        Ok(known) if known.is_empty() => Error::Model(format!(
            "there is no model '{name}': {root} holds no models; train one with COPY ... STORED AS LSTM, \
             or SET posequel.models.location"
        )),
        Ok(known) => Error::Model(format!(
            "there is no model '{name}' at {root}{}",
            suggest(name, known.iter().map(String::as_str))
        )),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::local::LocalFileSystem;

    use super::*;
    use crate::store::manifest::Summary;
    use crate::store::publish::publish;

    /// A model with one version, and the file of its only blob.
    async fn gait() -> (tempfile::TempDir, Location, std::path::PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let model = Location::folder(root.path(), Arc::new(LocalFileSystem::new())).unwrap().child("gait");
        publish(&model, vec![("a.txt".to_owned(), b"pose".to_vec())], Summary::default()).await.unwrap();
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
    }
}
