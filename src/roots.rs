//! The folders below which a session may read and write: one value, which everything that touches a file asks first.
//!
//! Links are followed before the question is asked, so that a link below a root does not lead out of it. Between the question and the
//! act somebody else may change a link: who can write below a root can lead out of it.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Error, Result};

/// What may be touched; clones share it. At first that is everything.
#[derive(Debug, Clone, Default)]
pub struct Roots(Arc<RwLock<Option<Allowed>>>);

/// The folders of a session that is fenced in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Below these files may be read.
    pub read: Vec<PathBuf>,
    /// Below these files may be read and written.
    pub write: Vec<PathBuf>,
}

impl Roots {
    /// Allows nothing but what lies below these folders. It is never taken back: a second call can only be refused.
    ///
    /// # Errors
    /// [`Error::Query`] for a folder that is not there, or roots that are set already.
    pub fn fence(&self, allowed: &Allowed) -> Result<()> {
        let folders = |all: &[PathBuf]| all.iter().map(|folder| real_folder(folder)).collect::<Result<Vec<_>>>();
        let real = Allowed { read: folders(&allowed.read)?, write: folders(&allowed.write)? };
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if inner.is_some() {
            return Err(Error::Query("this session is in safe mode already, which is not changed again".to_owned()));
        }
        *inner = Some(real);
        Ok(())
    }

    /// What is allowed; None for everything.
    pub fn allowed(&self) -> Option<Allowed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether anything is forbidden.
    pub fn is_fenced(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// # Errors
    /// [`Error::Query`] for a path that leads out of every folder that may be read.
    pub fn check_read(&self, path: &Path) -> Result<()> {
        self.check(path, "read", "--allow-read", |allowed| allowed.read.iter().chain(&allowed.write).collect())
    }

    /// # Errors
    /// [`Error::Query`] for a path that leads out of every folder that may be written.
    pub fn check_write(&self, path: &Path) -> Result<()> {
        self.check(path, "write", "--allow-write", |allowed| allowed.write.iter().collect())
    }

    fn check(&self, path: &Path, act: &str, flag: &str, of: fn(&Allowed) -> Vec<&PathBuf>) -> Result<()> {
        let Some(allowed) = self.allowed() else { return Ok(()) };
        let refuse = |why: &str| {
            Err(Error::Query(format!(
                "safe mode: cannot {act} {}: {why}; {flag} FOLDER allows a folder",
                path.display()
            )))
        };
        match real(path) {
            Some(real) if of(&allowed).into_iter().any(|root| real.starts_with(root)) => Ok(()),
            Some(_) => refuse("it lies outside of what is allowed"),
            None => refuse("where it leads cannot be told"),
        }
    }
}

fn real_folder(folder: &Path) -> Result<PathBuf> {
    let wrong = |why: String| Error::Query(format!("safe mode: '{}' is no folder to allow: {why}", folder.display()));
    let real = folder.canonicalize().map_err(|e| wrong(e.to_string()))?;
    if real.is_dir() { Ok(real) } else { Err(wrong("it is a file".to_owned())) }
}

/// The path without links, of a file that need not be there: links are followed as far as there is something.
fn real(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    if absolute.components().any(|part| matches!(part, Component::ParentDir)) {
        // Behind a link '..' is another folder than the text says; what exists is resolved by the system alone.
        return absolute.canonicalize().ok();
    }
    for (depth, ancestor) in absolute.ancestors().enumerate() {
        match ancestor.symlink_metadata() {
            // A link that leads nowhere would be written through.
            Ok(_) => {
                let rest: PathBuf = absolute.components().skip(absolute.components().count() - depth).collect();
                return ancestor.canonicalize().ok().map(|real| if depth == 0 { real } else { real.join(rest) });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_allowed_until_a_fence_is_set_and_never_again() {
        let (roots, folder) = (Roots::default(), tempfile::tempdir().unwrap());
        assert!(roots.check_write(Path::new("/etc/passwd")).is_ok());
        let own = Allowed { read: vec![folder.path().to_owned()], write: vec![] };
        roots.clone().fence(&own).unwrap();
        assert!(roots.check_read(&folder.path().join("a/b.csv")).is_ok());
        for path in ["/etc/passwd", "", "/"] {
            assert!(roots.check_read(Path::new(path)).is_err(), "{path}");
        }
        assert!(roots.check_write(&folder.path().join("b.csv")).is_err(), "it may be read alone");
        let everything = Allowed { write: vec![PathBuf::from("/")], ..Allowed::default() };
        assert!(roots.fence(&everything).is_err() && roots.check_read(Path::new("/etc/passwd")).is_err());
    }

    #[test]
    fn what_may_be_written_may_be_read_and_no_neighbour_may() {
        let (roots, folder) = (Roots::default(), tempfile::tempdir().unwrap());
        let [inside, beside] = ["a", "ab"].map(|name| folder.path().join(name));
        for made in [&inside, &beside] {
            std::fs::create_dir(made).unwrap();
        }
        roots.fence(&Allowed { write: vec![inside.clone()], ..Allowed::default() }).unwrap();
        assert!(roots.check_read(&inside.join("x")).is_ok() && roots.check_write(&inside.join("new/x")).is_ok());
        for path in [beside.join("x"), inside.join("../ab/x"), inside.join("new/../../ab")] {
            assert!(roots.check_read(&path).is_err(), "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_is_outside() {
        use std::os::unix::fs::symlink;
        let (roots, folder) = (Roots::default(), tempfile::tempdir().unwrap());
        let inside = folder.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        let outside = folder.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        for (link, target) in
            [("folder", &outside), ("nowhere", &folder.path().join("not there")), ("loop", &inside.join("loop"))]
        {
            symlink(target, inside.join(link)).unwrap();
        }
        symlink(&inside, folder.path().join("door")).unwrap();
        roots.fence(&Allowed { write: vec![folder.path().join("door")], ..Allowed::default() }).unwrap();
        for path in ["folder", "folder/x", "nowhere", "nowhere/x", "loop", "loop/x"] {
            assert!(roots.check_write(&inside.join(path)).is_err(), "{path}");
        }
        assert!(roots.check_write(&inside.join("x")).is_ok(), "a root that is a link is what it leads to");
    }

    #[test]
    fn a_root_that_is_no_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "").unwrap();
        for root in [file, folder.path().join("none")] {
            assert!(Roots::default().fence(&Allowed { read: vec![root], ..Allowed::default() }).is_err());
        }
    }
}
