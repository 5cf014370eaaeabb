//! Who trains: a small file beside the state of a training, renewed as long as the training lives.
//!
//! Two processes that train the same thing waste one of them and spoil nothing, since what they train is the same to the bit. But they would write
//! one state file by turns, so whoever means to go on from it asks for the lease first. It never keeps anybody from reading.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow::temporal_conversions::timestamp_ms_to_datetime;
use bytes::Bytes;
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::durable::{self, blocking};
use super::location::{Location, failure};
use super::process::{host, is_running};
use crate::error::{Error, Result};

/// A lease is renewed this often.
pub const RENEW_EVERY: Duration = Duration::from_secs(30);
/// A lease that was not renewed for this long, by the clock of the store, is one of a training that is gone.
pub const STALE_AFTER: Duration = Duration::from_secs(120);

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Text {
    host: String,
    pid: u32,
    started: String,
    renewed: String,
    /// Tells two trainings of one process apart.
    token: String,
}

/// Somebody else's lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The name of the machine.
    pub host: String,
    /// The process there.
    pub pid: u32,
    /// When it began, `2026-11-28 02:37:05 UTC` by its own clock.
    pub started: String,
    /// Whether it still trains, as far as can be known from here.
    pub is_alive: bool,
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}, since {}", self.pid, self.host, self.started)
    }
}

/// A lease of this process. It stays in the store until it is released, and counts as dead once this is dropped.
#[derive(Debug)]
pub struct Hold(Text);

impl Drop for Hold {
    fn drop(&mut self) {
        held().remove(&self.0.token);
    }
}

/// What comes of asking for a lease.
#[derive(Debug)]
pub enum Claim {
    /// It is ours; renew it every [`RENEW_EVERY`].
    Ours(Hold),
    /// Somebody else trains the same.
    Held(Lease),
}

/// The leases of this process.
static HELD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn held() -> std::sync::MutexGuard<'static, BTreeSet<String>> {
    // A panic of another thread cannot leave half a set.
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lease in a file, if there is one.
pub(super) async fn look(file: &Location) -> Result<Option<Lease>> {
    Ok(read(file).await?.map(|(lease, _)| lease))
}

/// Takes the lease, if nobody who lives has it.
pub(super) async fn claim(file: &Location) -> Result<Claim> {
    if let Some((lease, _)) = read(file).await?.filter(|(lease, _)| lease.is_alive) {
        return Ok(Claim::Held(lease));
    }
    let token = Uuid::now_v7().simple().to_string();
    held().insert(token.clone());
    let hold = Hold(Text { host: host(), pid: std::process::id(), started: now(), renewed: now(), token });
    write(file, &hold.0).await?;
    // Of two who found it free at once the one who wrote last has it.
    match read(file).await? {
        Some((_, token)) if token == hold.0.token => Ok(Claim::Ours(hold)),
        Some((lease, _)) => Ok(Claim::Held(lease)),
        None => Ok(Claim::Ours(hold)),
    }
}

/// Says that the training lives; false when somebody else has the lease now.
pub(super) async fn renew(file: &Location, hold: &Hold) -> Result<bool> {
    if read(file).await?.is_some_and(|(lease, token)| token != hold.0.token && lease.is_alive) {
        return Ok(false);
    }
    write(file, &Text { renewed: now(), ..hold.0.clone() }).await?;
    Ok(true)
}

/// Gives the lease back.
pub(super) async fn release(file: &Location, hold: &Hold) -> Result<()> {
    match read(file).await? {
        Some((_, token)) if token == hold.0.token => match file.store.delete(&file.path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(file.failed("remove", &error)),
        },
        _ => Ok(()),
    }
}

/// The lease, and its token.
async fn read(file: &Location) -> Result<Option<(Lease, String)>> {
    let Some(bytes) = file.read().await? else { return Ok(None) };
    // Half a lease is somebody's who writes it, or was killed then: its age decides.
    let text = serde_json::from_slice(&bytes).unwrap_or_else(|_| Text {
        host: "an unknown host".to_owned(),
        pid: 0,
        started: "an unknown time".to_owned(),
        renewed: String::new(),
        token: String::new(),
    });
    let is_alive = match known(&text) {
        Some(is_alive) => is_alive,
        None => age(file).await? < STALE_AFTER,
    };
    let Text { host, pid, started, token, .. } = text;
    Ok(Some((Lease { host, pid, started, is_alive }, token)))
}

/// What this machine knows of the process without a clock; None for one of another machine, or one that may live.
fn known(text: &Text) -> Option<bool> {
    if text.host != host() {
        return None;
    }
    if text.pid == std::process::id() {
        // A process of before that had the same number holds nothing.
        return Some(held().contains(&text.token));
    }
    (!is_running(text.pid)).then_some(false)
}

