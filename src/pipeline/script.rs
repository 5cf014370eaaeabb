//! SQL text cut into statements by DataFusion's own parser, so that a `;` in a string or a comment is no border.

use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect, dialect_from_str};
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};
use futures::StreamExt;

use super::depth::{self, Depth};
use super::places::Places;
use super::provenance;
use super::text::{with_marks_named, without_mark};
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::notes::Notes;
use crate::plugin::limits::change::Change;
use crate::plugin::safe;
use crate::roots::Roots;

/// A statement and the line on which it starts, counted from 1. Clones share the parsed statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    /// The line of its first word.
    pub line: u64,
    /// The parsed statement.
    pub statement: Arc<Statement>,
    /// As it was written, without the `;`.
    pub text: String,
}

impl Located {
    /// The parsed statement itself. It is never copied, since that takes a lot of stack for each of its levels: where others hold it, too, its text is parsed again.
    fn into_statement(self, ctx: &SessionContext) -> Result<Statement> {
        let statement = match Arc::try_unwrap(self.statement) {
            Ok(statement) => return Ok(statement),
            Err(_) => Script::parse(ctx, "", &self.text)?.statements.pop().map(|located| located.statement),
        };
        let statement = statement.and_then(|statement| Arc::try_unwrap(statement).ok());
        statement.ok_or_else(|| Error::Internal(format!("a statement is gone: {}", self.text)).into())
    }
}

/// The statements of a file, of `-c`, or of standard input, in order.
#[derive(Debug, Clone)]
pub struct Script {
    origin: String,
    /// The statements; empty for a script of comments.
    pub statements: Vec<Located>,
}

impl Script {
    /// Parses a whole script in the session's dialect, so that a slip in its last line is found before its first runs.
    ///
    /// `origin` is what errors call the script: a file name, `stdin`, or nothing for a single line.
    ///
    /// # Errors
    /// What is no SQL, by line and column; a statement that is nested too deeply; [`Error::Interrupted`] once the session's [`Interrupt`] is set.
    pub fn parse(ctx: &SessionContext, origin: &str, sql: &str) -> Result<Self> {
        let sql = without_mark(sql);
        let (dialect, interrupt) = (dialect(ctx), ctx.copied_config().get_extension::<Interrupt>());
        let most_nested = ctx.copied_config().options().sql_parser.recursion_limit.get();
        let tokens = Tokenizer::new(dialect.as_ref(), sql).tokenize_with_location();
        let tokens = tokens.map_err(|e| locate_parser_error(origin, ParserError::from(e).into()))?;
        let depths = depths(origin, &tokens)?;
        let builder = DFParserBuilder::new(tokens).with_dialect(dialect.as_ref()).with_recursion_limit(most_nested);
        let mut parser = builder.build()?;
        let (mut statements, mut places) = (Vec::new(), Places::new(sql));
        loop {
            if let Some(interrupt) = &interrupt {
                interrupt.check()?;
            }
            let mut separated = statements.is_empty();
            while parser.parser.consume_token(&Token::SemiColon) {
                separated = true;
            }
            let (line, start, is_end) = {
                let next = parser.parser.peek_token_ref();
                (next.span.start.line, next.span.start, next.token == Token::EOF)
            };
            if is_end {
                return Ok(Self { origin: origin.to_owned(), statements });
            }
            // Where it gives up a deep statement, the parser may take what it has for all of it.
            let too_deep = || {
                let behind = depths.partition_point(|(from, _)| (from.line, from.column) <= (start.line, start.column));
                let nested = behind.checked_sub(1).map_or(0, |of| depths[of].1.nested);
                let what = format!(
                    "the statement is nested too deeply ({nested} levels of brackets, CASE and the like, of which {most_nested} are read at most, and of \
                     subqueries a third): make views or tables of parts"
                );
                (3 * nested >= most_nested).then(|| DataFusionError::from(Error::Query(what)).context(at(origin, line)))
            };
            if !separated {
                let next = parser.parser.peek_token_ref().to_string();
                let error = DataFusionError::Plan(format!("expected ';' before {next:?}")).context(at(origin, line));
                return Err(too_deep().unwrap_or(error));
            }
            let statement =
                parser.parse_statement().map_err(|e| too_deep().unwrap_or_else(|| locate_parser_error(origin, e)))?;
            let end = parser.parser.peek_token_ref();
            let end = (end.token != Token::EOF).then_some(end.span.start);
            let from = places.byte(start);
            let bytes = from..end.map_or(sql.len(), |end| places.byte(end));
            let text = sql.get(bytes).unwrap_or_default().trim_end().to_owned();
            statements.push(Located { line, statement: Arc::new(statement), text });
        }
    }

