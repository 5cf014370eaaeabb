//! `${name}` in the SQL of a pipeline, replaced by the value of a variable.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Result, query_err, suggest};

/// The SQL with every `${name}` replaced, and the names that were used; `$${` stands for a plain `${`.
///
/// The text of the value is put in as it is: a string that SQL is to see as one is written `'${name}'`.
pub(super) fn substitute(sql: &str, variables: &BTreeMap<String, String>) -> Result<(String, BTreeSet<String>)> {
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
        let Some((name, tail)) = after.split_once('}') else {
            return query_err!("line {line}: ${{ has no closing }}; write $${{ for the characters themselves");
        };
        let Some(value) = variables.get(name) else {
            let known = suggest(name, variables.keys().map(String::as_str));
            return query_err!("line {line}: ${{{name}}} is not in [variables]{known}");
        };
        text.push_str(before);
        text.push_str(value);
        used.insert(name.to_owned());
        rest = tail;
    }
    text.push_str(rest);
    Ok((text, used))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(sql: &str) -> Result<String> {
        let variables = [("seed", "7"), ("policy", "noise(0.02)")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        substitute(sql, &variables.into()).map(|(text, _)| text)
    }

    #[test]
    fn values_take_the_place_of_names() {
        assert_eq!(with("seed => ${seed}, policy => '${policy}'").unwrap(), "seed => 7, policy => 'noise(0.02)'");
        assert_eq!(with("SELECT 1").unwrap(), "SELECT 1");
    }

    #[test]
    fn a_doubled_dollar_is_a_plain_one() {
        assert_eq!(with("'$${seed}' $1 $").unwrap(), "'${seed}' $1 $");
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        let message = with("SELECT 1,\n${sede}").unwrap_err().to_string();
        assert_eq!(message, "line 2: ${sede} is not in [variables]; did you mean 'seed'?");
    }

    #[test]
    fn an_open_brace_is_refused() {
        assert!(with("${seed").unwrap_err().to_string().contains("no closing }"));
    }

    #[test]
    fn values_are_not_replaced_again() {
        let twice = [("a".to_owned(), "${b}".to_owned()), ("b".to_owned(), "1".to_owned())].into();
        assert_eq!(substitute("${a}", &twice).unwrap().0, "${b}");
    }
}
