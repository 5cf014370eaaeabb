//! From what a user wrote to a location: the stores are those of the session.

use std::path::Path;
use std::sync::Arc;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use object_store::ObjectStore;

use super::layout::check_model_name;
use super::location::Location;
use crate::error::{Error, Result, query_err};

/// The location of a text: `models/`, `/data/models`, `file:///data/models`, `s3://bucket/models`.
///
/// # Errors
/// [`Error::Query`] for text that is no location, [`Error::Model`] when no store is registered for its bucket.
pub fn text(text: &str, runtime: &RuntimeEnv) -> Result<Location> {
    if text.trim().is_empty() {
        return query_err!("models: expected a folder or an URL such as 's3://bucket/models' (was '')");
    }
    // Not by ListingTableUrl, to which '[', '?' and '*' in a folder's name are patterns.
    if !text.contains("://") {
        return Location::folder(Path::new(text), disk(runtime)?);
    }
    let parsed =
        ListingTableUrl::parse(text).map_err(|e| Error::Query(format!("models: '{text}' is no folder or URL: {e}")))?;
    url(&parsed, runtime)
}

/// The model that a COPY makes: `gait` among the models at `registry`, or a place of its own, which has a slash:
/// `elsewhere/gait`, `/data/models/gait`, `s3://bucket/models/gait`.
///
/// # Errors
/// [`Error::Query`] for text whose place would not be what it looks like, or whose last part is no name of a model; as
/// [`text()`].
pub fn target(target: &str, registry: &str, runtime: &RuntimeEnv) -> Result<Location> {
    let refuse = |why: &str| query_err!("COPY ... TO '{target}': {why}");
    let (scheme, path) = target.split_once("://").unwrap_or(("", target));
    if target.trim().is_empty() {
        return refuse("expected the name of a model, such as 'gait', or its folder, such as 'models/gait'");
    }
    if path.contains(['*', '?']) {
        return refuse("a model is one folder, and its name no pattern ('*', '?')");
    }
    if path.starts_with('~') && scheme.is_empty() {
        return refuse("'~' is not taken for your home folder here; write the whole path");
    }
    if path.ends_with('/') {
        return refuse("the last part is the name of the model; write it without a '/' at its end");
    }
    if path.split('/').any(|part| part == "..") {
        return refuse("'..' leads out of the folder that it seems to be in; write the whole path");
    }
    if !scheme.is_empty() {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(is_letter) || path.is_empty() {
            return refuse("expected a URL such as 's3://bucket/models/gait', or a folder");
        }
        // In a URL letters may be written as bytes, `%C3%BC`.
        let model = text(target, runtime)?;
        check_model_name(model.name())?;
        return Ok(model);
    }
    check_model_name(path.rsplit('/').next().unwrap_or_default())?;
    match path.contains('/') {
        true => text(target, runtime),
        false => Ok(text(registry, runtime)?.child(target)),
    }
}

/// The location of an URL.
///
/// # Errors
/// As [`text()`].
fn url(url: &ListingTableUrl, runtime: &RuntimeEnv) -> Result<Location> {
    if url.scheme() == "file" {
        let folder = url.get_url().to_file_path();
        let folder = folder.map_err(|()| Error::Query(format!("'{}' is no local folder", url.as_str())))?;
        return Location::folder(&folder, disk(runtime)?);
    }
    let bucket = url.object_store();
    let store = runtime.object_store(&bucket).map_err(|_| {
        Error::Model(format!(
            "models at '{}': this session knows no store for '{}'; register one \
             (RuntimeEnv::register_object_store) or SET posequel.models.location to a local folder",
            url.as_str(),
            bucket.as_str(),
        ))
    })?;
    Ok(Location::remote(bucket.as_str(), store, url.prefix().clone()))
}

fn disk(runtime: &RuntimeEnv) -> Result<Arc<dyn ObjectStore>> {
    runtime
        .object_store(ObjectStoreUrl::local_filesystem())
        .map_err(|e| Error::Model(format!("this session has no local file system: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_folder_is_one_location() {
        let runtime = RuntimeEnv::default();
        let absolute = std::env::current_dir().unwrap().join("models").display().to_string();
        let expected = object_store::path::Path::from_absolute_path(&absolute).unwrap();
        for spelled in ["models", "models/", "./models", &absolute, &format!("file://{absolute}")] {
            let location = text(spelled, &runtime).unwrap();
            assert_eq!((location.name(), &location.path), ("models", &expected), "{spelled}");
            assert!(location.is(&target("models/gait", "", &runtime).unwrap().parent()), "{spelled}");
        }
    }

    #[test]
    fn a_target_is_a_name_in_the_registry_or_a_place() {
        let runtime = RuntimeEnv::default();
        let here = std::env::current_dir().unwrap();
        for (spelled, expected) in [
            ("gait", "/data/models/gait".to_owned()),
            ("gait.v2", "/data/models/gait.v2".to_owned()),
            ("models/gait", here.join("models/gait").display().to_string()),
            ("./gait", here.join("gait").display().to_string()),
            ("/elsewhere/run[1]/gait", "/elsewhere/run[1]/gait".to_owned()),
            ("file:///elsewhere/gait", "/elsewhere/gait".to_owned()),
            ("file:///elsewhere/%C3%BCbung", "/elsewhere/übung".to_owned()),
            ("file:///elsewhere/übung", "/elsewhere/übung".to_owned()),
        ] {
            assert_eq!(target(spelled, "/data/models/", &runtime).unwrap().to_string(), expected, "{spelled}");
        }
    }

    #[test]
    fn a_target_that_is_not_what_it_looks_like_is_refused() {
        let refused = [
            ("", "expected the name of a model"),
            ("models/a*", "no pattern"),
            ("a?b", "no pattern"),
            ("models/[x]", "model name '[x]'"),
            ("~/gait", "'~' is not taken"),
            ("models/", "without a '/' at its end"),
            ("?://", "expected a URL"),
            ("s3://", "expected a URL"),
            ("models/..", "'..' leads out"),
            ("../gait", "'..' leads out"),
            ("models/.", "model name '.'"),
            ("gait@2", "model name 'gait@2'"),
            ("models/gait@2", "model name 'gait@2'"),
            ("file:///models/gait@2", "model name 'gait@2'"),
            ("file:///models/gait%402", "model name 'gait@2'"),
            ("file:///models/%2E%2E", "model name ''"),
        ];
        for (spelled, why) in refused {
            let error = target(spelled, "models/", &RuntimeEnv::default()).unwrap_err().to_string();
            assert!(error.contains(why), "{spelled}: {error}");
        }
    }

    #[test]
    fn a_bucket_without_a_store_is_named() {
        let error = text("s3://bucket/models", &RuntimeEnv::default()).unwrap_err().to_string();
        assert!(error.contains("no store for 's3://bucket/'"), "{error}");
    }

    #[test]
    fn a_registered_bucket_is_found() {
        let runtime = RuntimeEnv::default();
        let bucket = ObjectStoreUrl::parse("s3://bucket").unwrap();
        runtime.register_object_store(bucket.as_ref(), Arc::new(object_store::memory::InMemory::new()));
        let model = text("s3://bucket/a/models", &runtime).unwrap().child("gait");
        assert_eq!(model.to_string(), "s3://bucket/a/models/gait");
    }
}
