//! The folder of spill of a process, which goes away with it, and those that processes left which were killed.
//!
//! `<tmp>/posequel-<pid>-<start>/lock` is locked as long as its process lives; the system unlocks it when a process ends, however it does. So a folder
//! whose lock is free belongs to nobody. A process id alone would not tell: containers that share a disk have the same ones. A folder that was made a moment ago may not be locked yet.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use datafusion::common::{DataFusionError, Result};

const NAME: &str = "posequel-";
const LOCK: &str = "lock";
/// Folders that are younger may be about to be locked.
const YOUNG: Duration = Duration::from_secs(10);

/// A folder for files of this process, removed with what is in it when nobody uses it any more.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Locked.
    _lock: File,
}

/// The folders of this process, by what they are in: its sessions share them.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Weak<Folder>>>> = LazyLock::new(Mutex::default);

impl Folder {
    /// The folder of this process below a folder for temporary files, which is made if need be. What dead processes left there is removed.
    ///
    /// # Errors
    /// It cannot be made, by the system's word.
    pub fn below(temporary: &Path) -> Result<Arc<Self>> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = open.get(temporary).and_then(Weak::upgrade) {
            return Ok(folder);
        }
        let made = Self::make(temporary).map(Arc::new).map_err(|e| {
            let place = temporary.display();
            let hint = "TMPDIR names the folder for temporary files, datafusion.runtime.temp_directory another one";
            DataFusionError::IoError(e).context(format!("no folder for temporary files can be made in {place}; {hint}"))
        })?;
        open.insert(temporary.to_owned(), Arc::downgrade(&made));
        Ok(made)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn make(temporary: &Path) -> io::Result<Self> {
        fs::create_dir_all(temporary)?;
        // An absolute path, as the process may go elsewhere.
        let temporary = temporary.canonicalize()?;
        sweep(&temporary);
        let start = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let path = temporary.join(format!("{NAME}{}-{start}", std::process::id()));
        make_private(&path)?;
        let lock = File::create_new(path.join(LOCK))?;
        match lock.try_lock() {
            // Where files cannot be locked nobody sweeps.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(io::Error::other("it is locked by somebody else")),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is swept by the next process.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The folders of this process.
pub fn paths() -> Vec<PathBuf> {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.values().filter_map(Weak::upgrade).map(|folder| folder.path().to_owned()).collect()
}

/// Removes the folders of this process: for its end, when tasks that still use them are not waited for.
pub fn remove_all() {
    for path in paths() {
        let _ = fs::remove_dir_all(path);
    }
}

/// Removes the folders of dead processes, as far as that can be done.
fn sweep(temporary: &Path) {
    let entries = fs::read_dir(temporary).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_name));
    for entry in ours.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let folder = entry.path();
        if is_old(&entry) && is_free(&folder.join(LOCK)) {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// `posequel-<pid>-<start>`
fn is_name(name: &str) -> bool {
    let numbers = name.strip_prefix(NAME).and_then(|numbers| numbers.split_once('-'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(process, start)| is_number(process) && is_number(start))
}

fn is_old(entry: &fs::DirEntry) -> bool {
    let age = entry.metadata().and_then(|about| about.modified()).map(|made| made.elapsed());
    age.is_ok_and(|age| age.is_ok_and(|age| age > YOUNG))
}

/// Whether nobody has the lock: it was never made, or its process has ended.
fn is_free(lock: &Path) -> bool {
    match File::open(lock) {
        Ok(file) => file.try_lock().is_ok(),
        Err(e) => e.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As if it had been made an hour ago.
    fn age(folder: &Path) {
        let hour = SystemTime::now() - Duration::from_secs(3600);
        File::open(folder).unwrap().set_modified(hour).unwrap();
    }

    #[test]
    fn sessions_share_a_folder_which_goes_away_with_the_last() {
        let temporary = tempfile::tempdir().unwrap();
        let (one, other) = (Folder::below(temporary.path()).unwrap(), Folder::below(temporary.path()).unwrap());
        assert_eq!(one.path(), other.path());
        fs::write(one.path().join("spill"), "rows").unwrap();
        drop(one);
        assert!(other.path().join("spill").exists());
        let path = other.path().to_owned();
        drop(other);
        assert!(!path.exists() && fs::read_dir(temporary.path()).unwrap().next().is_none());
        assert!(Folder::below(temporary.path()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn folders_of_the_dead_are_swept_and_no_others() {
        let temporary = tempfile::tempdir().unwrap();
        let make = |name: &str, locked: bool| {
            let folder = temporary.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("spill"), "rows").unwrap();
            locked.then(|| {
                let lock = File::create_new(folder.join(LOCK)).unwrap();
                lock.try_lock().unwrap();
                lock
            })
        };
        let dead = make("posequel-17-100", true);
        drop(dead);
        make("posequel-18-100", false);
        let _alive = make("posequel-19-100", true);
        make("posequel-mine", false);
        make("posequel-20-100-b", false);
        for entry in fs::read_dir(temporary.path()).unwrap() {
            age(&entry.unwrap().path());
        }
        make("posequel-21-100", false);
        let target = tempfile::tempdir().unwrap();
        age(target.path());
        std::os::unix::fs::symlink(target.path(), temporary.path().join("posequel-22-100")).unwrap();
        let own = Folder::below(temporary.path()).unwrap();
        let left = fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut left: Vec<_> = left.filter(|path| path != own.path()).collect();
        left.sort();
        let names = ["posequel-19-100", "posequel-20-100-b", "posequel-21-100", "posequel-22-100", "posequel-mine"];
        assert_eq!(left, names.map(|name| temporary.path().canonicalize().unwrap().join(name)));
        assert!(target.path().exists());
    }

    #[test]
    fn where_no_folder_can_be_made_the_place_is_named() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Folder::below(&file.join("below")).unwrap_err().to_string();
        assert!(error.contains("file/below") && error.contains("TMPDIR"), "{error}");
    }
}
