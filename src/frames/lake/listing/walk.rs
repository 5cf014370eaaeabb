//! What lies below a folder, as deep as somebody asks for it.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::folder::{is_missing, list, of_folder};
use super::pattern::Pattern;
use crate::error::{Error, Result};
use crate::frames::lake::location::{Location, name_of};

/// So many folders are listed beside one another.
const AT_ONCE: usize = 32;

/// The most folders that are entered only to tell which files are not read.
const MOST_TOLD: usize = 100;

/// An object, and the parts of its path below the folder that was listed.
pub type Object = (ObjectMeta, Vec<String>);

/// What was found below a folder.
#[derive(Debug, Default)]
pub struct Walked {
    /// In the order of their paths.
    pub objects: Vec<Object>,
    /// Folders that could not be entered.
    pub closed: Vec<String>,
    /// Whether there is such a folder: one with anything in it.
    pub is_there: bool,
}

/// What a folder is entered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// Not at all.
    No,
    /// Its files are read.
    Read,
    /// Its files are told of, since somebody may miss them.
    Told,
}

/// Hidden files and folders, which no location means.
pub fn is_hidden(part: &str) -> bool {
    part.starts_with(['.', '_']) && !part.contains('=')
}

/// What is in a folder and in folders `key=value` below it, and some of what is in others; all of it where nothing `is_flat`.
///
/// # Errors
/// A folder that cannot be entered, a store that does not answer.
pub async fn below(store: &dyn ObjectStore, location: &Location, is_flat: bool) -> Result<Walked> {
    if !location.is_local() {
        return all(store, location.path()).await;
    }
    let entry = |folder: &[&str]| match folder.iter().all(|part| part.contains('=')) {
        true => Entry::Read,
        false if is_flat => Entry::Told,
        false => Entry::Read,
    };
    walk(store, location, location.path(), &entry).await
}

/// What is in folders that a pattern leads to.
///
/// # Errors
/// A store that does not answer.
pub async fn matching(store: &dyn ObjectStore, location: &Location, pattern: &Pattern) -> Result<Walked> {
    let entry = |folder: &[&str]| if pattern.leads_to(folder) { Entry::Read } else { Entry::No };
    let mut walked = match location.is_local() || !pattern.is_deep() {
        true => walk(store, location, &pattern.folder, &entry).await?,
        false => all(store, &pattern.folder).await?,
    };
    walked.objects.retain(|(_, path)| pattern.means(&texts(path)));
    Ok(walked)
}

