//! The cells of a matrix as jobs: some at a time, none again whose models are there, and a table that says which is which.

mod independent;
mod known;
mod table;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use datafusion::common::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

pub(super) use self::independent::check_independent;
use self::known::{Known, Trained, Trainings, model};
use super::Manifest;
use super::failure::message;
use super::matrix::{Cell, Values};
use super::script::{Script, drain, execute};
use crate::account::key::joined;
use crate::error::Error;
use crate::shown::in_line;
use crate::store::manifest::Cell as Origin;
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

/// A cell, step by step.
#[derive(Clone)]
struct Plan {
    cell: Cell,
    tasks: Vec<Task>,
}

/// A step of a cell.
#[derive(Clone)]
struct Task {
    /// Where the step stands in the pipeline.
    step: usize,
    /// The values that it is run for: of fewer axes than the cell's where cells share it.
    values: Values,
    script: Script,
    trainings: Arc<Trainings>,
    /// Its models are there: only what it makes for later steps is run.
    is_trained: bool,
}

/// Steps that several cells share, each run by the first of them that comes to it.
type Shared = BTreeMap<(usize, String), Arc<OnceCell<std::result::Result<(), Arc<DataFusionError>>>>>;

/// What cells of a pipeline share.
pub(super) struct Matrix<'a> {
    pub manifest: &'a Manifest,
    /// What was run before them.
    pub before: &'a [String],
}

impl Matrix<'_> {
    /// Runs the cells that are not done, and makes the table `cells`.
    ///
    /// # Errors
    /// Cells that failed, by name, after all others were run.
    pub async fn run(&self, ctx: &SessionContext, jobs: Vec<Job>, log: &mut (dyn Write + Send)) -> Result<()> {
        let (name, all) = (in_line(&self.manifest.name), jobs.len());
        let mut plans = jobs.into_iter().map(|job| self.plan(ctx, job)).collect::<Result<Vec<_>>>()?;
        if !self.manifest.fresh {
            let known = Known::read(plans.iter().flat_map(Plan::trainings)).await?;
            for task in plans.iter_mut().flat_map(|plan| &mut plan.tasks) {
                task.is_trained = !task.trainings.is_empty() && known.versions(&task.trainings).is_some();
            }
        }
        let mut waiting: Vec<Plan> = plans.iter().filter(|plan| !plan.is_done()).cloned().collect();
        if waiting.len() < all {
            writeln!(log, "{name}: {} of {all} cells are done; --fresh runs them again", all - waiting.len())?;
        }
        waiting.reverse();
        let (left, shared, began) = (waiting.len(), shared(&plans), Instant::now());
        let (mut running, mut ready, mut failures) = (JoinSet::new(), 0, vec![]);
        loop {
            while running.len() < self.manifest.parallel
                && let Some(plan) = waiting.pop()
            {
                let (ctx, shared) = (ctx.clone(), shared.clone());
                running.spawn(async move { (plan.cell.name(), plan.run(&ctx, &shared).await) });
            }
            let Some(ended) = running.join_next().await else { break };
            let (cell, result) = ended.map_err(|e| DataFusionError::from(Error::Internal(e.to_string())))?;
            ready += 1;
            let shown = in_line(&cell);
            match result {
                Ok(()) => {
                    let seconds = began.elapsed().as_secs_f64();
                    let to_go = seconds / ready as f64 * (left - ready) as f64;
                    writeln!(log, "{name}: {shown}: done, {ready} of {left} in {seconds:.0} s, {to_go:.0} s to go")?;
                }
                Err(e) if is_interrupted(&e) => return Err(e),
                Err(e) => {
                    writeln!(log, "{name}: {shown}: failed: {}", message(&e))?;
                    failures.push((cell, e));
                }
            }
        }
        if !failures.is_empty() {
            let (n, (cell, first)) = (failures.len(), failures.swap_remove(0));
            return Err(first.context(format!("{n} of {all} cells failed, the first of them {cell}")));
        }
        let known = Known::read(plans.iter().flat_map(Plan::trainings)).await?;
        let trained =
            |plan: Plan| (plan.trainings().filter_map(|of| known.versions(of)).flatten().collect(), plan.cell);
        let cells: Vec<(Cell, Vec<Trained>)> = plans.into_iter().map(trained).map(|(of, cell)| (cell, of)).collect();
        table::register(ctx, &cells)
    }

    fn plan(&self, ctx: &SessionContext, job: Job) -> Result<Plan> {
        let trainings = |place| Trainings::of(ctx, &job, place, self.before).map(Arc::new);
        let trainings = (0..job.scripts.len()).map(trainings).collect::<Result<Vec<_>>>()?;
        let mut tasks = vec![];
        for (((resolved, values), script), trainings) in job.cell.steps.iter().zip(job.scripts).zip(trainings) {
            let values = values.clone();
            tasks.push(Task { step: resolved.step, values, script, trainings, is_trained: false });
        }
        Ok(Plan { tasks, cell: job.cell })
    }
}

