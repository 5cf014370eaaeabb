//! `key=value` from a command line or a manifest, set on a session.

use std::str::FromStr;

use datafusion::common::Result;
use datafusion::prelude::SessionContext;

use crate::error::{Error, suggest};
use crate::plugin::limits::after_set;

/// A `key=value` of the command line: a session option, or a variable of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// What is set: `seed`, `posequel.models.location`.
    pub key: String,
    /// Its value as typed; may be empty.
    pub value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(Self { key: key.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err(format!("expected key=value, as in posequel.models.location=models/ (was '{text}')")),
        }
    }
}

/// Sets a session option, `posequel.*` or `datafusion.*`, as SQL's SET does; an unknown one names the nearest.
pub async fn set_option(ctx: &SessionContext, key: &str, value: &str) -> Result<()> {
    let known = known_options(ctx);
    if !known.iter().any(|k| k == key) {
        let near = match crate::error::nearest(key, known.iter().map(String::as_str)) {
            Some(_) => suggest(key, known.iter().map(String::as_str)),
            // Hundreds of names help nobody.
            None => "; SHOW ALL lists the session options".to_owned(),
        };
        return Err(Error::Query(format!("there is no session option '{key}'{near}")).into());
    }
    let quoted = value.replace('\'', "''");
    let set = ctx.sql(&format!("SET {key} = '{quoted}'")).await.and_then(|_| after_set(ctx, key));
    set.map_err(|e| e.context(format!("{key} = '{value}'")))
}

/// Every option that SET takes, by its full name.
pub(super) fn known_options(ctx: &SessionContext) -> Vec<String> {
    let entries = ctx.copied_config().options().entries().into_iter().chain(ctx.runtime_env().config_entries());
    // Entries of an extension come without the extension's prefix, and posequel's is the only one.
    entries
        .map(|e| if e.key.starts_with("datafusion.") { e.key } else { format!("posequel.{}", own(&e.key)) })
        .collect()
}

fn own(key: &str) -> &str {
    key.strip_prefix("posequel.").unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_parted_at_its_first_equals_sign() {
        let expected = Assignment { key: "a.b".into(), value: "c=d".into() };
        assert_eq!("a.b=c=d".parse(), Ok(expected));
        assert!("=1".parse::<Assignment>().is_err());
        assert!("seed".parse::<Assignment>().unwrap_err().contains("key=value"));
    }

    #[tokio::test]
    async fn options_are_set_as_by_sql() {
        let ctx = SessionContext::new();
        set_option(&ctx, "datafusion.execution.batch_size", "77").await.unwrap();
        assert_eq!(ctx.copied_config().batch_size(), 77);
    }

    #[tokio::test]
    async fn an_unknown_option_names_the_nearest() {
        let error = set_option(&SessionContext::new(), "datafusion.execution.batchsize", "1").await.unwrap_err();
        assert!(error.to_string().ends_with("did you mean 'datafusion.execution.batch_size'?"), "{error}");
    }

    #[tokio::test]
    async fn a_bad_value_is_quoted() {
        let error = set_option(&SessionContext::new(), "datafusion.execution.batch_size", "many").await.unwrap_err();
        assert!(super::super::message(&error).starts_with("datafusion.execution.batch_size = 'many': "), "{error}");
    }
}