/// How long ago a file was written, by the clock of the store: that of this machine may be another.
async fn age(file: &Location) -> Result<Duration> {
    let clock = file.parent().child(&format!("clock-{}", Uuid::now_v7().simple()));
    write_bytes(&clock, Bytes::from_static(b"now")).await?;
    let times = async { Ok::<_, Error>((written(file).await?, written(&clock).await?)) }.await;
    // It takes room and does no harm.
    let _ = clock.store.delete(&clock.path).await;
    let (then, now) = times?;
    // A lease that is gone by now is nobody's.
    let Some(then) = then else { return Ok(Duration::MAX) };
    Ok(now.unwrap_or_else(SystemTime::now).duration_since(then).unwrap_or_default())
}

async fn written(file: &Location) -> Result<Option<SystemTime>> {
    match file.store.head(&file.path).await {
        Ok(found) => Ok(Some(found.last_modified.into())),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(file.failed("look at", &error)),
    }
}

async fn write(file: &Location, text: &Text) -> Result<()> {
    let json = serde_json::to_vec_pretty(text).map_err(|e| Error::Internal(format!("a lease: {e}")))?;
    write_bytes(file, json.into()).await
}

async fn write_bytes(file: &Location, bytes: Bytes) -> Result<()> {
    let Some(local) = file.local.clone() else {
        return file.store.put(&file.path, bytes.into()).await.map(|_| ()).map_err(|e| file.failed("write", &e));
    };
    let written = blocking(&file.disk, move |disk| durable::replace(disk, &local, &bytes, false)).await?;
    written.map_err(|e| failure("write", file, &e))
}

/// `2026-11-28 02:37:05 UTC`
pub(super) fn now() -> String {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let moment = timestamp_ms_to_datetime(ms);
    moment.map(|moment| moment.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::local::LocalFileSystem;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;

    fn files() -> (tempfile::TempDir, [Location; 2]) {
        let root = tempfile::tempdir().unwrap();
        let local = Location::folder(root.path(), Arc::new(LocalFileSystem::new())).unwrap();
        let memory = Location::remote("memory://x", Arc::new(InMemory::new()), Path::from("models"));
        (root, [local, memory].map(|folder| folder.child("key.lease")))
    }

    fn of_another(host: &str, pid: u32) -> Text {
        Text { host: host.into(), pid, started: now(), renewed: now(), token: "theirs".into() }
    }

    #[tokio::test]
    async fn a_lease_is_one_trainings_until_it_is_released_or_dropped() {
        let (_root, files) = files();
        for file in files {
            assert_eq!(look(&file).await.unwrap(), None);
            let Claim::Ours(hold) = claim(&file).await.unwrap() else { panic!("{file} was free") };
            let Claim::Held(lease) = claim(&file).await.unwrap() else { panic!("{file} is held") };
            assert_eq!((lease.pid, lease.is_alive), (std::process::id(), true));
            assert!(renew(&file, &hold).await.unwrap());
            release(&file, &hold).await.unwrap();
            assert_eq!(look(&file).await.unwrap(), None);
            let Claim::Ours(hold) = claim(&file).await.unwrap() else { panic!("{file} was released") };
            drop(hold);
            assert!(!look(&file).await.unwrap().unwrap().is_alive);
            assert!(matches!(claim(&file).await.unwrap(), Claim::Ours(_)));
        }
    }

    #[tokio::test]
    async fn a_lease_of_another_machine_lives_as_long_as_it_is_young_and_one_of_a_dead_process_does_not() {
        let (_root, files) = files();
        for file in &files {
            write(file, &of_another("far away", 1)).await.unwrap();
            let Claim::Held(lease) = claim(file).await.unwrap() else { panic!("{file} is held") };
            assert!(lease.to_string().starts_with("process 1 on far away, since 2"), "{lease}");
            // Above what Linux gives to processes.
            write(file, &of_another(&host(), 1 << 30)).await.unwrap();
            assert!(matches!(claim(file).await.unwrap(), Claim::Ours(_)));
        }
        let [file, _] = &files;
        write(file, &of_another("far away", 1)).await.unwrap();
        let old = std::fs::File::options().write(true).open(file.local.as_ref().unwrap()).unwrap();
        old.set_modified(SystemTime::now() - STALE_AFTER - Duration::from_secs(1)).unwrap();
        assert!(matches!(claim(file).await.unwrap(), Claim::Ours(_)));
        // Half a lease is somebody's as long as it is young.
        write_bytes(file, Bytes::from_static(b"{\"host\"")).await.unwrap();
        assert!(matches!(claim(file).await.unwrap(), Claim::Held(_)));
    }

    #[tokio::test]
    async fn who_finds_the_lease_taken_over_knows_it() {
        let (_root, [file, _]) = files();
        let Claim::Ours(hold) = claim(&file).await.unwrap() else { panic!("it was free") };
        write(&file, &of_another("far away", 1)).await.unwrap();
        assert!(!renew(&file, &hold).await.unwrap());
        release(&file, &hold).await.unwrap();
        assert!(look(&file).await.unwrap().is_some());
    }
}
