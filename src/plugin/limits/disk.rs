//! The room on a disk.

use std::path::Path;

/// What spill may take of the disk of a folder, in bytes: 80 % of what is free there. Nothing where the system does not tell (anything but
/// Unix): DataFusion's 100 GB count there.
pub fn limit(folder: &Path) -> Option<u64> {
    free(folder).map(share)
}

/// Four fifths.
fn share(free: u64) -> u64 {
    free / 5 * 4
}

/// Bytes that a user may still write on the disk of a folder.
#[cfg(unix)]
pub fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Bytes that a user may still write on the disk of a folder; not known here.
#[cfg(not(unix))]
pub fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_disk_tells_its_room_and_a_folder_that_is_not_there_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free(folder.path()).is_some_and(|bytes| bytes > 0));
        assert_eq!(limit(&folder.path().join("nowhere")), None);
        assert_eq!((share(5), share(u64::MAX)), (4, u64::MAX / 5 * 4));
    }
}
