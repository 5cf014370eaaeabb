//! What a local disk can do and object_store has no word for: syncing, links, names that must be free.
//!
//! Every such call of the store goes through [`Disk`], so that tests can fail each of them in turn.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::SystemTime;

/// One thing in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the folder.
    pub name: String,
    /// What it is, symbolic links followed.
    pub kind: Kind,
}

/// What lies under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file and its length in bytes.
    File(u64),
    /// Nothing that can be looked at, such as a symbolic link to itself, and why.
    Unreadable(String),
}

/// The calls to the operating system. Each may fail, and says why.
pub trait Disk: Debug + Send + Sync {
    /// What lies in a folder, in any order.
    fn entries(&self, folder: &Path) -> io::Result<Vec<Entry>>;
    /// Makes a folder in one that is there; it may be there already.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    /// Waits until the bytes of a file are on disk.
    fn sync_file(&self, file: &Path) -> io::Result<()>;
    /// Waits until the names in a folder are on disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Gives a file a second name, which must be free.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file another name, which must be free.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file another name, in place of what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes a file with these bytes under a name that must be free.
    fn write_new(&self, file: &Path, bytes: &[u8]) -> io::Result<()>;
    /// When a file was written, by the clock of the disk.
    fn written(&self, file: &Path) -> io::Result<SystemTime>;
    /// Removes a file.
    fn remove(&self, file: &Path) -> io::Result<()>;
    /// Removes a folder in which nothing is.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The operating system itself.
#[derive(Debug, Clone, Copy)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn entries(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = vec![];
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // Names of ours are text.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = match fs::metadata(entry.path()) {
                Ok(found) if found.is_dir() => Kind::Folder,
                Ok(found) => Kind::File(found.len()),
                // Somebody has taken it away since, or it is a link to what is not there.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => Kind::Unreadable(error.to_string()),
            };
            entries.push(Entry { name, kind });
        }
        Ok(entries)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
            made => made,
        }
    }

    fn sync_file(&self, file: &Path) -> io::Result<()> {
        File::open(file)?.sync_all()
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Folders cannot be opened, and need not be, on Windows.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    #[cfg(any(target_os = "linux", target_os = "macos"))]
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
    }

    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    fn rename_new(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn write_new(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().write(true).create_new(true).open(file)?.write_all(bytes)
    }

    fn written(&self, file: &Path) -> io::Result<SystemTime> {
        fs::metadata(file)?.modified()
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir(folder)
    }
}
