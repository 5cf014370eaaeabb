//! A pipeline from its first step to its last expectation.

use std::collections::BTreeMap;
use std::io::Write;

use datafusion::common::{DataFusionError, Result};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::cells::{Job, Matrix, check_independent};
use super::matrix::{Cell, Resolved, Stage};
use super::output::Output;
use super::provenance;
use super::script::{Script, dialect, drain, execute};
use super::settings::{Assignment, known_options, set_option};
use super::variables::Quotes;
use super::{Manifest, Step};
use crate::shown::in_line;

/// Runs a pipeline: rows go to `out`, a heading for each step to `log`.
///
/// `overrides` come from the command line and win over the manifest: each names one of its variables or a session
/// option. All files are read and parsed before the first step runs.
///
/// # Errors
/// The first statement that fails, by file and line; or, after all steps, the expectations that do not hold.
pub async fn run<W: Write>(
    ctx: &SessionContext,
    mut manifest: Manifest,
    overrides: &[Assignment],
    out: &mut Output<W>,
    log: &mut (dyn Write + Send),
) -> Result<()> {
    provenance::begin(ctx);
    for Assignment { key, value } in manifest.settings()? {
        set_option(ctx, &key, &value).await.map_err(|e| e.context("[settings]"))?;
    }
    let options = known_options(ctx);
    for Assignment { key, value } in overrides {
        if manifest.set_variable(key, value)? {
            continue;
        }
        if !options.contains(key) {
            return Err(manifest.unknown(key, &options).into());
        }
        set_option(ctx, key, value).await.map_err(|e| e.context("--set"))?;
    }
    let stages = manifest.resolve(Quotes::of(dialect(ctx).as_ref()))?;
    let stages = stages.into_iter().map(|stage| Parsed::new(ctx, &manifest, stage)).collect::<Result<Vec<_>>>()?;
    // What a cell depends on: everything that ran before it.
    let mut before = setup(ctx);
    for stage in stages {
        match stage {
            Parsed::Once(place, sql, script) => {
                let step = &manifest.steps[place];
                let (name, steps) = (in_line(&manifest.name), manifest.steps.len());
                writeln!(log, "{name} [{}/{steps}] {}", place + 1, in_line(&step.name))?;
                before.push(sql);
                run_step(ctx, step, script, out).await?;
            }
            Parsed::Cells(cells) => {
                let texts: Vec<String> = cells.iter().flat_map(Job::texts).collect();
                Matrix { manifest: &manifest, before: &before }.run(ctx, cells, log).await?;
                before.extend(texts);
            }
        }
    }
    out.finish()?;
    check(ctx, &manifest, log).await
}

/// A stage with its SQL parsed.
enum Parsed {
    /// The place of the step, and what it runs, as text and parsed.
    Once(usize, String, Script),
    Cells(Vec<Job>),
}

impl Parsed {
    fn new(ctx: &SessionContext, manifest: &Manifest, stage: Stage) -> Result<Self> {
        let parse = |resolved: &Resolved| Script::parse(ctx, &manifest.steps[resolved.step].origin(), &resolved.sql);
        Ok(match stage {
            Stage::Once(resolved) => {
                let script = parse(&resolved)?;
                Self::Once(resolved.step, resolved.sql, script)
            }
            Stage::Cells(cells) => {
                let job = |cell: Cell| {
                    let scripts = cell.steps.iter().map(|(resolved, _)| parse(resolved)).collect::<Result<_>>()?;
                    Ok(Job { cell, scripts })
                };
                let jobs = cells.into_iter().map(job).collect::<Result<Vec<_>>>()?;
                check_independent(&jobs)?;
                Self::Cells(jobs)
            }
        })
    }
}

/// The options of the session that were set, but for those that say how fast to go, and where models are: the same SQL makes the
/// same models on every machine.
fn setup(ctx: &SessionContext) -> Vec<String> {
    const SAY_NOTHING: [&str; 5] = [
        "datafusion.execution.target_partitions",
        "datafusion.execution.batch_size",
        "datafusion.execution.planning_concurrency",
        "datafusion.execution.meta_fetch_concurrency",
        "posequel.models.location",
    ];
    let says_nothing = |key: &str| SAY_NOTHING.contains(&key) || key.starts_with("datafusion.explain.");
    let plain: BTreeMap<String, Option<String>> =
        SessionConfig::new().options().entries().into_iter().map(|entry| (entry.key, entry.value)).collect();
    let set = ctx.copied_config().options().entries().into_iter();
    let set = set.filter(|entry| !says_nothing(&entry.key) && plain.get(&entry.key) != Some(&entry.value));
    set.filter_map(|entry| Some(format!("{} = {}", entry.key, entry.value?))).collect()
}

async fn run_step<W: Write>(ctx: &SessionContext, step: &Step, mut script: Script, out: &mut Output<W>) -> Result<()> {
    for statement in std::mem::take(&mut script.statements) {
        let place = script.place(&statement);
        let result = async {
            match execute(ctx, statement).await? {
                Some(rows) if step.show => out.write(rows).await,
                Some(rows) => drain(rows).await,
                None => Ok(()),
            }
        };
        result.await.map_err(|e| e.context(place))?;
    }
    Ok(())
}

