//! The cells of a matrix as jobs: some at a time, none again whose models are there, and a table that says which is which.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::MemTable;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{CopyToStatement, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::Manifest;
use super::failure::message;
use super::manifest::Scalar;
use super::matrix::{Cell, Values};
use super::script::{Script, drain, execute};
use crate::error::{self, Error, query_err};
use crate::store::location::Location;
use crate::store::manifest::Cell as Origin;
use crate::store::{read, resolve};
use crate::train::progress::Progress;

/// A cell with its SQL parsed.
#[derive(Debug)]
pub(super) struct Job {
    pub cell: Cell,
    /// One for each of its steps.
    pub scripts: Vec<Script>,
}

impl Job {
    /// What it runs, as it was written.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.cell.steps.iter().map(|(resolved, _)| resolved.sql.clone())
    }
}

/// Refuses cells that make different tables of one name: they see the same tables, so one would work on another's.
///
/// # Errors
/// [`Error::Query`] that names the table and says what its name must hold.
pub(super) fn check_names(jobs: &[Job]) -> error::Result<()> {
    let mut made: BTreeMap<String, &str> = BTreeMap::new();
    for job in jobs {
        for ((resolved, values), script) in job.cell.steps.iter().zip(&job.scripts) {
            for name in script.statements.iter().filter_map(|of| table(&of.statement)) {
                if *made.entry(name.clone()).or_insert(&resolved.sql) != resolved.sql {
                    let axes: Vec<String> = values.keys().map(|axis| format!("${{{axis}}}")).collect();
                    return query_err!(
                        "every cell of the matrix makes '{name}', which all cells see; put the axes of its step into its name: \
                         {name}_{}",
                        axes.join("_")
                    );
                }
            }
        }
    }
    Ok(())
}

