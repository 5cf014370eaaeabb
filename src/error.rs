//! Whose fault it is: the query, the data, a limit, or ours.
//!
//! Pure kernels return [`Result`]; at the edge of DataFusion the error becomes a [`DataFusionError`]
//! that still carries it, so that a host (and the exit code of the binary) can tell refused data from a wrong query.

use datafusion::common::DataFusionError;

pub mod exhausted;

/// The result of everything that knows no DataFusion.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by whose fault it is. Every message names the thing, what was expected, and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The query is wrong: an argument, an option, a column that is not there.
    #[error("{0}")]
    Query(String),
    /// The data is refused: NaN, ragged windows, a leak, a class that training never sees.
    #[error("{0}")]
    Data(String),
    /// A stored model is missing, damaged or of another version.
    #[error("{0}")]
    Model(String),
    /// A limit of memory, disk or time was reached; of what fails in the system [`Error::of_io`] tells which it is.
    #[error("{0}")]
    Limit(String),
    /// Somebody asked to stop.
    #[error("interrupted: {0}")]
    Interrupted(String),
    /// An invariant of posequel is broken: a bug of ours.
    #[error("posequel is wrong here, please report it: {0}")]
    Internal(String),
}

impl Error {
    /// The exit code of the binary: 1 error, 3 data refused, 4 resource limit, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Data(_) => 3,
            Self::Limit(_) => 4,
            Self::Interrupted(_) => 130,
            Self::Query(_) | Self::Model(_) | Self::Internal(_) => 1,
        }
    }

    /// The same error with a sentence behind its message.
    pub fn with(self, more: &str) -> Self {
        let join = |message: String| format!("{message}. {more}");
        match self {
            Self::Query(message) => Self::Query(join(message)),
            Self::Data(message) => Self::Data(join(message)),
            Self::Model(message) => Self::Model(join(message)),
            Self::Limit(message) => Self::Limit(join(message)),
            Self::Interrupted(message) => Self::Interrupted(join(message)),
            Self::Internal(message) => Self::Internal(join(message)),
        }
    }

    /// The error of ours inside a DataFusion error, however deep it lies.
    pub fn find(error: &DataFusionError) -> Option<&Self> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(e) = cause {
            if let Some(ours) = e.downcast_ref::<Self>() {
                return Some(ours);
            }
            cause = match e.downcast_ref::<DataFusionError>() {
                Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
                Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
                _ => e.source(),
            };
        }
        None
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        match error {
            Error::Query(message) => Self::Plan(message),
            Error::Limit(message) => Self::ResourcesExhausted(message),
            Error::Internal(message) => Self::Internal(message),
            refused => Self::External(Box::new(refused)),
        }
    }
}

/// `Err(Error::Query(..))` from a format string.
macro_rules! query_err {
    ($($message:tt)*) => { Err($crate::error::Error::Query(format!($($message)*))) };
}

/// `Err(Error::Data(..))` from a format string.
macro_rules! data_err {
    ($($message:tt)*) => { Err($crate::error::Error::Data(format!($($message)*))) };
}

pub(crate) use {data_err, query_err};

/// The known name nearest to a mistyped one, if any is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&name.to_lowercase(), k), k))
        .filter(|(distance, k)| *distance <= (1 + k.len() / 3).min(k.len() / 2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

/// `; did you mean 'width'?`, or the list of what is known when nothing is near.
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("; did you mean '{near}'?"),
        None => format!("; known: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_under_contexts() {
        let inner = DataFusionError::from(Error::Data("NaN in ax".into()));
        let wrapped = DataFusionError::Context("while training".into(), Box::new(inner));
        assert_eq!(Error::find(&wrapped).map(Error::exit_code), Some(3));
    }

    #[test]
    fn a_typing_error_finds_its_name() {
        assert_eq!(nearest("widht", ["width", "stride"]), Some("width"));
        assert_eq!(nearest("zzz", ["width", "stride"]), None);
        // One letter of three in common is no likeness.
        assert_eq!(nearest("val", ["gap"]), None);
    }
}
