//! The prompt: statements over several lines, ended by ';'. Ctrl-C stops a query or clears the line, Ctrl-D leaves.

use std::io::{Write, stderr};
use std::path::PathBuf;

use datafusion::common::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use posequel::pipeline::{Format, is_broken_pipe, is_complete, message};
use posequel::secrets::may_hold_secret;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Editor, Helper};

use crate::life::Life;
use crate::sql;

const WELCOME: &str = "posequel: SQL ends with ';', \\h shows help, \\q leaves.";
const HELP: &str = "  SHOW TABLES;                        tables and views of this session
  DESCRIBE t;                         columns of a table
  SELECT * FROM models.NAME.versions; versions of a model
  SET posequel.models.location = 'models/';
  \\q or Ctrl-D                        leave; Ctrl-C stops a query or clears the line";

pub async fn run(ctx: SessionContext, format: Format, may_remember: bool, life: &mut Life) -> Result<()> {
    let mut editor: Editor<Lines, DefaultHistory> = Editor::new().map_err(outside)?;
    editor.set_helper(Some(Lines));
    let history = history_file().filter(|_| may_remember);
    if let Some(file) = &history {
        // The first prompt of a user has no history.
        let _ = editor.load_history(file);
    }
    writeln!(stderr(), "{WELCOME}")?;
    loop {
        let typing = move || {
            let typed = editor.readline("posequel> ");
            (editor, typed)
        };
        let Some((back, typed)) = life.typed(typing).await? else { return Ok(()) };
        editor = back;
        let typed = match typed {
            Ok(typed) => typed,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(e) => return Err(outside(e)),
        };
        match typed.trim() {
            "" => continue,
            "\\q" | "quit" | "exit" => break,
            "\\h" | "\\?" | "help" => writeln!(stderr(), "{HELP}")?,
            text => {
                // The file of the history is its user's alone, and still no place for passwords.
                if !may_hold_secret(text) {
                    editor.add_history_entry(text).map_err(outside)?;
                }
                statement(&ctx, text.to_owned(), format, life).await?;
                if life.is_ended() {
                    break;
                }
            }
        }
    }
    if let Some(file) = &history {
        // A prompt without a writable home works, only without a memory.
        let _ = editor.save_history(file);
    }
    Ok(())
}

/// Runs what was typed; its errors are shown and the prompt goes on.
async fn statement(ctx: &SessionContext, text: String, format: Format, life: &mut Life) -> Result<()> {
    let ctx = ctx.clone();
    match life.statement(async move { sql::script(&ctx, "", &text, format).await }).await {
        Err(e) if is_broken_pipe(&e) => Err(e),
        Err(e) => Ok(writeln!(stderr(), "error: {}", message(&e))?),
        Ok(()) => Ok(()),
    }
}

fn history_file() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".posequel_history"))
}

fn outside(error: ReadlineError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Asks for more lines until the statement has its ';'.
struct Lines;

impl Validator for Lines {
    fn validate(&self, ctx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = ctx.input().trim();
        let is_word = text.is_empty() || text.starts_with('\\') || matches!(text, "quit" | "exit" | "help");
        Ok(if is_word || is_complete(text) { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Completer for Lines {
    type Candidate = String;
}
impl Highlighter for Lines {}
impl Hinter for Lines {
    type Hint = String;
}
impl Helper for Lines {}
