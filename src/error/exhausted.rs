//! Whether something failed because there is no more of it: memory, disk, a quota. The one place that decides it.

use std::error::Error as StdError;
use std::io;

use arrow::error::ArrowError;
use datafusion::common::DataFusionError;

use super::Error;

/// What there is no more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    /// Memory, of the session's limit or of the machine; or the session's limit of spill, which DataFusion does not tell from it.
    Memory,
    /// The disk is full.
    Disk,
    /// The quota of a user on a disk is used up.
    Quota,
    /// A file is longer than its file system or the limits of the process allow.
    FileSize,
}

impl Exhausted {
    /// The first cause of this kind, however deep it lies.
    pub fn find(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(DataFusionError::Collection(errors)) = error.downcast_ref() {
                return errors.iter().find_map(|error| Self::find(error));
            }
            if let Some(found) = Self::of(error) {
                return Some(found);
            }
            cause = match below(error) {
                // Some errors keep but the text of what caused them.
                None => return Self::in_text(&error.to_string()),
                below => below,
            };
        }
        None
    }

    /// What a user can do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Memory => {
                "give it more (datafusion.runtime.memory_limit, or datafusion.runtime.max_temp_directory_size if it was spill), or read less at a time"
            }
            Self::Disk => {
                "the disk is full: free some room, or use another disk (for spill that is datafusion.runtime.temp_directory)"
            }
            Self::Quota => {
                "your quota on that disk is used up: free some room, or use another disk (for spill that is datafusion.runtime.temp_directory)"
            }
            Self::FileSize => "a file may not be that long there: see `ulimit -f` and the file system",
        }
    }

    fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Self::of_kind(error.kind());
        }
        match error.downcast_ref() {
            Some(DataFusionError::ResourcesExhausted(_)) => Some(Self::Memory),
            _ => matches!(error.downcast_ref(), Some(ArrowError::MemoryError(_))).then_some(Self::Memory),
        }
    }

    fn of_kind(kind: io::ErrorKind) -> Option<Self> {
        match kind {
            io::ErrorKind::StorageFull => Some(Self::Disk),
            io::ErrorKind::QuotaExceeded => Some(Self::Quota),
            io::ErrorKind::FileTooLarge => Some(Self::FileSize),
            io::ErrorKind::OutOfMemory => Some(Self::Memory),
            _ => None,
        }
    }

    /// As the system words it, with the number that the standard library adds: nothing that a value of a table looks like.
    fn in_text(text: &str) -> Option<Self> {
        let (before, after) = text.rsplit_once(" (os error ")?;
        let number: i32 = after.split_once(')')?.0.parse().ok()?;
        let error = io::Error::from_raw_os_error(number);
        let words = error.to_string();
        let is_worded = words.split_once(" (os error ").is_some_and(|(words, _)| before.ends_with(words));
        if is_worded { Self::of_kind(error.kind()) } else { None }
    }
}

/// What an error itself was caused by. `source` of an error that is boxed, shared or inside an [`io::Error`] skips that one.
fn below<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return error.get_ref().map(|inner| inner as &(dyn StdError + 'static));
    }
    match error.downcast_ref::<DataFusionError>() {
        Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
        Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
        Some(DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner)) => Some(inner.as_ref()),
        Some(DataFusionError::ArrowError(inner, _)) => Some(inner.as_ref()),
        _ => match error.downcast_ref::<ArrowError>() {
            Some(ArrowError::ExternalError(inner)) => Some(inner.as_ref()),
            Some(ArrowError::IoError(_, inner)) => Some(inner),
            _ => error.source(),
        },
    }
}

impl Error {
    /// Of something that failed in the system, such as the writing of a file, which `what` names: a [`Error::Limit`] with advice where `cause` says that memory, disk
    /// or quota are used up, and `other` of it otherwise.
    ///
    /// ```
    /// use posequel::error::Error;
    ///
    /// let cause = std::io::Error::from(std::io::ErrorKind::StorageFull);
    /// let error = Error::of_io("cannot write models/gait/_versions/1.json", &cause, Error::Model);
    /// assert_eq!(error.exit_code(), 4);
    /// ```
    pub fn of_io(
        what: impl std::fmt::Display,
        cause: &(dyn StdError + 'static),
        other: impl FnOnce(String) -> Self,
    ) -> Self {
        match Exhausted::find(cause) {
            Some(exhausted) => Self::Limit(format!("{what}: {cause}; {}", exhausted.advice())),
            None => other(format!("{what}: {cause}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const FULL: &str = "No space left on device (os error 28)";

    fn full() -> io::Error {
        io::Error::from(io::ErrorKind::StorageFull)
    }

    #[test]
    fn a_full_disk_is_found_through_every_layer() {
        let store = object_store::Error::Generic { store: "local", source: Box::new(full()) };
        let parquet = parquet::errors::ParquetError::External(Box::new(full()));
        let layers = [
            DataFusionError::IoError(full()),
            DataFusionError::ObjectStore(Box::new(store)),
            DataFusionError::ParquetError(Box::new(parquet)),
            DataFusionError::External(Box::new(io::Error::other(DataFusionError::IoError(full())))),
            DataFusionError::Shared(Arc::new(DataFusionError::IoError(full()))),
            DataFusionError::from(ArrowError::IoError("a file".into(), full())),
            DataFusionError::from(ArrowError::ExternalError(Box::new(DataFusionError::IoError(full())))),
            DataFusionError::Collection(vec![
                DataFusionError::Plan("first".into()),
                DataFusionError::IoError(full()).context("second"),
            ]),
        ];
        for error in layers {
            assert_eq!(Exhausted::find(&error), Some(Exhausted::Disk), "{error:?}");
            assert_eq!(Exhausted::find(&error.context("around it")), Some(Exhausted::Disk));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn numbers_of_the_system_are_known_and_texts_that_only_quote_it() {
        for (number, expected) in [
            (28, Some(Exhausted::Disk)),
            (122, Some(Exhausted::Quota)),
            (27, Some(Exhausted::FileSize)),
            (12, Some(Exhausted::Memory)),
            (5, None),
            (13, None),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(Exhausted::find(&error), expected, "{error}");
            let text = ArrowError::CsvError(format!("row 3: {error}"));
            assert_eq!(Exhausted::find(&text), expected, "{text}");
        }
        assert_eq!(Exhausted::find(&DataFusionError::Plan("no column 'No space left on device'".into())), None);
        let quoted = DataFusionError::Plan("no column 'x (os error 28)'".into());
        assert_eq!(Exhausted::find(&quoted), None);
    }

    #[test]
    fn what_failed_for_want_of_room_is_a_limit_and_says_what_to_do() {
        let limit = Error::of_io("cannot write a/b", &io::Error::other(FULL), Error::Model);
        assert!(
            matches!(&limit, Error::Limit(m) if m.starts_with("cannot write a/b: ") && m.contains("free some room"))
        );
        let other = Error::of_io("cannot write a/b", &io::Error::other("broken"), Error::Model);
        assert_eq!(other, Error::Model("cannot write a/b: broken".into()));
    }

    #[test]
    fn memory_that_the_pool_refuses_is_one_of_them() {
        let refused = DataFusionError::ResourcesExhausted("no".into()).context("sort");
        assert_eq!(Exhausted::find(&refused), Some(Exhausted::Memory));
    }
}