    /// Where a statement stands, `sql/quickstart.sql:14`, for the errors it raises.
    pub fn place(&self, statement: &Located) -> String {
        at(&self.origin, statement.line)
    }
}

/// The SQL that a session speaks.
pub(super) fn dialect(ctx: &SessionContext) -> Box<dyn Dialect> {
    let name = ctx.copied_config().options().sql_parser.dialect;
    dialect_from_str(name).unwrap_or_else(|| Box::new(GenericDialect {}))
}

/// Runs one statement: its rows as a stream, or nothing when it has none (CREATE, SET, DROP).
///
/// What a statement does, it has done when this returns nothing; a COPY does it while its one row is read.
///
/// # Errors
/// A statement that is wrong, or whose plan is nested too deeply; what it meets when it runs.
pub async fn execute(ctx: &SessionContext, located: Located) -> Result<Option<SendableRecordBatchStream>> {
    if let Some(interrupt) = ctx.copied_config().get_extension::<Interrupt>() {
        interrupt.check()?;
    }
    provenance::note_copy(ctx, &located);
    if let Some(notes) = ctx.copied_config().get_extension::<Notes>() {
        // What was said of the statement before.
        notes.take();
    }
    let noted = provenance::change(ctx, &located);
    let plan = ctx.state().statement_to_plan(located.into_statement(ctx)?).await?;
    depth::check_plan(&plan)?;
    if let Some(roots) = ctx.copied_config().get_extension::<Roots>() {
        safe::check(&roots, &plan)?;
    }
    let change = Change::of(&plan);
    let rows = ctx.execute_logical_plan(plan).await?.execute_stream().await?;
    if let Some(noted) = noted {
        noted.note();
    }
    if !rows.schema().fields().is_empty() {
        return Ok(Some(rows));
    }
    drain(rows).await?;
    if let Some(change) = change {
        change.done(ctx)?;
    }
    Ok(None)
}

/// Reads rows to their end and drops them.
pub(super) async fn drain(mut rows: SendableRecordBatchStream) -> Result<()> {
    while let Some(batch) = rows.next().await {
        batch?;
    }
    Ok(())
}

/// Whether typed text ends with the `;` of a statement, outside of strings and comments.
pub fn is_complete(sql: &str) -> bool {
    match Tokenizer::new(&GenericDialect {}, sql).tokenize() {
        Ok(tokens) => {
            tokens.iter().rfind(|t| !matches!(t, Token::Whitespace(_))).is_some_and(|t| *t == Token::SemiColon)
        }
        // An open string or comment: more lines will follow.
        Err(_) => false,
    }
}

/// The depth of each statement, by the place where it begins.
///
/// # Errors
/// One that is nested too deeply, by its line.
fn depths(origin: &str, tokens: &[TokenWithSpan]) -> Result<Vec<(Location, Depth)>> {
    let mut depths = vec![];
    for tokens in tokens.split(|token| token.token == Token::SemiColon) {
        let is_space = |token: &&TokenWithSpan| matches!(token.token, Token::Whitespace(_) | Token::EOF);
        let Some(first) = tokens.iter().find(|token| !is_space(token)) else { continue };
        let depth = depth::of(tokens);
        depth::check(depth).map_err(|e| DataFusionError::from(e).context(at(origin, first.span.start.line)))?;
        depths.push((first.span.start, depth));
    }
    Ok(depths)
}

