//! Which process writes: files that are half written, and leases, say so, and others ask whether it lives.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use uuid::Uuid;

/// The name of this machine.
pub(super) fn host() -> String {
    #[cfg(unix)]
    return nix::unistd::gethostname()
        .map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned());
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".to_owned())
}

/// Whether a process of this machine lives.
#[cfg(unix)]
pub(super) fn is_running(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0).map(nix::unistd::Pid::from_raw);
    // That it may not be sent signals to says that it is there.
    pid.is_some_and(|pid| nix::sys::signal::kill(pid, None) != Err(nix::errno::Errno::ESRCH))
}

#[cfg(not(unix))]
pub(super) fn is_running(_: u32) -> bool {
    true
}

/// `<machine>-<process>-<life>`: the machine is a digest of its name, and the life tells a process from an earlier one of the same number, as
/// containers have.
fn writer() -> &'static [String; 3] {
    static WRITER: OnceLock<[String; 3]> = OnceLock::new();
    WRITER.get_or_init(|| {
        let machine = blake3::hash(host().as_bytes()).to_hex()[..8].to_owned();
        [machine, std::process::id().to_string(), Uuid::now_v7().simple().to_string()]
    })
}

/// What parts the name of a file from who writes it. object_store hides files where only digits follow; here more does.
const BY: char = '#';

/// The name under which a file is written before it takes its place: `state.safetensors#<writer>-<random>`.
pub(super) fn staged(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{name}{BY}{}-{}", writer().join("-"), Uuid::now_v7().simple()))
}

/// Whether `name` is of a file that is to take the place of `file`: then whether its writer is known to be dead.
pub(super) fn is_of_the_dead(name: &str, file: &str) -> Option<bool> {
    let by = name.strip_prefix(file)?.strip_prefix(BY)?;
    let [machine, pid, life] = writer();
    let mut parts = by.split('-');
    let (Some(of), Some(number), Some(in_life)) = (parts.next(), parts.next(), parts.next()) else {
        return Some(false);
    };
    if of != machine {
        return Some(false);
    }
    Some(if number == pid { in_life != life } else { number.parse().is_ok_and(|pid| !is_running(pid)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_dead_is_known_of_this_machine_alone() {
        let staged = |path: &str| staged(Path::new(path)).file_name().unwrap().to_string_lossy().into_owned();
        let ours = staged("/models/aa.safetensors");
        assert_eq!(is_of_the_dead(&ours, "aa.safetensors"), Some(false));
        assert_eq!(is_of_the_dead(&ours, "bb.safetensors"), None);
        assert_eq!(is_of_the_dead("aa.safetensors", "aa.safetensors"), None);
        let [machine, pid, life] = writer();
        // Above what Linux gives to processes; and one of our number, before us.
        for (by, is_dead) in [
            (format!("{machine}-{}-{life}-x", 1 << 30), true),
            (format!("{machine}-{pid}-other-x"), true),
            (format!("{machine}-1-{life}-x"), false),
            (format!("far-{}-{life}-x", 1 << 30), false),
            ("1".to_owned(), false),
        ] {
            assert_eq!(is_of_the_dead(&format!("aa.safetensors#{by}"), "aa.safetensors"), Some(is_dead), "{by}");
        }
    }
}
