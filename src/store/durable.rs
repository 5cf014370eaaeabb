//! Written is not yet on disk: files and folders are synced before a version refers to them.
//!
//! object_store never syncs. Without this a crash soon after a commit may leave a manifest that points to empty files.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The folders that lead to a folder which is about to be made.
///
/// An entry of a new folder is on disk once its parent is synced, so all parents up to the first that was there
/// before are synced.
pub struct Ancestors(Vec<PathBuf>);

impl Ancestors {
    /// Looks which parents of `folder` are there already; call it before anything is written.
    pub fn of(folder: &Path) -> Self {
        let old = folder.ancestors().take_while(|a| !a.exists()).count();
        Self(folder.ancestors().take(old + 1).map(Path::to_owned).collect())
    }

    /// Syncs all files of the folder, then the folder, then its parents.
    pub async fn sync(self) -> Result<()> {
        let synced = tokio::task::spawn_blocking(move || self.sync_now()).await;
        synced.map_err(|e| Error::Internal(format!("syncing files: {e}")))?
    }

    fn sync_now(&self) -> Result<()> {
        let Some(folder) = self.0.first() else { return Ok(()) };
        let entries = std::fs::read_dir(folder).map_err(|e| failed(folder, &e))?;
        for entry in entries {
            let file = entry.map_err(|e| failed(folder, &e))?.path();
            if file.is_file() {
                sync(&file)?;
            }
        }
        // Folders cannot be opened, and need not be, on Windows.
        if cfg!(unix) { self.0.iter().try_for_each(|folder| sync(folder)) } else { Ok(()) }
    }
}

fn sync(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|e| failed(path, &e))
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::Model(format!("cannot write {} to disk: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_folders_are_synced_up_to_the_first_old_one() {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("gait/runs/1");
        let ancestors = Ancestors::of(&run);
        let expected = ["gait/runs/1", "gait/runs", "gait", ""].map(|p| root.path().join(p));
        assert_eq!(ancestors.0, expected);
        std::fs::create_dir_all(&run).unwrap();
        std::fs::write(run.join("a"), "a").unwrap();
        ancestors.sync_now().unwrap();
    }
}
