//! `${name}` in the SQL of a pipeline, replaced by the value of a variable.
//!
//! | written | becomes, of the value `O'Brien` |
//! |---|---|
//! | `${who}` | `O'Brien`: text, which becomes whatever SQL makes of it there, statements too |
//! | `${who:literal}` | `'O''Brien'`: a string, whatever the value holds; numbers and truth values stay what they are |
//! | `${who:identifier}` | `"O'Brien"`: one name |

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::dialect::Dialect;

use super::manifest::Scalar;
use crate::error::{Result, query_err, suggest};

/// What may stand behind the name of a variable.
const FORMS: [&str; 2] = ["literal", "identifier"];

/// How the SQL of a session writes strings and names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quotes {
    /// The letter around names.
    name: char,
    /// Whether a backslash in a string escapes what follows.
    has_escapes: bool,
}

impl Quotes {
    /// Those of a dialect.
    pub fn of(dialect: &dyn Dialect) -> Self {
        let name = if dialect.is_delimited_identifier_start('"') { '"' } else { '`' };
        Self { name, has_escapes: dialect.supports_string_literal_backslash_escape() }
    }

    fn literal(self, value: &Scalar) -> String {
        match value {
            Scalar::Boolean(_) | Scalar::Integer(_) => value.to_string(),
            Scalar::Float(number) if number.is_finite() => value.to_string(),
            Scalar::Float(_) | Scalar::Text(_) => {
                let text = value.to_string();
                let text = if self.has_escapes { text.replace('\\', "\\\\") } else { text };
                format!("'{}'", text.replace('\'', "''"))
            }
        }
    }

    fn identifier(self, value: &Scalar) -> String {
        let quote = self.name.to_string();
        format!("{quote}{}{quote}", value.to_string().replace(self.name, &quote.repeat(2)))
    }
}

impl Default for Quotes {
    /// Those of standard SQL.
    fn default() -> Self {
        Self { name: '"', has_escapes: false }
    }
}

/// The SQL with every `${name}` replaced, and the names that were used; `$${` stands for a plain `${`.
///
/// # Errors
/// A name that is none of a variable, a form that is not known, by the line.
pub(super) fn substitute(
    sql: &str,
    variables: &BTreeMap<String, Scalar>,
    quotes: Quotes,
) -> Result<(String, BTreeSet<String>)> {
    let (mut text, mut used) = (String::with_capacity(sql.len()), BTreeSet::new());
    let mut rest = sql;
    while let Some(start) = rest.find("${") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        if let Some(escaped) = before.strip_suffix('$') {
            text.push_str(escaped);
            text.push_str("${");
            rest = after;
            continue;
        }
        let line = 1 + sql[..sql.len() - after.len()].matches('\n').count();
        let Some((written, tail)) = after.split_once('}') else {
            return query_err!("line {line}: ${{ has no closing }}; write $${{ for the characters themselves");
        };
        let (name, form) = match written.split_once(':') {
            Some((name, form)) if !variables.contains_key(written) => (name, Some(form)),
            _ => (written, None),
        };
        let Some(value) = variables.get(name) else {
            let known = suggest(name, variables.keys().map(String::as_str));
            return query_err!("line {line}: ${{{name}}} is not in [variables]{known}");
        };
        text.push_str(before);
        text.push_str(&match form {
            None => value.to_string(),
            Some("literal") => quotes.literal(value),
            Some("identifier") => quotes.identifier(value),
            Some(form) => {
                let known = suggest(form, FORMS);
                return query_err!("line {line}: ${{{written}}}: a variable has no form '{form}'{known}");
            }
        });
        used.insert(name.to_owned());
        rest = tail;
    }
    text.push_str(rest);
    Ok((text, used))
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::{GenericDialect, MySqlDialect};

    use super::*;

    fn variables() -> BTreeMap<String, Scalar> {
        let text = |text: &str| Scalar::Text(text.to_owned());
        let hostile = text("x'; DROP TABLE \"t\"; --\\");
        let named = [
            ("seed", Scalar::Integer(7)),
            ("rate", Scalar::Float(0.5)),
            ("all", Scalar::Boolean(true)),
            ("policy", text("noise(0.02)")),
            ("hostile", hostile),
            ("number", text("01")),
        ];
        named.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn with(sql: &str) -> Result<String> {
        substitute(sql, &variables(), Quotes::of(&GenericDialect {})).map(|(text, _)| text)
    }

    #[test]
    fn values_take_the_place_of_names() {
        assert_eq!(with("seed => ${seed}, policy => '${policy}'").unwrap(), "seed => 7, policy => 'noise(0.02)'");
        assert_eq!(with("SELECT 1").unwrap(), "SELECT 1");
    }

    #[test]
    fn a_literal_is_one_value_and_an_identifier_one_name() {
        let sql = "${seed:literal}, ${rate:literal}, ${all:literal}, ${policy:literal}, ${number:literal}";
        assert_eq!(with(sql).unwrap(), "7, 0.5, true, 'noise(0.02)', '01'");
        assert_eq!(with("${hostile:literal}").unwrap(), "'x''; DROP TABLE \"t\"; --\\'");
        assert_eq!(with("${hostile:identifier}").unwrap(), "\"x'; DROP TABLE \"\"t\"\"; --\\\"");
        let mysql = |sql: &str| substitute(sql, &variables(), Quotes::of(&MySqlDialect {})).unwrap().0;
        assert_eq!(mysql("${hostile:literal}"), "'x''; DROP TABLE \"t\"; --\\\\'");
        assert_eq!(mysql("${seed:identifier}"), "`7`");
        let used = substitute("${seed:literal}", &variables(), Quotes::default()).unwrap().1;
        assert_eq!(used, ["seed".to_owned()].into());
    }

    #[test]
    fn an_unknown_form_names_those_that_there_are() {
        let message = with("\n${seed:literl}").unwrap_err().to_string();
        assert_eq!(message, "line 2: ${seed:literl}: a variable has no form 'literl'; did you mean 'literal'?");
        let message = with("${seed:}").unwrap_err().to_string();
        assert!(message.ends_with("has no form ''; known: literal, identifier"), "{message}");
    }

    #[test]
    fn a_doubled_dollar_is_a_plain_one() {
        assert_eq!(with("'$${seed}' $1 $").unwrap(), "'${seed}' $1 $");
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        for form in ["", ":literal"] {
            let message = with(&format!("SELECT 1,\n${{sede{form}}}")).unwrap_err().to_string();
            assert_eq!(message, "line 2: ${sede} is not in [variables]; did you mean 'seed'?");
        }
    }

    #[test]
    fn an_open_brace_is_refused() {
        assert!(with("${seed").unwrap_err().to_string().contains("no closing }"));
    }

    #[test]
    fn values_are_not_replaced_again() {
        let of = |text: &str| Scalar::Text(text.to_owned());
        let twice = [("a".to_owned(), of("${b}")), ("b".to_owned(), of("1"))].into();
        assert_eq!(substitute("${a} ${a:literal}", &twice, Quotes::default()).unwrap().0, "${b} '${b}'");
    }
}
