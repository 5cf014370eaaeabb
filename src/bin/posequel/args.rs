//! Commands and their flags; `--help` is the manual.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use posequel::pipeline::{Assignment, Format};
use posequel::store::age;

/// Pose sequences to trained models, in SQL
#[derive(Debug, Parser)]
#[command(name = "posequel", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run SQL: a line, a file, standard input, or a prompt
    #[command(after_help = SQL_EXAMPLES)]
    Sql(SqlArgs),
    /// Run a pipeline and check what it expects of its results
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// List the trained models, or the versions of one with their test metrics; look after them
    #[command(after_help = MODELS_EXAMPLES)]
    Models(ModelsArgs),
    /// Write a report on a model: one HTML file with its results, findings, data and recipe
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArgs),
}

#[derive(Debug, Args)]
pub struct SqlArgs {
    /// SQL to run; several statements are parted by ';'
    #[arg(short, long, value_name = "SQL", conflicts_with = "file")]
    pub command: Option<String>,
    /// File of SQL to run
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How rows are written: table, csv, json or ndjson
    #[arg(long, value_name = "FORMAT", default_value = "table", long_help = FORMATS)]
    pub format: Format,
    /// Safe mode: files are touched below the allowed folders alone, and settings stay as they are
    #[arg(long)]
    pub safe: bool,
    /// A folder below which safe mode may read; may be given several times
    #[arg(long, value_name = "FOLDER", requires = "safe")]
    pub allow_read: Vec<PathBuf>,
    /// A folder below which safe mode may read and write, and make tables; may be given several times
    #[arg(long, value_name = "FOLDER", requires = "safe")]
    pub allow_write: Vec<PathBuf>,
    #[command(flatten)]
    pub session: SessionArgs,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// The pipeline, a TOML file; paths inside it count from the current directory
    #[arg(value_name = "PIPELINE.toml")]
    pub pipeline: PathBuf,
    /// Override a variable of the pipeline, or set a session option; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<Assignment>,
    /// How rows are written: table, csv, json or ndjson
    #[arg(long, value_name = "FORMAT", default_value = "table", long_help = FORMATS)]
    pub format: Format,
    /// Run cells of a matrix again whose models are there
    #[arg(long)]
    pub fresh: bool,
    /// Partitions of a query, short for --set datafusion.execution.target_partitions=N [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub partitions: Option<u32>,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    pub verb: Option<ModelsVerb>,
    /// A model; without it, a line for each model
    pub name: Option<String>,
    /// How rows are written: table, csv, json or ndjson
    #[arg(long, global = true, value_name = "FORMAT", default_value = "table", long_help = FORMATS)]
    pub format: Format,
    /// Set a session option (posequel.* or datafusion.*); may be given several times
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<Assignment>,
    /// Partitions of a query, short for --set datafusion.execution.target_partitions=N [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub partitions: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub enum ModelsVerb {
    /// List the versions of a model, as without 'show'; for one that is called like a command
    Show {
        /// A model
        name: String,
    },
    /// Read every file and compare it with its checksum; exit code 1 when one is damaged or missing
    Verify {
        /// A model; without it, all of them
        name: Option<String>,
    },
    /// Remove what no version refers to: files of publications that were cut off or removed, and trainings that nobody continues
    Vacuum {
        /// A model; without it, all of them
        name: Option<String>,
        /// Only what was last written longer ago than this: 30m, 12h, 1d, 2w
        #[arg(long, value_name = "AGE", default_value = "1d", value_parser = age::parse)]
        older_than: Duration,
        /// Show what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove a version, or all of a model; numbers are never given again, and the files go by vacuum
    Rm {
        /// A version such as 'gait@3'; 'gait' removes all of its versions
        #[arg(value_name = "NAME[@N]")]
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// A model, 'gait' for its newest version or 'gait@3' for a certain one
    pub name: String,
    /// The file to write, in a folder that exists; '-' is standard output
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    pub output: PathBuf,
    /// Set a session option (posequel.* or datafusion.*); may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<Assignment>,
}

#[derive(Debug, Args)]
pub struct SessionArgs {
    /// Set a session option (posequel.* or datafusion.*); may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<Assignment>,
    /// Partitions of a query, short for --set datafusion.execution.target_partitions=N [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub partitions: Option<u32>,
}

const FORMATS: &str = "\
How rows are written to standard output:
  table   for people; lists of more than 8 values are shortened
  csv     a header for each result; lists and structs as JSON text
  json    one array of row objects: the last result of the script, [] when it has no rows
  ndjson  one row object per line, for every result of the script
In both kinds of JSON, NULL, NaN and infinities are null, and a second column named a is a_2.";

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 error, 2 wrong usage, 3 data refused, 4 out of memory or disk, 130 interrupted.

Examples:
  posequel run pipelines/quickstart.toml
  posequel sql -f sql/01_frames.sql
  posequel models
  posequel report gait -o report.html";

const SQL_EXAMPLES: &str = "\
A script is parsed whole before it runs, and stops at its first failing statement.
Without -c and -f, a terminal gets a prompt, and other standard input is read as a script.

Examples:
  posequel sql -c \"SELECT label, count(*) FROM 'tests/data/watch.parquet' GROUP BY label\"
  posequel sql -f sql/06_train.sql --partitions 2
  posequel sql -c 'SELECT * FROM models.gait.history ORDER BY epoch' --format csv > history.csv
  echo 'SELECT 1 AS one' | posequel sql --format json
  posequel sql --safe --allow-read data -f theirs.sql";

const RUN_EXAMPLES: &str = "\
Examples:
  posequel run pipelines/quickstart.toml
  posequel run pipelines/imbalanced.toml --set seed=9
  posequel run pipelines/quickstart.toml --partitions 2
  posequel run pipelines/watch_sweep.toml --set width=15,20

A pipeline with a [matrix] goes on where it was stopped: cells whose models are there are not run again, unless their SQL
has changed. Changed data is not noticed: --fresh runs them all.";

const MODELS_EXAMPLES: &str = "\
Examples:
  posequel models
  posequel models gait
  posequel models gait --format json --set posequel.models.location=/tmp/models/
  posequel models verify
  posequel models rm gait@3
  posequel models vacuum --older-than 1d --dry-run";

const REPORT_EXAMPLES: &str = "\
The file holds all that it shows: it runs no script, asks nothing of a network, and can be printed or sent as it is.

Examples:
  posequel report gait
  posequel report gait@3 -o gait-3.html
  posequel report gait --set posequel.models.location=/tmp/models/ -o - > report.html";
