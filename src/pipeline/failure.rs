//! What a person reads when a query fails, and the exit code that a program reads.

use std::error::Error as StdError;
use std::io;

use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::error::Error;

/// The whole message of an error, without the names of the layers that it came through ("External error:").
///
/// Contexts stand in front of their cause: `sql/quickstart.sql:14: pose_windows: width must be >= 1 (was 0)`.
pub fn message(error: &DataFusionError) -> String {
    match error {
        DataFusionError::Context(context, cause) if is_rule_name(context) => message(cause),
        DataFusionError::Context(context, cause) => format!("{context}: {}", message(cause)),
        DataFusionError::Diagnostic(_, cause) => message(cause),
        DataFusionError::Shared(cause) => message(cause),
        DataFusionError::Collection(causes) => causes.iter().map(message).collect::<Vec<_>>().join("\n"),
        DataFusionError::External(cause) => foreign_message(cause.as_ref()),
        DataFusionError::ArrowError(cause, _) => arrow_message(cause),
        DataFusionError::SQL(cause, _) => parser_message(cause),
        DataFusionError::NotImplemented(what) => format!("not implemented: {what}"),
        other => other.message().into_owned(),
    }
}

/// The exit code of a failed command: 1 error, 3 data refused, 4 resource limit, 130 interrupted.
pub fn exit_code(error: &DataFusionError) -> u8 {
    let exhausted = |e: &(dyn StdError + 'static)| {
        matches!(e.downcast_ref::<DataFusionError>(), Some(DataFusionError::ResourcesExhausted(_)))
    };
    match Error::find(error) {
        Some(ours) => ours.exit_code(),
        None if any_cause(error, exhausted) => 4,
        None => 1,
    }
}

/// Whether the error says only that nobody reads our output any more, as in `posequel sql ... | head`.
pub fn is_broken_pipe(error: &DataFusionError) -> bool {
    any_cause(error, |e| e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

/// The analyzer wraps its errors in the name of a rule ("type_coercion"), which tells a user nothing.
fn is_rule_name(context: &str) -> bool {
    context.contains('_') && context.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

fn foreign_message(error: &(dyn StdError + Send + Sync + 'static)) -> String {
    match error.downcast_ref::<DataFusionError>() {
        Some(inner) => message(inner),
        None => error.to_string(),
    }
}

fn arrow_message(error: &ArrowError) -> String {
    match error {
        ArrowError::ExternalError(cause) => foreign_message(cause.as_ref()),
        ArrowError::ComputeError(what)
        | ArrowError::CastError(what)
        | ArrowError::SchemaError(what)
        | ArrowError::InvalidArgumentError(what) => what.clone(),
        other => other.to_string(),
    }
}

fn parser_message(error: &ParserError) -> String {
    match error {
        ParserError::TokenizerError(what) | ParserError::ParserError(what) => what.clone(),
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply".to_owned(),
    }
}

fn any_cause(error: &DataFusionError, is_it: impl Fn(&(dyn StdError + 'static)) -> bool) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(e) = cause {
        if is_it(e) {
            return true;
        }
        // `source` of a boxed or shared error skips the error itself.
        cause = match e.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
            _ => e.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(cause: DataFusionError) -> DataFusionError {
        cause.context("a.sql:3")
    }

    #[test]
    fn a_message_has_no_prefixes_of_layers() {
        let refused = DataFusionError::from(Error::Data("video v1 has NaN".into()));
        assert_eq!(message(&located(refused)), "a.sql:3: video v1 has NaN");
        let wrapped = ArrowError::ExternalError(Box::new(DataFusionError::Plan("no such table".into())));
        assert_eq!(message(&located(wrapped.into())), "a.sql:3: no such table");
    }

    #[test]
    fn rules_of_the_analyzer_are_not_named() {
        assert_eq!(message(&DataFusionError::Plan("x".into()).context("type_coercion")), "x");
    }

    #[test]
    fn exit_codes_tell_whose_fault_it_is() {
        assert_eq!(exit_code(&located(Error::Query("q".into()).into())), 1);
        assert_eq!(exit_code(&located(Error::Data("d".into()).into())), 3);
        assert_eq!(exit_code(&located(Error::Limit("l".into()).into())), 4);
        assert_eq!(exit_code(&located(Error::Interrupted("i".into()).into())), 130);
    }

    #[test]
    fn a_broken_pipe_is_found_under_contexts() {
        let closed = DataFusionError::IoError(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(is_broken_pipe(&located(closed)));
        assert!(!is_broken_pipe(&DataFusionError::IoError(io::Error::from(io::ErrorKind::NotFound))));
    }
}
