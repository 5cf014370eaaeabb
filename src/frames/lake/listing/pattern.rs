//! A pattern below a folder: `lake/s[12]/**/*.csv`.

use glob::MatchOptions;
use object_store::ObjectStore;
use object_store::path::{Path, PathPart};

use crate::error::{Result, query_err};
use crate::frames::lake::location::Location;

/// What files below a folder may be called.
#[derive(Debug)]
pub struct Pattern {
    /// The folder below which it looks.
    pub folder: Path,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// `**`: folders, as many as there are.
    Folders,
    /// One folder or file. Letters may be small or capital, as those of endings may.
    One(glob::Pattern),
}

impl Pattern {
    /// The pattern of a location; `None` where it has no character of one.
    ///
    /// The folders at its beginning that exist as they are written are no pattern, whatever characters they have: `[2026] study/*.csv`.
    ///
    /// # Errors
    /// What is no pattern.
    pub async fn of(store: &dyn ObjectStore, location: &Location) -> Result<Option<Self>> {
        let Some((folder, parts)) = location.pattern() else { return Ok(None) };
        let (mut folder, mut parts) = (folder.clone(), parts);
        while let [first, rest @ ..] = parts
            && !rest.is_empty()
            && first != "**"
            && let Ok(part) = PathPart::parse(first)
        {
            let below = folder.clone().join(part);
            if !is_there(store, &below).await {
                break;
            }
            (folder, parts) = (below, rest);
        }
        let parts = parts.iter().map(|part| Part::of(part, location)).collect::<Result<_>>()?;
        Ok(Some(Self { folder, parts }))
    }

    /// Whether it means the file at the end of a path below its folder.
    ///
    /// A star ends at a slash and two do not, but folders of partitions, `subject=s01`, need not be written: `lake/*.parquet` means the files in them.
    pub fn means(&self, path: &[&str]) -> bool {
        means(&self.parts, path)
    }

    /// Whether it may mean files in a folder below its own.
    pub fn leads_to(&self, folder: &[&str]) -> bool {
        leads_to(&self.parts, folder)
    }

    /// Whether files may lie at any depth.
    pub fn is_deep(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Folders))
    }
}

/// A folder that cannot be entered is there.
async fn is_there(store: &dyn ObjectStore, folder: &Path) -> bool {
    match store.list_with_delimiter(Some(folder)).await {
        Ok(found) => !found.objects.is_empty() || !found.common_prefixes.is_empty(),
        Err(e) => !matches!(e, object_store::Error::NotFound { .. }),
    }
}

impl Part {
    fn of(part: &str, location: &Location) -> Result<Self> {
        match (part, glob::Pattern::new(part)) {
            ("**", _) => Ok(Self::Folders),
            (_, Ok(pattern)) => Ok(Self::One(pattern)),
            (_, Err(e)) => query_err!(
                "there is no file '{location}', and it is no pattern: '{part}': {}; expected * for letters, ** for folders, ? for one letter, [12] \
                 for one of these",
                e.msg
            ),
        }
    }

    fn means(&self, name: &str) -> bool {
        match self {
            Self::Folders => true,
            Self::One(pattern) => pattern.matches_with(name, MatchOptions::default()),
        }
    }
}

fn means(parts: &[Part], path: &[&str]) -> bool {
    let Some((name, below)) = path.split_first() else {
        return parts.iter().all(|part| matches!(part, Part::Folders));
    };
    let is_left_out = !below.is_empty() && name.contains('=') && means(parts, below);
    is_left_out
        || match parts {
            [] => false,
            [Part::Folders, rest @ ..] => means(rest, path) || means(parts, below),
            [one, rest @ ..] => one.means(name) && means(rest, below),
        }
}

