//! What a training leaves while it runs: its history so far, to be looked at from elsewhere, and its state, to go on from.
//!
//! Both lie in `<model>/_unfinished/` under a name that says what is trained: the digest of rows, options and net, beside a lease that says
//! who trains it. They go away when the training is published.

use std::time::{Duration, SystemTime};

use arrow::array::RecordBatch;
use bytes::Bytes;
use object_store::ObjectStoreExt;

use super::disk::Disk;
use super::durable::{self, blocking};
use super::layout::UNFINISHED;
use super::lease::{self, Claim, Hold, Lease};
use super::location::{Location, failure};
use super::process;
use super::table::{file, history};
use crate::error::Result;
use crate::train::fit::Epoch;

const STATE: &str = ".safetensors";
const HISTORY: &str = ".history.parquet";
const LEASE: &str = ".lease";

/// What is half written and older than this belongs to nobody who lives.
const STAGED_FOR: Duration = Duration::from_secs(3600);

/// The place of one training.
#[derive(Debug, Clone)]
pub struct Unfinished {
    folder: Location,
    key: String,
}

impl Unfinished {
    /// The place of the training of `model` that `key` says, hexadecimal.
    pub fn new(model: &Location, key: &str) -> Self {
        Self { folder: model.child(UNFINISHED), key: key[..key.len().min(32)].to_owned() }
    }

    /// The file of its state.
    pub fn place(&self) -> Location {
        self.folder.child(&format!("{}{STATE}", self.key))
    }

    /// The state, if there is one.
    pub async fn state(&self) -> Result<Option<Bytes>> {
        self.place().read().await
    }

    /// The states of other trainings of the model, each with its place.
    pub async fn other_states(&self) -> Result<Vec<(Location, Bytes)>> {
        let mut states = vec![];
        for name in names(&self.folder, STATE).await? {
            let file = self.folder.child(&name);
            if file.path != self.place().path
                && let Some(bytes) = file.read().await?
            {
                states.push((file, bytes));
            }
        }
        Ok(states)
    }

    /// Replaces the state, in one atomic act, and waits until it is on disk.
    ///
    /// # Errors
    /// [`Error::Model`](crate::error::Error::Model) or [`Error::Limit`](crate::error::Error::Limit) when it cannot be written; the one before is then still there, whole.
    pub async fn save_state(&self, bytes: impl Into<Bytes>) -> Result<()> {
        put(&self.place(), bytes.into(), true).await
    }

    /// Replaces the history so far, likewise, but waits for no disk.
    pub async fn save_history(&self, epochs: &[Epoch]) -> Result<()> {
        let best = epochs.iter().rfind(|epoch| epoch.best).map_or(0, |epoch| epoch.epoch);
        put(&self.history(), file::to_parquet(&history::batch(epochs, best)?)?.into(), false).await
    }

    /// Who trains this, if anybody says so.
    pub async fn lease(&self) -> Result<Option<Lease>> {
        lease::look(&self.lease_file()).await
    }

    /// Says that this process trains it, unless somebody who lives does: then who.
    pub async fn claim_lease(&self) -> Result<Claim> {
        lease::claim(&self.lease_file()).await
    }

    /// Says that the training lives, every [`lease::RENEW_EVERY`]; false when somebody else has the lease.
    pub async fn renew_lease(&self, hold: &Hold) -> Result<bool> {
        lease::renew(&self.lease_file(), hold).await
    }

    /// Says that the training has ended.
    pub async fn release_lease(&self, hold: &Hold) -> Result<()> {
        lease::release(&self.lease_file(), hold).await
    }

    fn lease_file(&self) -> Location {
        self.folder.child(&format!("{}{LEASE}", self.key))
    }

    /// Forgets the history, and with `state` the state.
    pub async fn remove(&self, state: bool) -> Result<()> {
        for file in [Some(self.history()), state.then(|| self.place())].into_iter().flatten() {
            clear_staged(&file).await;
            match file.store.delete(&file.path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(file.failed("remove", &error)),
            }
        }
        Ok(())
    }

    fn history(&self) -> Location {
        self.folder.child(&format!("{}{HISTORY}", self.key))
    }
}

/// The histories so far of all trainings of a model that have not ended, in the schema that they were written with.
pub async fn histories(model: &Location) -> Result<Vec<RecordBatch>> {
    let folder = model.child(UNFINISHED);
    let mut batches = vec![];
    for name in names(&folder, HISTORY).await? {
        let at = folder.child(&name);
        // Whoever published in between has taken it away.
        let Some(bytes) = at.read().await? else { continue };
        match file::from_parquet(bytes, &at.to_string()) {
            Ok(batch) => batches.push(batch),
            // What is damaged here must not hide what is published.
            Err(error) => tracing::warn!("{error}"),
        }
    }
    Ok(batches)
}

/// Whether [`histories`] would find any.
pub async fn has_histories(model: &Location) -> Result<bool> {
    Ok(!names(&model.child(UNFINISHED), HISTORY).await?.is_empty())
}