/// The table or view that a statement makes.
fn table(statement: &Statement) -> Option<String> {
    match statement {
        Statement::CreateExternalTable(made) => Some(made.name.to_string()),
        Statement::Statement(statement) => match statement.as_ref() {
            SqlStatement::CreateTable(made) => Some(made.name.to_string()),
            SqlStatement::CreateView(made) => Some(made.name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The table of cells that later steps read.
const CELLS: &str = "cells";

/// What cells of a pipeline share.
pub(super) struct Matrix<'a> {
    pub manifest: &'a Manifest,
    /// What was run before them.
    pub before: &'a [String],
}

/// A version that a cell trained: model and number.
type Trained = (String, u64);

/// A step that several cells share, run by the first of them.
type Shared = BTreeMap<(usize, String), Arc<OnceCell<()>>>;

impl Matrix<'_> {
    /// Runs the cells that are not done, and makes the table `cells`.
    ///
    /// # Errors
    /// Cells that failed, by name, after all others were run.
    pub async fn run(&self, ctx: &SessionContext, jobs: Vec<Job>, log: &mut (dyn Write + Send)) -> Result<()> {
        let (name, all) = (&self.manifest.name, jobs.len());
        let mut done: Vec<Option<Vec<Trained>>> = vec![];
        for job in &jobs {
            let known = if self.manifest.fresh { None } else { self.done(ctx, job).await? };
            done.push(known);
        }
        let (kept, mut ready) = (done.iter().flatten().count(), 0);
        if kept > 0 {
            writeln!(log, "{name}: {kept} of {all} cells are done; --fresh runs them again")?;
        }
        let shared = self.shared(&jobs);
        let began = Instant::now();
        let mut waiting: Vec<(usize, Job)> = vec![];
        let mut cells: Vec<Option<Cell>> = vec![];
        for (place, job) in jobs.into_iter().enumerate() {
            cells.push(Some(job.cell.clone()));
            if done[place].is_none() {
                waiting.push((place, job));
            }
        }
        let left = waiting.len();
        let (mut waiting, mut running, mut failures) = (waiting.into_iter(), JoinSet::new(), vec![]);
        loop {
            while running.len() < self.manifest.parallel
                && let Some((place, job)) = waiting.next()
            {
                let (session, shared) = (self.session(ctx, &job), shared.clone());
                running.spawn(async move { (place, run_job(&session, job, &shared).await) });
            }
            let Some(ended) = running.join_next().await else { break };
            let (place, result) = ended.map_err(|e| DataFusionError::from(Error::Internal(e.to_string())))?;
            ready += 1;
            let cell = cells[place].as_ref().map(Cell::name).unwrap_or_default();
            match result {
                Ok(job) => {
                    let seconds = began.elapsed().as_secs_f64();
                    let to_go = seconds / ready as f64 * (left - ready) as f64;
                    writeln!(log, "{name}: {cell}: done, {ready} of {left} in {seconds:.0} s, {to_go:.0} s to go")?;
                    done[place] = self.done(ctx, &job).await?;
                }
                Err(e @ DataFusionError::External(_)) if is_interrupted(&e) => return Err(e),
                Err(e) => {
                    writeln!(log, "{name}: {cell}: failed: {}", message(&e))?;
                    failures.push((cell, e));
                }
            }
        }
        register(ctx, cells.into_iter().flatten().zip(done))?;
        match failures.len() {
            0 => Ok(()),
            n => {
                let (cell, first) = failures.swap_remove(0);
                Err(first.context(format!("{n} of {all} cells failed, the first of them {cell}")))
            }
        }
    }

    /// The digest of everything that the cell runs, and ran before.
    fn digest(&self, job: &Job) -> String {
        // The text as it was written: a statement that is printed again has lost columns and options.
        let own = job.cell.steps.iter().map(|(resolved, _)| resolved.sql.clone());
        let mut hasher = blake3::Hasher::new();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        for text in self.before.iter().cloned().chain(own).chain([version]) {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// A session of its own that knows the same tables, and tells its trainings which cell they are of.
    fn session(&self, ctx: &SessionContext, job: &Job) -> SessionContext {
        let mut state = ctx.state();
        let values = job.cell.values.iter().map(|(axis, value)| (axis.clone(), value.to_string())).collect();
        let config = state.config_mut();
        config.set_extension(Arc::new(Origin { values, job: self.digest(job) }));
        // Bars of several trainings would overwrite one another: cells are told of when they are done.
        config.set_extension(Arc::new(Progress::new(|_| {})));
        SessionContext::new_with_state(state)
    }

    /// The versions that a cell trained, if all of them are there.
    async fn done(&self, ctx: &SessionContext, job: &Job) -> Result<Option<Vec<Trained>>> {
        let (digest, mut wanted) = (self.digest(job), BTreeMap::<String, (Location, usize)>::new());
        // What cells share carries the digest of the one that ran it.
        let is_own = |values: &Values| values.len() == job.cell.values.len();
        let steps = job.cell.steps.iter().zip(&job.scripts);
        for (_, script) in steps.filter(|((_, values), _)| is_own(values)) {
            for target in script.statements.iter().filter_map(|of| model(&of.statement)) {
                let location = resolve::url(&ListingTableUrl::parse(target)?, ctx.runtime_env().as_ref())?;
                wanted.entry(location.to_string()).or_insert((location, 0)).1 += 1;
            }
        }
        let mut trained = vec![];
        for (location, count) in wanted.into_values() {
            let known = read::numbers(&location).await?;
            let versions = if known.is_empty() { vec![] } else { read::versions(&location).await? };
            let own = versions
                .iter()
                .filter(|version| version.manifest.summary.cell.as_ref().is_some_and(|cell| cell.job == digest));
            // Of a cell that was run again the newest are those that count.
            let numbers: Vec<u64> = own.map(|version| version.number).collect();
            if numbers.len() < count {
                return Ok(None);
            }
            trained.extend(numbers[numbers.len() - count..].iter().map(|number| (location.name().to_owned(), *number)));
        }
        Ok((!trained.is_empty()).then_some(trained))
    }

    fn shared(&self, jobs: &[Job]) -> Shared {
        let mut shared = Shared::new();
        for job in jobs {
            for (resolved, values) in &job.cell.steps {
                if values.len() < job.cell.values.len() {
                    shared.entry((resolved.step, key(values))).or_default();
                }
            }
        }
        shared
    }
}

fn is_interrupted(error: &DataFusionError) -> bool {
    matches!(Error::find(error), Some(Error::Interrupted(_)))
}

fn key(values: &Values) -> String {
    values.iter().map(|(axis, value)| format!("{axis}={value}")).collect::<Vec<_>>().join(",")
}

/// The target of a COPY that trains.
fn model(statement: &Statement) -> Option<&str> {
    let Statement::CopyTo(CopyToStatement { target, stored_as: Some(kind), .. }) = statement else { return None };
    ["LSTM", "GRU", "ENSEMBLE"].iter().any(|known| known.eq_ignore_ascii_case(kind)).then_some(target)
}

async fn run_job(ctx: &SessionContext, job: Job, shared: &Shared) -> Result<Job> {
    for ((resolved, values), script) in job.cell.steps.iter().zip(&job.scripts) {
        match shared.get(&(resolved.step, key(values))) {
            Some(once) if values.len() < job.cell.values.len() => {
                once.get_or_try_init(|| run_script(ctx, script)).await?;
            }
            _ => run_script(ctx, script).await?,
        }
    }
    Ok(job)
}

async fn run_script(ctx: &SessionContext, script: &Script) -> Result<()> {
    for statement in &script.statements {
        let result = async {
            match execute(ctx, statement.statement.clone()).await? {
                Some(rows) => drain(rows).await,
                None => Ok(()),
            }
        };
        result.await.map_err(|e| e.context(script.place(statement)))?;
    }
    Ok(())
}

/// The table `cells`: the axes, and the model and version that each cell trained.
fn register(ctx: &SessionContext, cells: impl Iterator<Item = (Cell, Option<Vec<Trained>>)>) -> Result<()> {
    let mut rows: Vec<(Cell, Trained)> = vec![];
    for (cell, trained) in cells {
        rows.extend(trained.into_iter().flatten().map(|trained| (cell.clone(), trained)));
    }
    let Some((first, _)) = rows.first() else { return Ok(()) };
    let axes: Vec<String> = first.values.iter().map(|(axis, _)| axis.clone()).collect();
    let mut columns: Vec<(String, ArrayRef)> = vec![];
    for (place, axis) in axes.into_iter().enumerate() {
        columns.push((axis, column(rows.iter().map(|(cell, _)| &cell.values[place].1))));
    }
    columns.push(("model".to_owned(), Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, (name, _))| name)))));
    let versions = Int64Array::from_iter_values(rows.iter().map(|(_, (_, number))| *number as i64));
    columns.push(("version".to_owned(), Arc::new(versions)));
    let batch = RecordBatch::try_from_iter(columns)?;
    ctx.deregister_table(CELLS)?;
    ctx.register_table(CELLS, Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))?;
    Ok(())
}

/// Values of an axis in the type that all of them have; texts where they have several.
fn column<'a>(values: impl Iterator<Item = &'a Scalar> + Clone) -> ArrayRef {
    let wholes = values.clone().map(|value| if let Scalar::Integer(n) = value { Some(*n) } else { None });
    if let Some(wholes) = wholes.collect::<Option<Vec<_>>>() {
        return Arc::new(Int64Array::from(wholes));
    }
    let number = |value: &Scalar| match value {
        Scalar::Integer(n) => Some(*n as f64),
        Scalar::Float(x) => Some(*x),
        _ => None,
    };
    if let Some(numbers) = values.clone().map(number).collect::<Option<Vec<_>>>() {
        return Arc::new(Float64Array::from(numbers));
    }
    let truths = values.clone().map(|value| if let Scalar::Boolean(truth) = value { Some(*truth) } else { None });
    match truths.collect::<Option<Vec<_>>>() {
        Some(truths) => Arc::new(BooleanArray::from(truths)),
        None => Arc::new(StringArray::from_iter_values(values.map(Scalar::to_string))),
    }
}
