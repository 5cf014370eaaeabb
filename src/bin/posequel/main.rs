//! The command line of posequel: SQL, pipelines, models and reports, from a shell.

mod args;
mod life;
mod logging;
mod models;
mod progress;
mod repl;
mod report;
mod session;
mod signals;
mod sql;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use datafusion::common::Result;

use args::{Cli, Command};
use life::Life;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    life::live(async |life| dispatch(cli, life).await)
}

async fn dispatch(cli: Cli, life: &mut Life) -> Result<()> {
    match cli.command {
        Command::Sql(args) => sql::run(args, life).await,
        Command::Run(args) => life.run(run_pipeline(args)).await,
        Command::Models(args) => life.run(models::run(args)).await,
        Command::Report(args) => life.run(report::run(args)).await,
    }
}

async fn run_pipeline(args: args::RunArgs) -> Result<()> {
    let mut manifest = posequel::pipeline::Manifest::read(&args.pipeline)?;
    manifest.fresh = args.fresh;
    let ctx = session::open(&[], args.partitions).await?;
    let out = posequel::pipeline::Output::new(args.format, std::io::stdout());
    let mut out = out.with_interrupt(life::INTERRUPT.as_ref().clone());
    posequel::pipeline::run(&ctx, manifest, &args.set, &mut out, &mut std::io::stderr()).await
}
