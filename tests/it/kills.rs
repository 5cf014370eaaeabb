//! Processes that are killed while they publish: the store is whole, and it goes on.
//!
//! `POSEQUEL_KILLS=200 cargo test --release --test it kill` kills as often as that.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use object_store::local::LocalFileSystem;
use posequel::random::Stream;
use posequel::store::location::Location;
use posequel::store::{care, read};

use crate::cli::workplace;
use crate::resume::{files, finish, idle, kills, script, start, wait_for};

/// A training of one epoch: most of its life is its publication.
fn short() -> String {
    script(1, "")
}

fn root(folder: &Path) -> Location {
    Location::folder(&folder.join("models"), Arc::new(LocalFileSystem::new())).unwrap()
}

/// What each version holds, but for the seconds of its history.
async fn contents(folder: &Path) -> BTreeMap<u64, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for version in read::versions(&root(folder).child("gait")).await.unwrap() {
        let blobs = version.manifest.blobs.into_iter().filter(|(name, _)| name != "history.parquet");
        all.insert(version.number, blobs.map(|(name, blob)| (name, blob.blake3)).collect());
    }
    all
}

#[tokio::test]
async fn a_publication_that_is_killed_anywhere_leaves_versions_whole_or_none() {
    let folder = workplace();
    finish(folder.path(), &short());
    let whole = contents(folder.path()).await.remove(&1).unwrap();
    let (mut stream, runs) = (Stream::new(2, &["kills"]), folder.path().join("models/gait/runs"));
    let (mut half, mut published) = (0, 0);
    for kill in 0..kills() {
        let before = (files(&runs, "").len(), contents(folder.path()).await.len());
        let mut child = start(folder.path(), &short());
        wait_for("a run", || files(&runs, "").len() > before.0 || child.try_wait().unwrap().is_some());
        // Its files, its manifest, the commit, what is removed after it.
        idle(Duration::from_micros(stream.below(40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = contents(folder.path()).await;
        assert!(found.values().all(|version| *version == whole), "kill {kill}");
        match found.len() - before.1 {
            0 => half += 1,
            new => published += new,
        }
        let rows = care::verify(&root(folder.path()), None).await.unwrap();
        assert!(!rows.iter().any(care::Row::is_bad), "kill {kill}: {rows:?}");
    }
    // What nothing refers to goes, what is published stays, and the next one has its number.
    care::vacuum(&root(folder.path()), None, SystemTime::now() + Duration::from_secs(60), false).await.unwrap();
    let rows = care::verify(&root(folder.path()), None).await.unwrap();
    assert!(rows.iter().all(|row| row.state == care::WHOLE) && rows.len() == 1 + published, "{rows:?}");
    finish(folder.path(), &short());
    let found = contents(folder.path()).await;
    assert_eq!(found.last_key_value().unwrap().1, &whole);
    assert_eq!(found.len(), 2 + published);
    assert_eq!(half + published, kills());
    if std::env::var("POSEQUEL_KILLS").is_ok() {
        writeln!(std::io::stderr(), "publications killed: {half} without a version, {published} with one").unwrap();
    }
}