fn at(origin: &str, line: u64) -> String {
    match origin {
        "" => format!("line {line}"),
        origin => format!("{origin}:{line}"),
    }
}

/// Moves the parser's `at Line: 3, Column: 5` to the front, where a file name belongs.
fn locate_parser_error(origin: &str, error: DataFusionError) -> DataFusionError {
    let text = with_marks_named(&super::message(&error));
    let Some((what, place)) = text.rsplit_once(" at Line: ") else {
        return if origin.is_empty() { error } else { error.context(origin) };
    };
    match place.split_once(", Column: ").map(|(line, column)| (line.parse::<u64>(), column)) {
        Some((Ok(line), column)) => {
            DataFusionError::Plan(what.to_owned()).context(format!("{}:{column}", at(origin, line)))
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(sql: &str) -> Vec<u64> {
        let script = Script::parse(&SessionContext::new(), "a.sql", sql).unwrap();
        script.statements.iter().map(|s| s.line).collect()
    }

    fn refusal(sql: &str) -> String {
        super::super::message(&Script::parse(&SessionContext::new(), "a.sql", sql).unwrap_err())
    }

    #[test]
    fn semicolons_in_strings_and_comments_part_nothing() {
        assert_eq!(lines("SELECT ';' -- ; here\n /* ; */ ;\n\nSELECT \"a;b\" FROM t"), [1, 4]);
    }

    #[test]
    fn empty_statements_and_comments_are_nothing() {
        assert!(lines("").is_empty());
        assert!(lines(";;\n-- nothing\n;").is_empty());
        assert_eq!(lines("\n\n;SELECT 1;;"), [3]);
    }

    #[test]
    fn a_statement_has_its_text() {
        let sql = "  SELECT 'ä;' AS a -- one\n  ;\nSELECT\n  2; SELECT 3";
        let script = Script::parse(&SessionContext::new(), "", sql).unwrap();
        let texts: Vec<&str> = script.statements.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["SELECT 'ä;' AS a -- one", "SELECT\n  2", "SELECT 3"]);
    }

    #[test]
    fn copy_and_external_tables_are_statements() {
        let sql = "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'x;y';\nCOPY (SELECT 1) TO 'm' STORED AS LSTM;";
        assert_eq!(lines(sql), [1, 2]);
    }

    #[test]
    fn a_slip_is_placed_by_file_line_and_column() {
        let message = refusal("SELECT 1;\nSELEKT 2;");
        assert!(message.starts_with("a.sql:2:1: "), "{message}");
    }

    #[test]
    fn a_byte_order_mark_at_the_head_is_nothing_and_one_inside_is_named() {
        let script = Script::parse(&SessionContext::new(), "", "\u{feff}SELECT 1;\r\nSELECT 2\r\n").unwrap();
        let texts: Vec<&str> = script.statements.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["SELECT 1", "SELECT 2"]);
        // Its line and column are those that an editor shows.
        let message = refusal("\u{feff}SELEKT 2;");
        assert!(message.starts_with("a.sql:1:1: "), "{message}");
        let message = refusal("SELECT 1;\n\u{feff}SELECT 2;");
        assert!(message.starts_with("a.sql:2:1: ") && message.contains("U+FEFF, a byte order mark"), "{message}");
    }

    #[test]
    fn a_missing_semicolon_is_named() {
        let message = refusal("SELECT 1\nCREATE VIEW v AS SELECT 1");
        assert!(message.starts_with("a.sql:2"), "{message}");
    }

    #[test]
    fn an_open_string_wants_more_lines() {
        assert!(is_complete("SELECT 1; -- done"));
        assert!(!is_complete("SELECT 1"));
        assert!(!is_complete("SELECT 'a;"));
        assert!(!is_complete("SELECT 1 /* ;"));
        assert!(!is_complete(""));
    }
}