fn leads_to(parts: &[Part], folder: &[&str]) -> bool {
    let Some((name, below)) = folder.split_first() else { return !parts.is_empty() };
    match parts {
        [] => false,
        [Part::Folders, ..] => true,
        [one, rest @ ..] => name.contains('=') && leads_to(parts, below) || one.means(name) && leads_to(rest, below),
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use object_store::{ObjectStoreExt, PutPayload};

    use super::*;

    fn pattern(text: &str) -> Pattern {
        let store = InMemory::new();
        let location = Location::parse(&format!("/lake/{text}")).unwrap();
        futures::executor::block_on(Pattern::of(&store, &location)).unwrap().unwrap()
    }

    fn means(text: &str, path: &str) -> bool {
        pattern(text).means(&path.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn a_star_ends_at_a_slash_but_sees_through_partitions() {
        assert!(means("*.csv", "a.csv") && means("*.csv", "A.CSV"));
        assert!(means("*.csv", "subject=s1/label=walk/a.csv"));
        assert!(!means("*.csv", "s1/a.csv"));
        assert!(means("**/*.csv", "s1/x/a.csv") && means("**/*.csv", "a.csv"));
        assert!(means("s[12]/a.csv", "s2/a.csv") && !means("s[12]/a.csv", "s3/a.csv"));
        assert!(means("s*/**", "s1/x/a.csv") && !means("s*/**", "t1/a.csv"));
    }

    #[test]
    fn a_file_with_an_equals_sign_is_no_partition() {
        assert!(means("*.csv", "subject=s1/lr=0.1.csv") && means("lr=*.csv", "lr=0.1.csv"));
        assert!(!means("a*.csv", "lr=0.1.csv"));
    }

    #[test]
    fn partitions_are_left_out_at_any_place() {
        assert!(means("subject=s[12]/*.csv", "subject=s1/label=walk/a.csv"));
        assert!(means("label=w*/*.csv", "subject=s1/label=walk/a.csv"));
        assert!(means("x*/*.csv", "subject=s1/x1/label=walk/a.csv"));
        assert!(!means("subject=s[12]/*.csv", "subject=s3/label=walk/a.csv"));
    }

    #[test]
    fn a_slash_at_the_end_means_all_below() {
        assert!(means("s*/", "s1/a.csv") && means("s*/", "s1/x/a.csv") && !means("s*/", "s1"));
    }

    #[test]
    fn only_folders_that_may_hold_such_files_are_entered() {
        let leads = |text: &str, folder: &str| pattern(text).leads_to(&folder.split('/').collect::<Vec<_>>());
        assert!(!leads("*.csv", "x") && leads("*.csv", "a=1") && leads("*.csv", "a=1/b=2"));
        assert!(leads("s*/*.csv", "s1") && !leads("s*/*.csv", "t") && !leads("s*/*.csv", "s1/x"));
        assert!(leads("s*/**/a.csv", "s1/x/y") && leads("s*/a*.csv", "s1/b=2"));
    }

    #[tokio::test]
    async fn folders_that_exist_are_no_pattern() {
        let store = InMemory::new();
        store.put(&Path::parse("data/[2026] study/a [1/b.csv").unwrap(), PutPayload::from("x\n1\n")).await.unwrap();
        let of = async |text: &str| {
            let pattern = Pattern::of(&store, &Location::parse(text).unwrap()).await;
            pattern.map(|pattern| pattern.map(|pattern| (pattern.folder.to_string(), pattern.parts.len())))
        };
        assert_eq!(of("/data/[2026] study/*.csv").await, Ok(Some(("data/[2026] study".to_owned(), 1))));
        assert_eq!(of("/data/[2026] study/a [1/*.csv").await, Ok(Some(("data/[2026] study/a [1".to_owned(), 1))));
        assert_eq!(of("/data/[12]/*.csv").await, Ok(Some(("data".to_owned(), 2))));
        assert_eq!(of("/data/a.csv").await, Ok(None));
        let error = of("/data/take [1.csv").await.unwrap_err().to_string();
        assert!(
            error.starts_with("there is no file '/data/take [1.csv', and it is no pattern: 'take [1.csv': "),
            "{error}"
        );
    }
}
