//! The three sides of a split.

use std::fmt;

use crate::error::{Result, data_err, suggest};
use crate::schema;

/// One side of a split: what the net learns from, what early stopping watches, or what nobody looks at before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What the net learns from.
    Train,
    /// What early stopping watches.
    Validation,
    /// What nobody looks at before the end.
    Test,
}

impl Side {
    /// Every side, in the order of a split's arguments.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The value of the `split` column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => schema::TRAIN,
            Self::Validation => schema::VALIDATION,
            Self::Test => schema::TEST,
        }
    }

    /// The side that a value of the `split` column names; anything else is refused with the nearest name.
    pub fn parse(value: &str) -> Result<Self> {
        if let Some(side) = Self::ALL.into_iter().find(|side| side.name() == value) {
            return Ok(side);
        }
        let lower = value.to_lowercase();
        // 'val' and 'training' are too far from the names for an edit distance, and are what people write.
        let meant = Self::ALL
            .iter()
            .map(|side| side.name())
            .find(|name| lower.len() >= 2 && (name.starts_with(&lower) || lower.starts_with(name)));
        let hint = match meant {
            Some(name) => format!("; did you mean '{name}'?"),
            None => suggest(value, Self::ALL.map(Self::name)),
        };
        data_err!("split must be 'train', 'validation' or 'test' (was '{value}'){hint}")
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for side in Side::ALL {
            assert_eq!(Side::parse(side.name()), Ok(side));
        }
    }

    #[test]
    fn an_unknown_side_is_refused_with_the_nearest_name() {
        let message = |value| Side::parse(value).unwrap_err().to_string();
        assert_eq!(
            message("val"),
            "split must be 'train', 'validation' or 'test' (was 'val'); did you mean 'validation'?"
        );
        assert!(message("Training").ends_with("did you mean 'train'?"));
        assert!(message("tset").ends_with("did you mean 'test'?"));
        assert!(message("holdout").ends_with("known: train, validation, test"));
        assert!(message("").contains("(was '')"));
    }
}
