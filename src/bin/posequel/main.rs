//! The command line of posequel: SQL, pipelines, models and reports, from a shell.

mod args;
mod models;
mod progress;
mod repl;
mod report;
mod session;
mod sql;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use datafusion::common::{DataFusionError, Result};
use posequel::pipeline::{exit_code, is_broken_pipe, message};

use args::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return fail(&DataFusionError::IoError(e)),
    };
    let result = runtime.block_on(dispatch(cli));
    // Threads of a cancelled query may still be busy: nobody waits for them.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&e),
    }
}

async fn dispatch(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Sql(args) => sql::run(args).await,
        Command::Run(args) => session::interruptible(run_pipeline(args)).await,
        Command::Models(args) => session::interruptible(models::run(args)).await,
        Command::Report(args) => session::interruptible(report::run(args)).await,
    }
}

async fn run_pipeline(args: args::RunArgs) -> Result<()> {
    let mut manifest = posequel::pipeline::Manifest::read(&args.pipeline)?;
    manifest.fresh = args.fresh;
    let ctx = session::open(&[], args.partitions).await?;
    let mut out = posequel::pipeline::Output::new(args.format, std::io::stdout());
    posequel::pipeline::run(&ctx, manifest, &args.set, &mut out, &mut std::io::stderr()).await
}

fn fail(error: &DataFusionError) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    // Nobody is left to tell when stderr is closed as well.
    let _ = writeln!(std::io::stderr(), "error: {}", message(error));
    ExitCode::from(exit_code(error))
}
