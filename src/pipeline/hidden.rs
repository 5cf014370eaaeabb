//! SQL without its secrets, for what is kept of it.

use datafusion::sql::sqlparser::dialect::Dialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::places::Places;
use crate::secrets::{HIDDEN, is_secret, may_hold_secret, without_secrets, without_secrets_of_urls};

/// A statement in which [`HIDDEN`] stands for the values of options that are secrets, in OPTIONS and in SET, for users in URLs, and for comments that may tell
/// either. All else is as it was written: that a column is called `token` or `password` changes nothing.
pub fn sql_without_secrets(dialect: &dyn Dialect, sql: &str) -> String {
    // Whoever does not know what is a string hides too much.
    let Ok(tokens) = Tokenizer::new(dialect, sql).tokenize_with_location() else { return without_secrets(sql).into() };
    let (mut text, mut places, mut end) = (String::with_capacity(sql.len()), Places::new(sql), 0);
    let mut statement = Statement::default();
    for token in &tokens {
        let (from, to) = (places.byte(token.span.start), places.byte(token.span.end));
        let replaced = match statement.shown(&token.token) {
            Some(shown) => shown,
            None if is_literal(&token.token) => without_secrets_of_urls(&sql[from..to]).into_owned(),
            None => continue,
        };
        text.push_str(&sql[end..from]);
        text.push_str(&replaced);
        end = to;
    }
    text.push_str(&sql[end..]);
    text
}

/// What is known of a statement up to a token.
#[derive(Default)]
struct Statement {
    first: Option<Keyword>,
    /// Brackets that are open since OPTIONS.
    options: usize,
    was_options: bool,
    /// Whether the name of a secret was read, whose value follows.
    is_named: bool,
    /// Whether SET gives what follows to a secret.
    is_set: bool,
}

impl Statement {
    /// What stands for the token, where that is a secret.
    fn shown(&mut self, token: &Token) -> Option<String> {
        if let Token::Whitespace(space) = token {
            return comment(space);
        }
        let (was_options, is_named) = (std::mem::take(&mut self.was_options), std::mem::take(&mut self.is_named));
        if std::mem::take(&mut self.is_set) && *token != Token::SemiColon {
            return Some(format!("'{HIDDEN}'"));
        }
        let (is_in_options, is_in_set) = (self.options > 0, self.first == Some(Keyword::SET));
        match token {
            Token::SemiColon => *self = Self::default(),
            Token::LParen if was_options || is_in_options => self.options += 1,
            Token::RParen => self.options = self.options.saturating_sub(1),
            Token::Eq if is_in_set => self.is_set = is_named,
            Token::Word(word) if is_in_set && word.keyword == Keyword::TO => self.is_set = is_named,
            Token::Eq | Token::RArrow => self.is_named = is_named,
            Token::Number(..) if is_in_options && is_named => return Some(format!("'{HIDDEN}'")),
            _ if is_literal(token) && is_in_options && is_named => return Some(format!("'{HIDDEN}'")),
            Token::Word(word) => {
                self.first = self.first.or(Some(word.keyword));
                self.was_options = word.keyword == Keyword::OPTIONS;
                self.is_named = (is_in_options || is_in_set) && is_secret(&word.value);
            }
            Token::SingleQuotedString(name) | Token::DoubleQuotedString(name) | Token::EscapedStringLiteral(name) => {
                self.is_named = is_in_options && is_secret(name);
            }
            _ => {}
        }
        None
    }
}

fn comment(space: &Whitespace) -> Option<String> {
    match space {
        Whitespace::SingleLineComment { comment, prefix } if may_hold_secret(comment) => {
            let end = if comment.ends_with('\n') { "\n" } else { "" };
            Some(format!("{prefix} {HIDDEN}{end}"))
        }
        Whitespace::MultiLineComment(comment) if may_hold_secret(comment) => Some(format!("/* {HIDDEN} */")),
        _ => None,
    }
}

fn is_literal(token: &Token) -> bool {
    matches!(
        token,
        Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
    )
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::GenericDialect;

    use super::*;

    fn shown(sql: &str) -> String {
        sql_without_secrets(&GenericDialect {}, sql)
    }

    #[test]
    fn secrets_of_statements_are_hidden() {
        for (sql, without) in [
            (
                "COPY t TO 's3://me:pw@b/x' STORED AS CSV OPTIONS ('aws.secret_access_key' 'a''b', 'units' '8', db.password 'x', pin_token 7)",
                "COPY t TO 's3://***@b/x' STORED AS CSV OPTIONS ('aws.secret_access_key' '***', 'units' '8', db.password '***', pin_token '***')",
            ),
            ("SET aws.session_token = 'x y'; SELECT 'é'", "SET aws.session_token = '***'; SELECT 'é'"),
            ("SET db.password TO hunter2;", "SET db.password TO '***';"),
            ("-- the password is x\nSELECT /* api_key: y */ 1 -- end", "-- ***\nSELECT /* *** */ 1 -- end"),
            (
                "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'https://h/x.csv?sig=ab' OPTIONS ('API_KEY' E'x\\'y')",
                "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'https://h/x.csv?sig=***' OPTIONS ('API_KEY' '***')",
            ),
            // What cannot be read at all
            ("SELECT 'password' = 'x", "SELECT 'password' = '***"),
        ] {
            assert_eq!(shown(sql), without);
        }
    }

    #[test]
    fn all_else_is_as_it_was_written() {
        for sql in [
            "SELECT token, password FROM frames WHERE token = 'walk' AND password = 'x' -- of a frame",
            "SELECT 'password', 'x', token 'y' FROM pose_windows((SELECT * FROM t), width => 30)",
            "CREATE VIEW v AS SELECT\n  'a;b' AS secret, $$it's$$ AS \"api key\"",
            "COPY t TO 'm' STORED AS LSTM OPTIONS ('units' '8', 'token_count' '3')",
            "SET posequel.models.location = 'models/'",
            "",
        ] {
            assert_eq!(shown(sql), sql);
        }
    }
}