fn texts(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

fn parts_below(path: &Path, folder: &Path) -> Vec<String> {
    path.prefix_match(folder).into_iter().flatten().map(|part| part.as_ref().to_owned()).collect()
}

/// Everything below a folder, by a single request for a thousand objects each: what a store in a network answers best.
async fn all(store: &dyn ObjectStore, folder: &Path) -> Result<Walked> {
    let metas = match store.list(of_folder(folder)).try_collect::<Vec<_>>().await {
        Err(e) if !is_missing(&e) => {
            return Err(Error::Data(format!("the files below '{folder}' cannot be listed: {e}")));
        }
        metas => metas.unwrap_or_default(),
    };
    Ok(Walked { is_there: !metas.is_empty(), ..sorted(metas, folder) })
}

fn sorted(mut metas: Vec<ObjectMeta>, folder: &Path) -> Walked {
    metas.sort_by(|a, b| a.location.cmp(&b.location));
    let objects = metas.into_iter().map(|meta| (parts_below(&meta.location, folder), meta));
    let objects = objects.filter(|(path, _)| !path.is_empty()).map(|(path, meta)| (meta, path)).collect();
    Walked { objects, ..Walked::default() }
}

/// Folder by folder, from the outermost on.
async fn walk(
    store: &dyn ObjectStore,
    location: &Location,
    base: &Path,
    entry: &(dyn Fn(&[&str]) -> Entry + Send + Sync),
) -> Result<Walked> {
    let is_local = location.is_local();
    let (mut metas, mut closed, mut told, mut is_there) = (vec![], vec![], 0, false);
    let mut folders = vec![(base.clone(), Entry::Read)];
    while !folders.is_empty() {
        // Boxed: https://github.com/rust-lang/rust/issues/64552
        let each = folders.iter().map(|(folder, _)| list(store, folder, is_local, folder == base).boxed());
        let each: Vec<BoxFuture<'_, _>> = each.collect();
        let listed: Vec<_> = stream::iter(each).buffered(AT_ONCE).collect().await;
        let mut next = vec![];
        for ((folder, why), listed) in folders.into_iter().zip(listed) {
            match listed {
                Ok(found) => {
                    is_there |= !found.objects.is_empty() || !found.common_prefixes.is_empty();
                    metas.extend(found.objects);
                    next.extend(found.common_prefixes);
                }
                Err(e) if folder == *base => {
                    let name = name_of(&location.store(), &folder);
                    return Err(Error::Data(format!("the folder '{name}' cannot be read: {e}")));
                }
                Err(_) if why == Entry::Read => closed.push(name_of(&location.store(), &folder)),
                Err(_) => {}
            }
        }
        folders = vec![];
        next.sort_unstable();
        for folder in next {
            let parts = parts_below(&folder, base);
            let why = if parts.iter().any(|part| is_hidden(part)) { Entry::No } else { entry(&texts(&parts)) };
            told += usize::from(why == Entry::Told);
            if why == Entry::Read || why == Entry::Told && told <= MOST_TOLD {
                folders.push((folder, why));
            }
        }
    }
    Ok(Walked { closed, is_there, ..sorted(metas, base) })
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use object_store::local::LocalFileSystem;

    use super::*;

    /// The paths below a folder of its own, in which `files` are.
    async fn walked(files: &[&str], location: &str, links: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x\n1\n").unwrap();
        }
        for (link, target) in links {
            std::os::unix::fs::symlink(folder.path().join(target), folder.path().join(link)).unwrap();
        }
        let store = LocalFileSystem::new();
        let location = Location::parse(&format!("{}/{location}", folder.path().display())).unwrap();
        let found = match Pattern::of(&store, &location).await.unwrap() {
            Some(pattern) => matching(&store, &location, &pattern).await,
            None => below(&store, &location, true).await,
        };
        let found = found.unwrap();
        let last = |name: &String| name.rsplit('/').next().unwrap_or_default().to_owned();
        (found.objects.iter().map(|(_, path)| path.join("/")).collect(), found.closed.iter().map(last).collect())
    }

    #[tokio::test]
    async fn a_walk_goes_as_deep_as_it_is_asked() {
        let files = ["a.csv", "s=1/b.csv", "x/c.csv", "x/y/d.csv", ".h/e.csv", "_h/f.csv"];
        let told = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(walked(&files, "", &[]).await.0, told(&["a.csv", "s=1/b.csv", "x/c.csv", "x/y/d.csv"]));
        assert_eq!(walked(&files, "*.csv", &[]).await.0, told(&["a.csv", "s=1/b.csv"]));
        assert_eq!(walked(&files, "x/**/*.csv", &[]).await.0, told(&["c.csv", "y/d.csv"]));
        assert_eq!(walked(&files, "[x]/", &[]).await.0, told(&["x/c.csv", "x/y/d.csv"]));
    }

    #[tokio::test]
    async fn links_that_lead_back_are_left_out() {
        // To the folder itself, which keeps the store from listing it, and to one above.
        let links = [("loop", "."), ("x/back", ".")];
        let (found, closed) = walked(&["a.csv", "x/b.csv"], "**/*.csv", &links).await;
        assert_eq!(found, ["a.csv", "x/b.csv"]);
        assert_eq!(closed, ["loop", "back"]);
    }

    #[tokio::test]
    async fn other_links_are_followed() {
        let (found, closed) = walked(&["a/b.csv"], "**/*.csv", &[("c", "a")]).await;
        assert_eq!(found, ["a/b.csv", "c/b.csv"]);
        assert_eq!(closed, Vec::<String>::new());
    }
}