async fn check(ctx: &SessionContext, manifest: &Manifest, log: &mut (dyn Write + Send)) -> Result<()> {
    let mut failures = Vec::new();
    for expectation in &manifest.expect {
        failures.extend(expectation.failure(ctx).await.map_err(|e| e.context("[[expect]]"))?);
    }
    match (failures.len(), manifest.expect.len()) {
        (0, 0) => {}
        (0, all) => writeln!(log, "{}: as expected ({all} of {all})", in_line(&manifest.name))?,
        (failed, all) => {
            let heading = format!("pipeline '{}': {failed} of {all} expectations failed", manifest.name);
            return Err(DataFusionError::Execution(format!("{heading}\n{}", failures.join("\n"))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Format, message};
    use super::*;

    async fn run_text(manifest: &str, overrides: &[&str]) -> std::result::Result<String, String> {
        let overrides: Vec<Assignment> = overrides.iter().map(|o| o.parse().unwrap()).collect();
        let mut rows = Vec::new();
        let mut out = Output::new(Format::Ndjson, &mut rows);
        let manifest = Manifest::parse(manifest).unwrap();
        let ran = run(&SessionContext::new(), manifest, &overrides, &mut out, &mut std::io::sink()).await;
        ran.map_err(|e| message(&e))?;
        Ok(String::from_utf8(rows).unwrap())
    }

    const COUNT: &str = "name = 'count'\n[variables]\nn = 3\n\
        [[steps]]\nname = 'make'\nshow = false\nsql = 'CREATE VIEW v AS SELECT ${n} AS n; SELECT 1'\n\
        [[steps]]\nname = 'show'\nsql = 'SELECT n FROM v'\n\
        [[expect]]\nsql = 'SELECT n FROM v'\nat_most = 4\n";

    #[tokio::test]
    async fn steps_share_a_session_and_show_what_they_are_told_to() {
        assert_eq!(run_text(COUNT, &[]).await.unwrap(), "{\"n\":3}\n");
        assert_eq!(run_text(COUNT, &["n=4"]).await.unwrap(), "{\"n\":4}\n");
    }

    #[tokio::test]
    async fn a_step_has_variables_of_its_own() {
        let step = |with: &str| {
            format!("[[steps]]\nname = 's'\nwith = {{ {with} }}\nsql = 'SELECT ${{n}} AS n, ${{all}} AS a'\n")
        };
        let manifest = format!("name = 'x'\n[variables]\nall = 7\nn = 0\n{}{}", step("n = 1"), step("n = 2"));
        // n of the pipeline is used by no step that has not its own.
        assert!(run_text(&manifest, &[]).await.unwrap_err().contains("variable 'n' is used nowhere"));
        let manifest = manifest.replace("n = 0\n", "");
        assert_eq!(run_text(&manifest, &[]).await.unwrap(), "{\"n\":1,\"a\":7}\n{\"n\":2,\"a\":7}\n");
        let message = run_text(&manifest.replace("n = 2", "n = 2, m = 3"), &[]).await.unwrap_err();
        assert_eq!(message, "step 's': with names m, and its SQL does not contain ${m}");
    }

    #[tokio::test]
    async fn a_failed_expectation_fails_the_run() {
        let message = run_text(COUNT, &["n=5"]).await.unwrap_err();
        assert_eq!(
            message,
            "pipeline 'count': 1 of 1 expectations failed\nexpected at most 4, got 5\n  SELECT n FROM v"
        );
    }

    #[tokio::test]
    async fn overrides_name_a_variable_or_an_option() {
        assert!(run_text(COUNT, &["datafusion.execution.batch_size=2"]).await.is_ok());
        let message = run_text(COUNT, &["datafusion.execution.batchsize=2"]).await.unwrap_err();
        assert!(message.ends_with("did you mean 'datafusion.execution.batch_size'?"), "{message}");
        let message = run_text(COUNT, &["seeds=2"]).await.unwrap_err();
        assert!(message.contains("neither a variable of pipeline 'count' nor a session option; known: n"), "{message}");
    }

    #[tokio::test]
    async fn what_cells_depend_on_is_the_same_on_every_machine() {
        let plain = setup(&crate::session().unwrap());
        let fast = SessionConfig::new().with_target_partitions(77).with_batch_size(3);
        let fast = crate::session_with(fast).unwrap();
        for set in ["datafusion.execution.planning_concurrency=99", "posequel.models.location=./models"] {
            let Assignment { key, value } = set.parse().unwrap();
            set_option(&fast, &key, &value).await.unwrap();
        }
        assert_eq!(setup(&fast), plain);
        set_option(&fast, "datafusion.execution.time_zone", "+01:00").await.unwrap();
        assert_ne!(setup(&fast), plain);
    }

    #[tokio::test]
    async fn a_failing_statement_is_named_by_step_and_line() {
        let manifest = "name = 'x'\n[[steps]]\nname = 'bad'\nsql = \"\"\"SELECT 1;\nSELECT x\"\"\"\n";
        let message = run_text(manifest, &[]).await.unwrap_err();
        assert!(message.starts_with("step 'bad':2: ") && message.contains("No field named x"), "{message}");
    }
}
