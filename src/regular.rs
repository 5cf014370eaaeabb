//! Files that are files: what is opened by a name that somebody wrote is looked at first, since a pipe has no end before somebody writes into it, and a device none
//! at all.

use std::fs::Metadata;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// What is known of a file of bytes, with links followed.
///
/// # Errors
/// Nothing there; a folder, a pipe, a device or a socket, by that word.
pub fn regular(path: &Path) -> Result<Metadata> {
    let metadata = std::fs::metadata(path)?;
    match other(&metadata) {
        None => Ok(metadata),
        Some(what) => Err(Error::new(ErrorKind::InvalidInput, format!("it is {what}, and no file"))),
    }
}

/// What it is, if it is no file of bytes.
fn other(metadata: &Metadata) -> Option<&'static str> {
    if metadata.is_file() {
        return None;
    }
    if metadata.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    Some("a device")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn folders_devices_and_sockets_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let file = folder.path().join("f");
        std::fs::write(&file, "abc").unwrap();
        let told = |path: &Path| regular(path).map(|metadata| metadata.len()).map_err(|e| e.to_string());
        assert_eq!(told(&file), Ok(3));
        assert_eq!(told(folder.path()), Err("it is a folder, and no file".to_owned()));
        assert_eq!(told(Path::new("/dev/zero")), Err("it is a device, and no file".to_owned()));
        assert_eq!(told(&socket), Err("it is a socket, and no file".to_owned()));
    }
}
