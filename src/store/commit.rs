//! The commit: a manifest is put under the next number that is free, by one act of which everybody sees all or nothing.

use std::time::Duration;

use bytes::Bytes;
use object_store::PutMode;
use uuid::Uuid;

use super::durable::{self, blocking};
use super::layout::{self, VERSIONS};
use super::location::{Location, failure};
use super::manifest::Manifest;
use super::numbers::Numbers;
use super::publish::Published;
use crate::error::{Error, Result};

/// How often a number is tried for that others have taken meanwhile.
const TRIES: u32 = 15;

/// A commit that did not come about.
#[derive(Debug)]
pub(super) struct Failed {
    /// Why.
    pub error: Error,
    /// Whether it is certain that no version refers to the run. A store may do late what it said it could not do.
    pub is_certain: bool,
}

impl Failed {
    fn certainly(error: Error) -> Self {
        Self { error, is_certain: true }
    }
}

/// Gives the manifest the next free number. `text` is what it was stored as in `own`, the run's own file, which is on disk.
pub(super) async fn commit(
    model: &Location,
    manifest: &Manifest,
    text: Bytes,
    own: &Location,
) -> Result<Published, Failed> {
    let versions = model.child(VERSIONS);
    for attempt in 0..TRIES {
        pause(attempt).await;
        let number = Numbers::of(model).await.and_then(|numbers| numbers.next(model)).map_err(Failed::certainly)?;
        let file = versions.child(&layout::version_file(number));
        if let Some(doubts) = claim(&file, manifest, &text, own).await? {
            let doubts = doubts.into_iter().chain(sync(&versions, number).await).collect();
            return Ok(Published { number, doubts });
        }
    }
    let error = Error::Model(format!(
        "cannot publish to {model}: the next number was taken by somebody else {TRIES} times; try again when fewer publish at once"
    ));
    Err(Failed::certainly(error))
}

/// Waits a little before another attempt, longer each time and by chance, so that those who collided part.
async fn pause(attempt: u32) {
    if attempt == 0 {
        return;
    }
    let longest = 10_u64 << attempt.min(6);
    let random = (Uuid::now_v7().as_u128() as u64) % longest;
    let wait = Duration::from_millis(random);
    #[expect(
        clippy::disallowed_methods,
        reason = "no event tells when others are done, and the runtime of a host may have no clock"
    )]
    let sleep = move || std::thread::sleep(wait);
    // Whoever was not waited for collides again, which is no harm.
    let _ = tokio::task::spawn_blocking(sleep).await;
}

/// Puts the manifest under a number; None when the number belongs to somebody else, else what is doubtful.
async fn claim(
    file: &Location,
    manifest: &Manifest,
    text: &Bytes,
    own: &Location,
) -> Result<Option<Option<String>>, Failed> {
    let (is_taken, error) = match put(file, text, own).await {
        Ok(()) => return Ok(Some(None)),
        Err(refused) => refused,
    };
    // Ours, if it arrived and only the answer was lost.
    match (taken_by(file).await, is_taken) {
        (Ok(Some(run)), _) if run == manifest.run => {
            Ok(Some((!is_taken).then(|| format!("published, though the store answered with an error: {error}"))))
        }
        (Ok(_), true) => Ok(None),
        (Ok(_), false) => Err(Failed { error, is_certain: file.local.is_some() }),
        (Err(_), _) => Err(Failed { error, is_certain: false }),
    }
}

/// Creates the file of a version; the error, and whether it says that the name is taken.
async fn put(file: &Location, text: &Bytes, own: &Location) -> Result<(), (bool, Error)> {
    let (Some(path), Some(own)) = (file.local.clone(), own.local.clone()) else {
        let created = create(file, text.clone()).await;
        return created
            .map_err(|e| (matches!(e, object_store::Error::AlreadyExists { .. }), file.failed("publish", &e)));
    };
    let text = text.clone();
    let created = blocking(&file.disk, move |disk| durable::create(disk, &own, &text, &path)).await;
    created
        .map_err(|e| (false, e))?
        .map_err(|e| (e.kind() == std::io::ErrorKind::AlreadyExists, failure("publish", file, &e)))
}

/// Creates a file of a store, or fails with AlreadyExists.
pub(super) async fn create(file: &Location, text: Bytes) -> Result<(), object_store::Error> {
    file.store.put_opts(&file.path, text.into(), PutMode::Create.into()).await.map(|_| ())
}

/// The run that a number belongs to; None when nothing is there, or its manifest cannot be read, which is not ours then.
async fn taken_by(file: &Location) -> Result<Option<String>> {
    let json = file.read().await?;
    Ok(json.and_then(|json| Manifest::from_json(&json, &file.to_string()).ok()).map(|manifest| manifest.run))
}

/// Waits until the name of the new version is on disk: a doubt where that fails, since the version is there.
async fn sync(versions: &Location, number: u64) -> Option<String> {
    let local = versions.local.clone()?;
    let synced = blocking(&versions.disk, move |disk| disk.sync_folder(&local)).await;
    let why = match synced {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    Some(format!("published as version {number}, but it may not be on disk yet: {versions}: {why}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::super::manifest::Summary;
    use super::super::{publish, read};
    use super::*;

    #[tokio::test]
    async fn a_commit_whose_answer_was_lost_is_ours() {
        let model = Location::remote("memory://x", Arc::new(InMemory::new()), Path::from("models")).child("gait");
        assert_eq!(publish::published(&model, vec![], Summary::default()).await, 1);
        let manifest = read::version(&model, None).await.unwrap().manifest;
        let text = Bytes::from(manifest.to_json().unwrap());
        let file = model.child(VERSIONS).child(&layout::version_file(1));
        assert_eq!(claim(&file, &manifest, &text, &file).await.unwrap(), Some(None));
        let other = Manifest { run: "other".to_owned(), ..manifest };
        assert_eq!(claim(&file, &other, &text, &file).await.unwrap(), None);
    }
}
