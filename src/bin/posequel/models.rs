//! `posequel models`: what has been trained, and how good it is.

use std::io::{Write, stderr, stdout};
use std::time::SystemTime;

use datafusion::common::Result;
use datafusion::prelude::{DataFrame, SessionContext};
use posequel::error::Error;
use posequel::notes::Notes;
use posequel::pipeline::Output;
use posequel::plugin::catalog::root;
use posequel::store::care;
use posequel::store::overview::overview;

use crate::args::{ModelsArgs, ModelsVerb};
use crate::life::INTERRUPT;
use crate::session;

pub async fn run(args: ModelsArgs) -> Result<()> {
    let ModelsArgs { verb, name, format, set, partitions } = args;
    if let (Some(name), Some(_)) = (&name, &verb) {
        let message =
            format!("models: '{name}' stands before a command; write it behind: posequel models verify {name}");
        return Err(Error::Query(message).into());
    }
    let ctx = session::open(&set, partitions).await?;
    let mut out = Output::new(format, stdout()).with_interrupt(INTERRUPT.as_ref().clone());
    let mut bad = 0;
    let rows = match (verb, name) {
        // An unknown name is refused by the catalog, which names the nearest.
        (Some(ModelsVerb::Show { name }), _) | (None, Some(name)) => ctx.sql(&versions(&name)).await?,
        (None, None) => all(&ctx).await?,
        (Some(ModelsVerb::Verify { name }), _) => {
            let rows = care::verify(&root(&ctx)?, name.as_deref()).await?;
            bad = rows.iter().filter(|row| row.is_bad()).count();
            ctx.read_batch(care::batch(&rows)?)?
        }
        (Some(ModelsVerb::Vacuum { name, older_than, dry_run }), _) => {
            let before = SystemTime::now().checked_sub(older_than).unwrap_or(SystemTime::UNIX_EPOCH);
            let rows = care::vacuum(&root(&ctx)?, name.as_deref(), before, dry_run).await?;
            if dry_run && !rows.is_empty() {
                writeln!(stderr(), "note: nothing was removed; without --dry-run these would be")?;
            }
            ctx.read_batch(care::batch(&rows)?)?
        }
        (Some(ModelsVerb::Rm { name }), _) => {
            ctx.read_batch(care::batch(&care::remove(&root(&ctx)?, &name).await?)?)?
        }
    };
    out.write(rows.execute_stream().await?).await?;
    out.finish()?;
    if bad > 0 {
        return Err(Error::Model(format!(
            "{bad} files are damaged or missing; restore them, or train again for a new version"
        ))
        .into());
    }
    Ok(())
}

/// A line for each model; what cannot be read is a note.
async fn all(ctx: &SessionContext) -> Result<DataFrame> {
    let overview = overview(&root(ctx)?).await?;
    if let Some(notes) = ctx.copied_config().get_extension::<Notes>() {
        overview.doubts.into_iter().for_each(|doubt| notes.say(doubt));
    }
    if overview.rows.num_rows() == 0 {
        writeln!(stderr(), "note: there are no models here; posequel run pipelines/quickstart.toml trains one")?;
    }
    ctx.read_batch(overview.rows)
}

/// The best version is the one with the lowest validation loss: choosing by test numbers would spoil them.
const BEST: &str = "ORDER BY val_loss ASC NULLS LAST, version DESC";

fn versions(name: &str) -> String {
    format!(
        "SELECT version, created_at, kind, train_rows, validation_rows, test_rows, epochs, best_epoch, val_loss, \
         test_accuracy, test_accuracy_low, test_accuracy_high, \
         row_number() OVER ({BEST}) = 1 AS best, location \
         FROM models.\"{}\".versions ORDER BY version",
        name.replace('"', "\"\"")
    )
}
