//! The memory of the machine, or of the container that the process runs in.

use std::fs::read_to_string;
use std::path::{Component, Path};

/// Of the memory that there is, the share that queries may have: the rest is for what they do not count, and for others.
const SHARE: (u128, u128) = (3, 5);

/// The limit of a session, in bytes: 60 % of the least of the machine's memory and that of the control groups of the process. Nothing where
/// the system does not tell (anything but Linux): queries have no limit there unless `datafusion.runtime.memory_limit` is set.
pub fn limit() -> Option<usize> {
    let machine = read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let groups = read_to_string("/proc/self/cgroup").ok().map(|text| memory_groups(&text)).unwrap_or_default();
    let limits = groups.iter().filter_map(|group| least(group, &|file| read_to_string(file).ok()));
    share(limits.chain(machine).min()?)
}

fn share(bytes: u64) -> Option<usize> {
    usize::try_from(u128::from(bytes) * SHARE.0 / SHARE.1).ok()
}

/// `MemTotal` of /proc/meminfo, in bytes.
pub fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// A control group that limits memory.
#[derive(Debug, PartialEq)]
pub struct Group {
    /// Where the hierarchy is mounted.
    mount: &'static str,
    /// The file of the limit in a group's folder.
    file: &'static str,
    /// The group of the process, below the mount.
    path: String,
}

/// The groups of /proc/self/cgroup, of version 2 (`0::/user.slice`) or 1 (`4:memory:/docker/..`).
pub fn memory_groups(text: &str) -> Vec<Group> {
    let group = |line: &str| {
        let (hierarchy, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let path = path.trim_start_matches('/').to_owned();
        if hierarchy == "0" && controllers.is_empty() {
            return Some(Group { mount: "/sys/fs/cgroup", file: "memory.max", path });
        }
        let is_of_memory = controllers.split(',').any(|controller| controller == "memory");
        is_of_memory.then_some(Group { mount: "/sys/fs/cgroup/memory", file: "memory.limit_in_bytes", path })
    };
    text.lines().filter_map(group).collect()
}

/// The least limit of a group and those around it, in bytes. In a container the group's path may be one of the host that cannot be seen, and its limit that of the mount itself.
pub fn least(group: &Group, read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    let path = Path::new(&group.path);
    // A path that leads out of what is mounted here.
    let is_seen = path.components().all(|part| matches!(part, Component::Normal(_)));
    let path = if is_seen { path } else { Path::new("") };
    let folders = path.ancestors().map(|folder| Path::new(group.mount).join(folder));
    folders.filter_map(|folder| bytes(&read(&folder.join(group.file))?)).min()
}

/// A limit as the kernel writes it: `max`, and in version 1 a number that no machine has, are none.
fn bytes(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < 1 << 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_the_machine_is_read() {
        assert_eq!(total("MemTotal:       24596512 kB\nMemFree:  1 kB\n"), Some(24_596_512 * 1024));
        for odd in ["", "MemFree: 3 kB", "MemTotal: many kB", "MemTotal: 99999999999999999999 kB", "MemTotal: 7"] {
            assert_eq!(total(odd), None, "{odd}");
        }
    }

    #[test]
    fn groups_of_both_versions_are_found() {
        let seen = |text| memory_groups(text).into_iter().map(|g| (g.file, g.path)).collect::<Vec<_>>();
        assert_eq!(seen("0::/user.slice/a.scope\n"), [("memory.max", "user.slice/a.scope".to_owned())]);
        let both = "5:devices:/\n4:cpu,memory:/docker/f00\n0::/\nodd";
        let expected = [("memory.limit_in_bytes", "docker/f00".to_owned()), ("memory.max", String::new())];
        assert_eq!(seen(both), expected);
    }

    #[test]
    fn the_least_of_a_group_and_those_around_it_counts() {
        let group = |path: &str| Group { mount: "/cg", file: "memory.max", path: path.to_owned() };
        let read = |file: &Path| {
            let text = match file.to_str()? {
                "/cg/a/b/memory.max" => "max\n",
                "/cg/a/memory.max" => "5000\n",
                "/cg/memory.max" => "9223372036854771712",
                "/cg/c/memory.max" => "nonsense",
                _ => return None,
            };
            Some(text.to_owned())
        };
        assert_eq!(least(&group("a/b"), &read), Some(5000));
        assert_eq!(least(&group("a/b/unseen"), &read), Some(5000));
        assert_eq!(least(&group("c"), &read), None);
        assert_eq!(least(&group(""), &read), None);
        // Not above the mount.
        assert_eq!(least(&group("../a"), &read), None);
    }

    #[test]
    fn a_session_gets_three_fifths() {
        assert_eq!(share(1000), Some(600));
        assert_eq!(share(u64::MAX), usize::try_from(u128::from(u64::MAX) * 3 / 5).ok());
    }
}
