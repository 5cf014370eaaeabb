//! The text of a location: a file, a folder, or a pattern, on this machine or in a store.

use std::fmt;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::path::Path;
use url::Url;

use super::kind::Kind;
use crate::error::{Error, Result, query_err};

/// Characters that make a pattern of a text, unless a file of that name is there.
const GLOB: [char; 3] = ['*', '?', '['];

/// Where files are, as somebody wrote it.
#[derive(Debug, Clone)]
pub struct Location {
    text: String,
    /// The text as it stands.
    literal: ListingTableUrl,
    /// The folder before the first character of a pattern, and the parts of the path from there on, where there is such a character.
    pattern: Option<(Path, Vec<String>)>,
    /// How many parts of the path nobody wrote: those of the current directory.
    unwritten: usize,
}

impl Location {
    /// Reads `frames/`, `/data/a.csv`, `lake/**/*.parquet`, `s3://bucket/frames/`.
    ///
    /// What a pattern means is not asked here: a file of that very name may be there.
    ///
    /// # Errors
    /// A text that is no path and no URL.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |e: String| {
            Error::Query(format!("'{text}' is no location: {e}; expected a file, a folder, a pattern or a URL"))
        };
        if text.trim().is_empty() {
            return query_err!("a location must not be empty; expected a file, a folder, a pattern or a URL");
        }
        let literal = url_of(text).map_err(wrong)?;
        let pattern = match text.find(GLOB) {
            None => None,
            Some(at) => {
                let folder = text[..at].rfind('/').map_or(0, |slash| slash + 1);
                let base = if folder == 0 { "./" } else { &text[..folder] };
                Some((url_of(base).map_err(wrong)?.prefix().clone(), parts_of(&text[folder..])))
            }
        };
        let unwritten = match is_url(text) || std::path::Path::new(text).is_absolute() {
            true => 0,
            false => in_common(url_of("./").map_err(wrong)?.prefix(), literal.prefix()),
        };
        Ok(Self { text: text.to_owned(), literal, pattern, unwritten })
    }

    /// Whether a text is meant as a location where a table might be meant, too: it has a slash, a pattern's character, or the ending of a file that we read.
    pub fn is_meant_by(text: &str) -> bool {
        text.contains('/') || text.contains(GLOB) || Kind::of_file(text).is_some() || Kind::is_compressed(text)
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text with a slash at its end, for advice on what lies below it.
    pub fn text_of_folder(&self) -> String {
        format!("{}/", self.text.trim_end_matches('/'))
    }

    /// The store that it is in.
    pub fn store(&self) -> ObjectStoreUrl {
        self.literal.object_store()
    }

    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        self.literal.scheme() == "file"
    }

    /// The text as the path of a file or a folder, without a look at what is there.
    pub fn path(&self) -> &Path {
        self.literal.prefix()
    }

    /// Whether it says itself that it is a folder.
    pub fn is_folder(&self) -> bool {
        self.literal.is_collection()
    }

    /// As DataFusion's writers want it.
    pub fn url(&self) -> &ListingTableUrl {
        &self.literal
    }

    /// The folder below which a pattern looks and the parts of the pattern, where the text can be one.
    pub fn pattern(&self) -> Option<(&Path, &[String])> {
        self.pattern.as_ref().map(|(folder, parts)| (folder, parts.as_slice()))
    }

    /// How many parts of the path nobody wrote: of `lake/*.csv` those of the current directory, of `/data/*.csv` none.
    pub fn unwritten(&self) -> usize {
        self.unwritten
    }
}