impl Plan {
    fn trainings(&self) -> impl Iterator<Item = &Trainings> {
        self.tasks.iter().map(|task| task.trainings.as_ref())
    }

    /// Whether every model that it trains is there; never of a cell that trains none.
    fn is_done(&self) -> bool {
        let mut training = self.tasks.iter().filter(|task| !task.trainings.is_empty()).peekable();
        training.peek().is_some() && training.all(|task| task.is_trained)
    }

    async fn run(&self, ctx: &SessionContext, shared: &Shared) -> Result<()> {
        let ctx = &session(ctx);
        for task in &self.tasks {
            match shared.get(&task.key()) {
                Some(once) => {
                    let run = async || task.run(ctx).await.map_err(Arc::new);
                    once.get_or_init(run).await.clone().map_err(DataFusionError::Shared)?;
                }
                None => task.run(ctx).await?,
            }
        }
        Ok(())
    }
}

impl Task {
    fn key(&self) -> (usize, String) {
        let values: Vec<String> =
            self.values.iter().flat_map(|(axis, value)| [axis.clone(), value.to_string()]).collect();
        (self.step, joined(values.iter().map(|text| Some(text.as_str()))))
    }

    async fn run(&self, ctx: &SessionContext) -> Result<()> {
        // Trainings are told which cell they are of.
        let values = self.values.iter().map(|(axis, value)| (axis.clone(), value.to_string())).collect();
        let origin = Origin { values, job: self.trainings.digest.clone() };
        ctx.state_ref().write().config_mut().set_extension(Arc::new(origin));
        for statement in &self.script.statements {
            if self.is_trained && model(&statement.statement).is_some() {
                continue;
            }
            let result = async {
                match execute(ctx, statement.clone()).await? {
                    Some(rows) => drain(rows).await,
                    None => Ok(()),
                }
            };
            result.await.map_err(|e| e.context(self.script.place(statement)))?;
        }
        Ok(())
    }
}

/// A session of a cell's own that knows the same tables.
fn session(ctx: &SessionContext) -> SessionContext {
    let mut state = ctx.state();
    // Bars of several trainings would overwrite one another: cells are told of when they are done.
    state.config_mut().set_extension(Arc::new(Progress::new(|_| {})));
    SessionContext::new_with_state(state)
}

fn shared(plans: &[Plan]) -> Shared {
    let tasks = plans.iter().flat_map(|plan| plan.tasks.iter().map(|task| (task, plan.cell.values.len())));
    tasks.filter(|(task, axes)| task.values.len() < *axes).map(|(task, _)| (task.key(), Arc::default())).collect()
}

fn is_interrupted(error: &DataFusionError) -> bool {
    matches!(Error::find(error), Some(Error::Interrupted(_)))
}
