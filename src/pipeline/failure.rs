//! What a person reads when a query fails, and the exit code that a program reads.

use std::error::Error as StdError;
use std::io;

use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::error::Error;
use crate::error::exhausted::Exhausted;
use crate::plugin::limits::folder;
use crate::secrets::without_secrets;
use crate::shown::escaped;

/// The whole message of an error, and what to do where there is not enough memory or disk; without the names of the layers that it came through ("External error:").
///
/// Contexts stand in front of their cause: `sql/quickstart.sql:14: pose_windows: width must be >= 1 (was 0)`. Passwords and the like are hidden
/// ([`without_secrets`]), and what would steer a terminal is escaped ([`escaped`]).
pub fn message(error: &DataFusionError) -> String {
    let text = worded(error);
    let told = match advice(error, &text) {
        Some(advice) => format!("{text}\nhint: {advice}"),
        None => text,
    };
    escaped(&without_secrets(&without_accusation(told))).into_owned()
}

fn worded(error: &DataFusionError) -> String {
    match error {
        DataFusionError::Context(context, cause) if is_rule_name(context) => worded(cause),
        DataFusionError::Context(context, cause) => format!("{context}: {}", worded(cause)),
        DataFusionError::Diagnostic(_, cause) => worded(cause),
        DataFusionError::Shared(cause) => worded(cause),
        DataFusionError::Collection(causes) => causes.iter().map(worded).collect::<Vec<_>>().join("\n"),
        DataFusionError::External(cause) => foreign_message(cause.as_ref()),
        DataFusionError::ArrowError(cause, _) => arrow_message(cause),
        DataFusionError::SQL(cause, _) => parser_message(cause),
        DataFusionError::NotImplemented(what) => format!("not implemented: {what}"),
        DataFusionError::Internal(what) => internal_message(what),
        other => other.message().into_owned(),
    }
}

/// The exit code of a failed command: 1 error, 3 data refused, 4 resource limit, 130 interrupted.
pub fn exit_code(error: &DataFusionError) -> u8 {
    match Error::find(error) {
        Some(ours @ (Error::Query(_) | Error::Data(_) | Error::Limit(_) | Error::Interrupted(_))) => ours.exit_code(),
        // Also where an error of ours only quotes the system.
        ours => match Exhausted::find(error) {
            Some(_) => 4,
            None => ours.map_or(1, Error::exit_code),
        },
    }
}

/// What to do, where a limit of memory or disk was reached and another layer says only that it was.
fn advice(error: &DataFusionError, text: &str) -> Option<String> {
    if Error::find(error).is_some() {
        return None;
    }
    let exhausted = Exhausted::find(error)?;
    match (exhausted, &folder::paths()[..]) {
        // What a pool says; limits of ours and that of spill say themselves what to do.
        (Exhausted::Memory, _) if !text.contains("Failed to allocate") || text.contains("memory_limit") => None,
        (Exhausted::Disk | Exhausted::Quota, [first, ..]) => {
            Some(format!("{}; spill goes to {}", exhausted.advice(), first.display()))
        }
        _ => Some(exhausted.advice().to_owned()),
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
        Some(inner) => worded(inner),
        None => error.to_string(),
    }
}

/// What DataFusion takes for a fault of its own; some of it is the statement's.
fn internal_message(what: &str) -> String {
    match what.strip_prefix("No suitable object store found for ").and_then(|rest| rest.split_once(". ")) {
        Some((url, _)) => {
            format!(
                "there is no store for {url}: posequel reads and writes files of this machine, and stores that its host has registered"
            )
        }
        None => Error::Internal(what.to_owned()).to_string(),
    }
}

/// The text without what DataFusion adds to errors that it does not expect, also where such a one is told inside of another.
fn without_accusation(text: String) -> String {
    const ACCUSATIONS: [&str; 2] = [
        "Internal error: ",
        "\nThis issue was likely caused by a bug in DataFusion's code. Please help us to resolve this by filing a bug report in our issue tracker: \
         https://github.com/apache/datafusion/issues",
    ];
    ACCUSATIONS.iter().fold(text, |text, said| if text.contains(said) { text.replace(said, "") } else { text })
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
    fn nobody_is_accused_of_a_bug_by_the_wrong_name() {
        let bug = DataFusionError::Internal("a hole".into());
        assert_eq!(message(&bug), "posequel is wrong here, please report it: a hole");
        let told = DataFusionError::Execution(format!("a.csv: {}", bug.strip_backtrace()));
        assert_eq!(message(&told), "a.csv: a hole.");
        let store = DataFusionError::Internal("No suitable object store found for s3://b/. See `RuntimeEnv`".into());
        assert!(message(&store).starts_with("there is no store for s3://b/: "), "{}", message(&store));
    }

    #[test]
    fn a_message_steers_no_terminal_and_tells_no_password() {
        let error = DataFusionError::Plan("no 's3://me:pass@b/\x1b[31m'".into()).context("db.password = 'x'");
        assert_eq!(message(&error), "db.password = '***': no 's3://***@b/\\x1b[31m'");
    }

    #[test]
    fn exit_codes_tell_whose_fault_it_is() {
        assert_eq!(exit_code(&located(Error::Query("q".into()).into())), 1);
        assert_eq!(exit_code(&located(Error::Data("d".into()).into())), 3);
        assert_eq!(exit_code(&located(Error::Limit("l".into()).into())), 4);
        assert_eq!(exit_code(&located(Error::Interrupted("i".into()).into())), 130);
    }

    #[test]
    fn a_full_disk_is_a_limit_and_says_what_to_do() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let error = located(DataFusionError::IoError(full()));
        assert_eq!(exit_code(&error), 4);
        assert!(message(&error).contains("hint: the disk is full: free some room"), "{}", message(&error));
        let quoted = Error::Model(format!("cannot write models/a: {}", io::Error::from_raw_os_error(28)));
        assert_eq!(exit_code(&located(quoted.into())), if cfg!(target_os = "linux") { 4 } else { 1 });
        // What is ours says it itself, once.
        let ours = Error::of_io("cannot write models/a", &full(), Error::Model);
        assert_eq!(exit_code(&located(ours.clone().into())), 4);
        assert_eq!(message(&located(ours.clone().into())), format!("a.sql:3: {ours}"));
    }

    #[test]
    fn a_broken_pipe_is_found_under_contexts() {
        let closed = DataFusionError::IoError(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(is_broken_pipe(&located(closed)));
        assert!(!is_broken_pipe(&DataFusionError::IoError(io::Error::from(io::ErrorKind::NotFound))));
    }
}
