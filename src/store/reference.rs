//! How a query names a model: `gait`, `gait@3`, `gait@all`.

use std::fmt;

use super::layout::check_asked_name;
use crate::error::{Result, query_err};

/// Which versions of a model are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one with the highest number.
    Newest,
    /// `@3`.
    Number(u64),
    /// `@all`.
    All,
}

/// A model and which of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The name of the model.
    pub name: String,
    /// Its version.
    pub which: Which,
}

impl Reference {
    /// Reads `gait`, `gait@3` or `gait@all`.
    ///
    /// # Errors
    /// [`Error::Query`](crate::error::Error::Query) for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let (name, which) = match text.split_once('@') {
            None => (text, Which::Newest),
            Some((name, "all")) => (name, Which::All),
            Some((name, number)) => match number.parse() {
                Ok(number) if number >= 1 => (name, Which::Number(number)),
                _ => return query_err!("model '{text}': expected a version such as '{name}@1' or '{name}@all'"),
            },
        };
        check_asked_name(name)?;
        Ok(Self { name: name.to_owned(), which })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.which {
            Which::Newest => write!(f, "{}", self.name),
            Which::Number(number) => write!(f, "{}@{number}", self.name),
            Which::All => write!(f, "{}@all", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_printed_as_it_was_read() {
        for text in ["gait", "gait@3", "gait@all"] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn versions_that_cannot_be_are_refused() {
        for text in ["gait@0", "gait@", "gait@new", "gait@1@2", "@1"] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }
}
