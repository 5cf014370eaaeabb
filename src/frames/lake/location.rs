//! The text of a location: a file, a folder, or a pattern, on this machine or in a store.

use std::fmt;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::object_store::ObjectStoreUrl;
use glob::{MatchOptions, Pattern};
use object_store::path::Path;
use url::Url;

use super::kind::Kind;
use crate::error::{Result, query_err};

/// Characters that make a pattern of a text, unless a file of that name is there.
const GLOB: [char; 3] = ['*', '?', '['];

/// Where files are, as somebody wrote it.
#[derive(Debug, Clone)]
pub struct Location {
    text: String,
    /// The text as it stands.
    literal: ListingTableUrl,
    /// The text as a pattern below a folder, where it can be one.
    pattern: Option<(ListingTableUrl, Pattern)>,
}

impl Location {
    /// Reads `frames/`, `/data/a.csv`, `lake/**/*.parquet`, `s3://bucket/frames/`.
    ///
    /// # Errors
    /// A text that is no path and no URL, and a pattern that is none.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |e: &dyn fmt::Display| {
            crate::error::Error::Query(format!(
                "'{text}' is no location: {e}; expected a file, a folder, a pattern or a URL"
            ))
        };
        if text.trim().is_empty() {
            return query_err!("a location must not be empty; expected a file, a folder, a pattern or a URL");
        }
        let literal = url_of(text).map_err(|e| wrong(&e))?;
        let pattern = match text.find(GLOB) {
            None => None,
            Some(at) => {
                let folder = text[..at].rfind('/').map_or(0, |slash| slash + 1);
                let base = if folder == 0 { "./" } else { &text[..folder] };
                let pattern = Pattern::new(&text[folder..]).map_err(|e| wrong(&e))?;
                Some((url_of(base).map_err(|e| wrong(&e))?, pattern))
            }
        };
        Ok(Self { text: text.to_owned(), literal, pattern })
    }

    /// Whether a text is meant as a location where a table might be meant, too: it has a slash, a pattern's character, or the ending of a file that we read.
    pub fn is_meant_by(text: &str) -> bool {
        text.contains('/') || text.contains(GLOB) || Kind::of_file(text).is_some() || Kind::is_compressed(text)
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The store that it is in.
    pub fn store(&self) -> ObjectStoreUrl {
        self.literal.object_store()
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

    /// The folder below which a pattern looks, where the text can be one.
    pub fn pattern_folder(&self) -> Option<&Path> {
        self.pattern.as_ref().map(|(folder, _)| folder.prefix())
    }

    /// Whether the path of a file below [`Self::pattern_folder`] is one that the pattern means.
    ///
    /// A star ends at a slash and two do not, but folders of partitions, `subject=s01`, need not be written: `lake/*.parquet` means the files in them.
    pub fn matches(&self, segments: &[&str]) -> bool {
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
        let without =
            || segments.iter().filter(|segment| !segment.contains('=')).copied().collect::<Vec<_>>().join("/");
        self.pattern.as_ref().is_some_and(|(_, pattern)| {
            pattern.matches_with(&segments.join("/"), options) || pattern.matches_with(&without(), options)
        })
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
        // What begins a query in a URL is a letter of a name in a store.
        true => Url::parse(&text.replace('?', "%3F")).map_err(|e| e.to_string())?,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(text: &str, path: &str) -> bool {
        Location::parse(text).unwrap().matches(&path.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn a_star_ends_at_a_slash_but_sees_through_partitions() {
        assert!(matches("lake/*.csv", "a.csv"));
        assert!(matches("lake/*.csv", "subject=s1/label=walk/a.csv"));
        assert!(!matches("lake/*.csv", "s1/a.csv"));
        assert!(matches("lake/**/*.csv", "s1/x/a.csv"));
        assert!(matches("lake/s[12]/a.csv", "s2/a.csv"));
        assert!(matches("lake/subject=s1/*.csv", "subject=s1/a.csv"));
    }

    #[test]
    fn the_folder_of_a_pattern_is_what_stands_before_it() {
        let folder = |text: &str| Location::parse(text).unwrap().pattern_folder().map(ToString::to_string);
        assert_eq!(folder("/data/lake/s*/a.csv").as_deref(), Some("data/lake"));
        assert_eq!(folder("s3://bucket/lake/?.csv").as_deref(), Some("lake"));
        assert_eq!(folder("/data/a.csv"), None);
    }

    #[test]
    fn brackets_and_dots_are_letters_of_a_name() {
        let path = |text: &str| Location::parse(text).unwrap().path().to_string();
        assert_eq!(path("/data/a [1].csv"), "data/a [1].csv");
        assert_eq!(path("/data/x/../b.csv"), "data/b.csv");
        assert_eq!(path("/data/100%.csv"), "data/100%.csv");
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
