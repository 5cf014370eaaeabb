//! `posequel sql`: a script to its end, or a prompt.

use std::io::{IsTerminal, Write, stderr, stdin, stdout};

use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use posequel::error::Error;
use posequel::pipeline::{Format, Output, Script, execute, read_text, read_text_from};
use posequel::roots::Allowed;

use crate::args::SqlArgs;
use crate::life::{INTERRUPT, Life};
use crate::{repl, session};

pub async fn run(args: SqlArgs, life: &mut Life) -> Result<()> {
    let SqlArgs { command, file, format, safe, allow_read, allow_write, session } = args;
    let may_remember = !safe || !allow_write.is_empty();
    let ctx = life.run(async move { session::open(&session.set, session.partitions).await }).await?;
    if safe {
        session::fence(&ctx, &Allowed { read: allow_read, write: allow_write })?;
    }
    let (origin, text) = match (command, file) {
        (Some(sql), _) => (String::new(), sql),
        (None, Some(file)) => {
            let name = file.display().to_string();
            let text = read_text(&file).map_err(|e| Error::Query(format!("cannot read {name}: {e}")))?;
            (name, text)
        }
        (None, None) if stdin().is_terminal() => return repl::run(ctx, format, may_remember, life).await,
        (None, None) => {
            let text = life.run(async { Ok(read_text_from(stdin().lock())) }).await?;
            let text = text.map_err(|e| Error::Query(format!("cannot read standard input: {e}")))?;
            ("stdin".to_owned(), text)
        }
    };
    life.run(async move { script(&ctx, &origin, &text, format).await }).await
}

/// Runs all statements of a text and writes their rows to standard output.
pub async fn script(ctx: &SessionContext, origin: &str, text: &str, format: Format) -> Result<()> {
    let mut script = Script::parse(ctx, origin, text)?;
    // A lone line needs no line number.
    let is_lone = origin.is_empty() && script.statements.len() == 1;
    let mut out = Output::new(format, stdout()).with_interrupt(INTERRUPT.as_ref().clone());
    for statement in std::mem::take(&mut script.statements) {
        let place = script.place(&statement);
        let result = async {
            match execute(ctx, statement).await? {
                Some(rows) => out.write(rows).await,
                None => Ok(()),
            }
        };
        result.await.map_err(|e| if is_lone { e } else { e.context(place) })?;
    }
    let left_out = out.finish()?;
    if left_out > 0 {
        let what = "earlier results are not in the JSON array; --format ndjson writes all";
        writeln!(stderr(), "note: {left_out} {what}")?;
    }
    Ok(())
}
