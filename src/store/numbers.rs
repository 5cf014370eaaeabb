//! The numbers of the versions of a model: which are published, which were removed, and which is next.

use super::layout::{self, HIGHEST, VERSIONS, VersionFile};
use super::location::Location;
use crate::error::{Error, Result};

/// What the folder of versions holds, by its names alone: no manifest is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Versions, rising.
    pub published: Vec<u64>,
    /// Versions that were removed, rising.
    pub removed: Vec<u64>,
    /// The highest number that was ever taken, be it by a publication that was cut off; 0 for none.
    pub taken: u64,
    /// What looks like a version and is none: the name of the file, and why.
    pub strange: Vec<(String, String)>,
}

impl Numbers {
    /// Those of a model; none of one that is not there.
    ///
    /// # Errors
    /// [`Error::Model`] when the folder cannot be listed.
    pub async fn of(model: &Location) -> Result<Self> {
        let listing = model.child(VERSIONS).list().await?;
        let mut numbers = Self { strange: listing.unreadable, ..Self::default() };
        for (name, length) in listing.files {
            match layout::version_of(&name) {
                VersionFile::Version(number) => {
                    numbers.taken = numbers.taken.max(number);
                    // An empty file is a number that a publication has taken, and no manifest.
                    if length > 0 {
                        numbers.published.push(number);
                    }
                }
                VersionFile::Tombstone(number) => {
                    numbers.taken = numbers.taken.max(number);
                    numbers.removed.push(number);
                }
                VersionFile::Impossible => {
                    numbers.strange.push((name, format!("numbers of versions go from 1 to {HIGHEST}")));
                }
                VersionFile::Other => {}
            }
        }
        // The tombstone is written first: a removal that was cut off counts.
        numbers.removed.sort_unstable();
        numbers.published.sort_unstable();
        let removed = &numbers.removed;
        numbers.published.retain(|number| removed.binary_search(number).is_err());
        Ok(numbers)
    }

    /// The number of the next version: one that was never given, so that `gait@3` always means the same files.
    pub fn next(&self, model: &Location) -> Result<u64> {
        if self.taken >= HIGHEST {
            return Err(Error::Model(format!("model '{}' at {}: all numbers are taken", model.name(), model.parent())));
        }
        Ok(self.taken + 1)
    }

    /// The lines that warn of what looks like a version and is none.
    pub fn doubts(&self, model: &Location) -> impl Iterator<Item = String> {
        let folder = model.child(VERSIONS);
        self.strange.iter().map(move |(name, why)| format!("{} is not read: {why}", folder.child(name)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::super::layout::{tombstone_file, version_file};
    use super::*;

    #[tokio::test]
    async fn a_number_is_taken_by_a_version_a_tombstone_or_a_claim_and_none_overflows() {
        let model = Location::remote("memory://x", Arc::new(InMemory::new()), Path::from("models")).child("gait");
        let folder = model.child(VERSIONS);
        let files = [
            (version_file(1), "{}"),
            (version_file(2), "{}"),
            (tombstone_file(2), "{}"),
            (tombstone_file(3), "{}"),
            (version_file(4), ""),
            ("18446744073709551615.json".to_owned(), "{}"),
            ("09223372036854775808.json".to_owned(), "{}"),
            ("readme.txt".to_owned(), "hello"),
        ];
        for (name, text) in files {
            model.store.put(&folder.child(&name).path, text.into()).await.unwrap();
        }
        let numbers = Numbers::of(&model).await.unwrap();
        assert_eq!((numbers.published.as_slice(), numbers.removed.as_slice()), (&[1][..], &[2, 3][..]));
        assert_eq!((numbers.taken, numbers.next(&model)), (4, Ok(5)));
        let doubts: Vec<String> = numbers.doubts(&model).collect();
        assert_eq!(doubts.len(), 2);
        assert!(
            doubts[1].contains("18446744073709551615.json is not read: numbers of versions go from 1"),
            "{doubts:?}"
        );
        assert!(Numbers { taken: HIGHEST, ..numbers }.next(&model).is_err());
    }
}