/// Removes what a killed process had half written.
///
/// Somebody else may be writing one at this moment, so only those of processes that are known to be dead go, and old ones. What cannot be
/// removed takes room and does no harm.
async fn clear_staged(file: &Location) {
    let Some(path) = file.local.clone() else { return };
    let _ = blocking(&file.disk, move |disk| {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        for entry in disk.entries(folder).unwrap_or_default() {
            let Some(is_of_the_dead) = process::is_of_the_dead(&entry.name, &name.to_string_lossy()) else { continue };
            let staged = folder.join(&entry.name);
            if is_of_the_dead || is_older(disk, &staged, STAGED_FOR) {
                let _ = disk.remove(&staged);
            }
        }
    })
    .await;
}

/// Whether a file was written longer ago than `age`; not where nobody can tell.
fn is_older(disk: &dyn Disk, file: &std::path::Path, age: Duration) -> bool {
    disk.written(file).is_ok_and(|written| SystemTime::now().duration_since(written).is_ok_and(|found| found > age))
}

async fn names(folder: &Location, ending: &str) -> Result<Vec<String>> {
    let files = folder.list().await?.files.into_iter().map(|(name, _)| name);
    Ok(files.filter(|name| name.ends_with(ending)).collect())
}

async fn put(file: &Location, bytes: Bytes, is_kept: bool) -> Result<()> {
    let Some(local) = file.local.clone() else {
        return file.store.put(&file.path, bytes.into()).await.map(|_| ()).map_err(|e| file.failed("write", &e));
    };
    let written = blocking(&file.disk, move |disk| durable::replace(disk, &local, &bytes, is_kept)).await?;
    written.map_err(|e| failure("write", file, &e))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::super::faulty::FaultyDisk;
    use super::*;

    fn epoch(epoch: usize, best: bool) -> Epoch {
        Epoch {
            epoch,
            loss: 0.5,
            accuracy: 0.5,
            val_loss: None,
            val_accuracy: None,
            val_loss_weighted: None,
            learning_rate: 1e-3,
            seconds: 0.1,
            best,
        }
    }

    #[tokio::test]
    async fn a_training_finds_its_own_state_and_sees_those_of_others() {
        let model = Location::remote("memory://x", Arc::new(InMemory::new()), Path::from("models")).child("gait");
        let [ours, theirs] = ["aa", "bb"].map(|key| Unfinished::new(&model, key));
        assert_eq!(ours.state().await.unwrap(), None);
        ours.save_state(b"one".to_vec()).await.unwrap();
        ours.save_state(b"two".to_vec()).await.unwrap();
        assert_eq!(ours.state().await.unwrap().unwrap().as_ref(), b"two");
        assert!(ours.other_states().await.unwrap().is_empty());
        let others = theirs.other_states().await.unwrap();
        assert_eq!((others.len(), others[0].0.to_string()), (1, ours.place().to_string()));
        ours.save_history(&[epoch(1, true), epoch(2, false)]).await.unwrap();
        theirs.save_history(&[epoch(1, true)]).await.unwrap();
        let rows: Vec<usize> = histories(&model).await.unwrap().iter().map(RecordBatch::num_rows).collect();
        assert_eq!(rows, [2, 1]);
        ours.remove(false).await.unwrap();
        ours.remove(false).await.unwrap();
        assert_eq!(histories(&model).await.unwrap().len(), 1);
        assert!(ours.state().await.unwrap().is_some());
        ours.remove(true).await.unwrap();
        assert_eq!(ours.state().await.unwrap(), None);
    }

    fn on_disk() -> (tempfile::TempDir, Location) {
        let root = tempfile::tempdir().unwrap();
        let store = Arc::new(object_store::local::LocalFileSystem::new());
        let model = Location::folder(root.path(), store).unwrap().child("gait");
        (root, model)
    }

    #[tokio::test]
    async fn a_state_that_cannot_be_saved_leaves_the_one_before() {
        let (_root, model) = on_disk();
        let place = Unfinished::new(&model, "aa");
        place.save_state(b"old".to_vec()).await.unwrap();
        for nth in 0.. {
            let disk = Arc::new(FaultyDisk::failing(nth, std::io::ErrorKind::StorageFull));
            let saved = Unfinished::new(&model.clone().with_disk(Arc::clone(&disk) as _), "aa")
                .save_state(b"new".to_vec())
                .await;
            let found = place.state().await.unwrap().unwrap();
            assert!(
                found == "new" || (found == "old" && matches!(saved, Err(crate::error::Error::Limit(_)))),
                "{nth}: {saved:?}"
            );
            assert!(place.other_states().await.unwrap().is_empty());
            if !disk.has_failed() {
                break;
            }
            place.save_state(b"old".to_vec()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_others_are_writing_stays_and_what_the_dead_have_left_goes() {
        let (_root, model) = on_disk();
        let place = Unfinished::new(&model, "aa");
        place.save_state(b"old".to_vec()).await.unwrap();
        let [young, old] =
            ["#7-young", "#8-old"].map(|who| place.place().local.unwrap().with_extension(format!("safetensors{who}")));
        [&young, &old].into_iter().for_each(|file| std::fs::write(file, "half").unwrap());
        let file = std::fs::File::options().write(true).open(&old).unwrap();
        file.set_modified(SystemTime::now() - STAGED_FOR - Duration::from_secs(1)).unwrap();
        place.remove(true).await.unwrap();
        assert_eq!((young.exists(), old.exists()), (true, false));
    }
}