/// A file as one would write its location: `/data/a.csv`, `s3://bucket/a.csv`.
pub fn name_of(store: &ObjectStoreUrl, path: &Path) -> String {
    let store = store.as_str();
    let prefix = store.strip_prefix("file://").unwrap_or(store);
    format!("{}/{path}", prefix.trim_end_matches('/'))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn url_of(text: &str) -> std::result::Result<ListingTableUrl, String> {
    let url = match is_url(text) {
        // What begins a query or a fragment of a URL is a letter of a name in a store.
        true => Url::parse(&text.replace('?', "%3F").replace('#', "%23")).map_err(|e| e.to_string())?,
        false => {
            let path = std::path::absolute(text).map_err(|e| e.to_string())?;
            let is_folder = text.ends_with('/') || path.is_dir();
            let url = if is_folder { Url::from_directory_path(&path) } else { Url::from_file_path(&path) };
            // Parsed again, which resolves `..`.
            let url = url.map_err(|()| "no path".to_owned())?;
            Url::parse(url.as_str()).map_err(|e| e.to_string())?
        }
    };
    ListingTableUrl::try_new(url, None).map_err(|e| e.to_string())
}

fn is_url(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// The parts of a pattern between its slashes. One that ends with a slash means all that is below the folders.
fn parts_of(pattern: &str) -> Vec<String> {
    let parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".");
    let below = if pattern.ends_with('/') { &["**", "*"][..] } else { &[] };
    parts.chain(below.iter().copied()).map(str::to_owned).collect()
}

/// With how many same parts two paths begin.
fn in_common(one: &Path, other: &Path) -> usize {
    one.parts().zip(other.parts()).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_parted_at_its_slashes_behind_a_folder() {
        let pattern = |text: &str| {
            let location = Location::parse(text).unwrap();
            location.pattern().map(|(folder, parts)| (folder.to_string(), parts.join(" ")))
        };
        let told = |folder: &str, parts: &str| Some((folder.to_owned(), parts.to_owned()));
        assert_eq!(pattern("/data/lake/s*/a.csv"), told("data/lake", "s* a.csv"));
        assert_eq!(pattern("/data/s*//./x/"), told("data", "s* x ** *"));
        assert_eq!(pattern("s3://bucket/lake/?.csv"), told("lake", "?.csv"));
        assert_eq!(pattern("/data/a.csv"), None);
        // No pattern at all, and nobody asks here.
        assert_eq!(pattern("/data/take [1.csv"), told("data", "take [1.csv"));
    }

    #[test]
    fn parts_of_the_current_directory_are_not_written() {
        let unwritten = |text: &str| Location::parse(text).unwrap().unwritten();
        let current = Path::from_absolute_path(std::env::current_dir().unwrap()).unwrap().parts_count();
        assert_eq!(unwritten("lake/*.csv"), current);
        assert_eq!(unwritten("../lake/*.csv"), current - 1);
        assert_eq!([unwritten("/data/*.csv"), unwritten("s3://bucket/*.csv")], [0, 0]);
    }

    #[test]
    fn brackets_and_dots_are_letters_of_a_name() {
        let path = |text: &str| Location::parse(text).unwrap().path().to_string();
        assert_eq!(path("/data/a [1].csv"), "data/a [1].csv");
        assert_eq!(path("/data/x/../b.csv"), "data/b.csv");
        assert_eq!(path("/data/100%.csv"), "data/100%.csv");
        assert_eq!(path("/data/a#1.csv"), "data/a#1.csv");
        assert_eq!(path("s3://bucket/a#1?.csv"), "a#1?.csv");
    }

    #[test]
    fn a_file_is_named_as_one_would_write_it() {
        for text in ["/data/a.csv", "s3://bucket/x/a.csv"] {
            let location = Location::parse(text).unwrap();
            assert_eq!(name_of(&location.store(), location.path()), text);
        }
    }

    #[test]
    fn what_is_no_path_is_a_table() {
        for path in ["frames/", "a/b", "A.CSV", "x*", "a.parquet", "a.csv.gz"] {
            assert!(Location::is_meant_by(path), "{path}");
        }
        for table in ["frames", "frames.backup", "my frames", "csv"] {
            assert!(!Location::is_meant_by(table), "{table}");
        }
    }
}
