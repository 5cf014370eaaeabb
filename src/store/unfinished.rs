//! What a training leaves while it runs: its history so far, to be looked at from elsewhere, and its state, to go on from.
//!
//! Both lie in `<model>/_unfinished/` under a name that says what is trained: the digest of rows, options and net. They
//! go away when the training is published.

use arrow::array::RecordBatch;
use bytes::Bytes;
use object_store::ObjectStoreExt;

use super::layout::UNFINISHED;
use super::location::Location;
use super::table::{file, history};
use crate::error::Result;
use crate::train::fit::Epoch;

const STATE: &str = ".safetensors";
const HISTORY: &str = ".history.parquet";

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

    /// Replaces the state, in one atomic act.
    pub async fn save_state(&self, bytes: Vec<u8>) -> Result<()> {
        put(&self.place(), bytes).await
    }

    /// Replaces the history so far, likewise.
    pub async fn save_history(&self, epochs: &[Epoch]) -> Result<()> {
        let best = epochs.iter().rfind(|epoch| epoch.best).map_or(0, |epoch| epoch.epoch);
        put(&self.history(), file::to_parquet(&history::batch(epochs, best)?)?).await
    }

    /// Forgets the history, and with `state` the state.
    pub async fn remove(&self, state: bool) -> Result<()> {
        for file in [Some(self.history()), state.then(|| self.place())].into_iter().flatten() {
            clear_staged(&file);
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

/// Removes what a killed process had half written: object_store stages a local file under its name, `#` and a number.
fn clear_staged(file: &Location) {
    let Some((folder, name)) = file.local.as_ref().and_then(|path| Some((path.parent()?, path.file_name()?))) else {
        return;
    };
    let staged = format!("{}#", name.to_string_lossy());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&staged) {
            // It takes room and does no harm: whoever cannot remove it goes on.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

async fn names(folder: &Location, ending: &str) -> Result<Vec<String>> {
    let listed = folder.store.list_with_delimiter(Some(&folder.path)).await.map_err(|e| folder.failed("list", &e))?;
    let files = listed.objects.iter().filter_map(|object| object.location.filename());
    let mut names: Vec<String> = files.filter(|name| name.ends_with(ending)).map(str::to_owned).collect();
    names.sort();
    Ok(names)
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

    use object_store::memory::InMemory;
    use object_store::path::Path;

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
}
