//! What a check found.

use super::Check;
use crate::split::side::Side;

/// How bad a finding is; the worst sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The model, or what was measured of it, is of no use.
    Error,
    /// It costs accuracy, or trust in the numbers.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// The value of the column `severity`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that is wrong: what was seen, why that happens, and what to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The check that found it, by its name in [`CHECKS`](super::CHECKS).
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The side of the split it was seen on; NULL where it is about the whole.
    pub split: Option<Side>,
    /// The class, feature, source or baseline it is about; empty where it is about none.
    pub subject: String,
    /// What was seen, with its numbers.
    pub message: String,
    /// What brings it about.
    pub cause: String,
    /// What to try, in SQL and options that exist.
    pub advice: String,
    /// How probable it is by chance alone, in [0, 1].
    pub p: Option<f64>,
    /// Lower end of the 95 % interval of what was seen, in shares of rows.
    pub low: Option<f64>,
    /// Upper end of it.
    pub high: Option<f64>,
}

impl Finding {
    /// An error.
    pub(super) fn error(check: &Check, message: impl Into<String>) -> Self {
        Self::new(check, Severity::Error, message.into())
    }

    /// A warning.
    pub(super) fn warning(check: &Check, message: impl Into<String>) -> Self {
        Self::new(check, Severity::Warning, message.into())
    }

    /// A note.
    pub(super) fn note(check: &Check, message: impl Into<String>) -> Self {
        Self::new(check, Severity::Note, message.into())
    }

    fn new(check: &Check, severity: Severity, message: String) -> Self {
        Self {
            check: check.name,
            severity,
            split: None,
            subject: String::new(),
            message,
            cause: String::new(),
            advice: String::new(),
            p: None,
            low: None,
            high: None,
        }
    }

    pub(super) fn because(self, cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), ..self }
    }

    pub(super) fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }

    pub(super) fn on(self, side: Side) -> Self {
        Self { split: Some(side), ..self }
    }

    pub(super) fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..self }
    }

    pub(super) fn probability(self, p: f64) -> Self {
        Self { p: Some(p), ..self }
    }

    pub(super) fn between(self, (low, high): (f64, f64)) -> Self {
        Self { low: Some(low), high: Some(high), ..self }
    }
}
