//! Written is not yet on disk: files and folders are synced before a version refers to them.
//!
//! object_store never syncs. Without this a crash soon after a commit may leave a manifest that points to empty files.
//! An entry of a folder is on disk once the folder is synced, so a new file needs all folders on its way.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::Disk;
use super::process;
use crate::error::{Error, Result};

/// Makes a folder and those that lead to it, and syncs what got a new entry; the folders that were made, outermost first.
pub(super) fn make_folders(disk: &dyn Disk, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut missing: Vec<PathBuf> = folder.ancestors().take_while(|a| !a.is_dir()).map(Path::to_owned).collect();
    missing.reverse();
    for made in &missing {
        disk.make_folder(made).map_err(|e| at(made, &e))?;
        if let Some(parent) = made.parent() {
            sync_entry(disk, parent)?;
        }
    }
    Ok(missing)
}

/// Syncs a folder and `above` of those in which it lies.
///
/// Whether they are new does not matter: somebody else may have made them a moment ago, and to sync one in which nothing
/// has changed costs little.
pub(super) fn sync_up(disk: &dyn Disk, folder: &Path, above: usize) -> io::Result<()> {
    folder.ancestors().take(above + 1).try_for_each(|folder| sync_entry(disk, folder))
}

fn sync_entry(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    match disk.sync_folder(folder) {
        // Nothing of ours is new in a folder that we may not read: whoever made it has synced it, or nobody can.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        synced => synced.map_err(|e| at(folder, &e)),
    }
}

/// The same error, with the file that it happened to.
pub(super) fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Runs calls to a disk where they block nobody.
pub(super) async fn blocking<T: Send + 'static>(
    disk: &Arc<dyn Disk>,
    calls: impl FnOnce(&dyn Disk) -> T + Send + 'static,
) -> Result<T> {
    let disk = Arc::clone(disk);
    let done = tokio::task::spawn_blocking(move || calls(disk.as_ref())).await;
    done.map_err(|e| Error::Internal(format!("work on a disk: {e}")))
}

/// What a file system answers that has no such call, or not between these two names.
fn is_refused(error: &io::Error) -> bool {
    use ErrorKind::{CrossesDevices, InvalidInput, PermissionDenied, TooManyLinks, Unsupported};
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error)
        .is_some_and(|e| [rustix::io::Errno::NOTSUP, rustix::io::Errno::OPNOTSUPP].contains(&e))
    {
        return true;
    }
    // ENOSYS, EINVAL, EPERM, EXDEV, EMLINK.
    matches!(error.kind(), Unsupported | InvalidInput | PermissionDenied | CrossesDevices | TooManyLinks)
}

/// Gives the synced file `own`, whose bytes are `text`, a second name that must be free: whole, or not at all.
///
/// A hard link does that. Where a file system knows none (exFAT, many FUSE and SMB mounts) a synced copy is renamed to a name that must be free, and
/// where that is not known as well, the name is taken by an empty file, in whose place the copy is then put. An empty file is never a
/// manifest: a crash between the two leaves a name that is taken for good, and nothing else.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] when the name is taken, by whomever; else what the disk says. Of the file nothing is then there, or an
/// empty one.
pub(super) fn create(disk: &dyn Disk, own: &Path, text: &[u8], file: &Path) -> io::Result<()> {
    match disk.link(own, file) {
        Err(error) if is_refused(&error) => {}
        linked => return linked,
    }
    let staged = own.file_stem().unwrap_or_default().to_string_lossy();
    let staged = file.with_extension(format!("{staged}-{}", uuid::Uuid::now_v7().simple()));
    let created = create_by_copy(disk, &staged, text, file);
    if created.is_err() {
        // It takes room and does no harm: whoever cannot remove it goes on.
        let _ = disk.remove(&staged);
    }
    created
}

fn create_by_copy(disk: &dyn Disk, staged: &Path, text: &[u8], file: &Path) -> io::Result<()> {
    disk.write_new(staged, text)?;
    disk.sync_file(staged)?;
    match disk.rename_new(staged, file) {
        Err(error) if is_refused(&error) => {}
        renamed => return renamed,
    }
    disk.write_new(file, b"")?;
    disk.rename(staged, file).inspect_err(|_| {
        let _ = disk.remove(file);
    })
}

/// Puts a file in the place of another: whoever reads sees the one or the other, whole.
///
/// `is_kept` waits until it is on disk, so that a crash leaves one of the two. What is half written lies beside it under the name of this process.
pub(super) fn replace(disk: &dyn Disk, file: &Path, bytes: &[u8], is_kept: bool) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    make_folders(disk, folder)?;
    let staged = process::staged(file);
    let write = || {
        disk.write_new(&staged, bytes)?;
        if is_kept {
            disk.sync_file(&staged)?;
        }
        disk.rename(&staged, file)
    };
    write().inspect_err(|_| {
        let _ = disk.remove(&staged);
    })?;
    // Its folder, and the model's.
    if is_kept { sync_up(disk, folder, 1) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::disk::LocalDisk;
    use super::super::faulty::{Call, FaultyDisk};
    use super::*;

    #[test]
    fn new_folders_are_synced_up_to_the_first_old_one() {
        let (root, disk) = (tempfile::tempdir().unwrap(), FaultyDisk::default());
        let run = root.path().join("gait/runs/1");
        make_folders(&disk, &run).unwrap();
        let synced: Vec<_> = ["", "gait", "gait/runs"].map(|p| Call::SyncFolder(root.path().join(p))).into();
        let is_sync = |call: &Call| matches!(call, Call::SyncFolder(_));
        assert_eq!(disk.calls().into_iter().filter(is_sync).collect::<Vec<_>>(), synced);
        assert!(run.is_dir() && make_folders(&disk, &run).unwrap().is_empty());
    }

    #[test]
    fn each_rung_creates_a_file_whole_and_only_where_the_name_is_free() {
        for without in [&[][..], &["link"], &["link", "rename_new"]] {
            let folder = tempfile::tempdir().unwrap();
            let [own, file] = ["own.json", "1.json"].map(|name| folder.path().join(name));
            std::fs::write(&own, "text").unwrap();
            let disk = FaultyDisk::without(without);
            create(&disk, &own, b"text", &file).unwrap();
            assert_eq!(std::fs::read(&file).unwrap(), b"text", "{without:?}");
            let again = create(&disk, &own, b"other", &file).unwrap_err();
            assert_eq!(again.kind(), ErrorKind::AlreadyExists, "{without:?}");
            assert_eq!(std::fs::read(&file).unwrap(), b"text", "{without:?}");
            let left = LocalDisk.entries(folder.path()).unwrap().len();
            assert_eq!(left, 2, "{without:?}: nothing staged stays");
        }
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state");
        replace(&LocalDisk, &file, b"old", true).unwrap();
        for nth in 0.. {
            let disk = FaultyDisk::failing(nth, ErrorKind::Other);
            let replaced = replace(&disk, &file, b"new", true);
            let found = std::fs::read(&file).unwrap();
            assert!(found == b"new" || (replaced.is_err() && found == b"old"), "call {nth}: {replaced:?}");
            assert_eq!(LocalDisk.entries(folder.path()).unwrap().len(), 1, "call {nth}: nothing staged stays");
            if !disk.has_failed() {
                assert!(nth >= 5 && replaced.is_ok());
                break;
            }
            std::fs::write(&file, "old").unwrap();
        }
    }
}
