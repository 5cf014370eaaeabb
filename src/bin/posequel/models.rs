//! `posequel models`: what has been trained, and how good it is.

use std::io::{Write, stderr, stdout};

use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use posequel::pipeline::Output;

use crate::args::ModelsArgs;
use crate::life::INTERRUPT;
use crate::session;

pub async fn run(args: ModelsArgs) -> Result<()> {
    let ctx = session::open(&args.session.set, args.session.partitions).await?;
    let sql = match args.name {
        // An unknown name is refused by the catalog, which names the nearest.
        Some(name) => versions(&name),
        None => overview(&names(&ctx)?),
    };
    let mut out = Output::new(args.format, stdout()).with_interrupt(INTERRUPT.as_ref().clone());
    out.write(ctx.sql(&sql).await?.execute_stream().await?).await?;
    out.finish()?;
    Ok(())
}

fn names(ctx: &SessionContext) -> Result<Vec<String>> {
    let mut names = ctx.catalog("models").map(|c| c.schema_names()).unwrap_or_default();
    names.retain(|name| name != "information_schema");
    names.sort();
    if names.is_empty() {
        writeln!(stderr(), "note: there are no models here; posequel run pipelines/quickstart.toml trains one")?;
    }
    Ok(names)
}

/// The best version is the one with the lowest validation loss: choosing by test numbers would spoil them.
const BEST: &str = "ORDER BY val_loss ASC NULLS LAST, version DESC";

fn versions(name: &str) -> String {
    format!(
        "SELECT version, created_at, kind, train_rows, validation_rows, test_rows, epochs, best_epoch, val_loss, \
         test_accuracy, test_accuracy_low, test_accuracy_high, \
         row_number() OVER ({BEST}) = 1 AS best, location \
         FROM models.{} ORDER BY version",
        table(name)
    )
}

fn overview(names: &[String]) -> String {
    let best = |column: &str, alias: &str| format!("first_value({column} {BEST}) AS {alias}");
    let columns = [
        best("version", "best"),
        best("val_loss", "val_loss"),
        best("test_accuracy", "test_accuracy"),
        best("test_accuracy_low", "test_accuracy_low"),
        best("test_accuracy_high", "test_accuracy_high"),
    ]
    .join(", ");
    let rows = names.iter().map(|name| {
        let text = name.replace('\'', "''");
        let from = table(name);
        format!("SELECT '{text}' AS model, count(*) AS versions, max(version) AS latest, {columns} FROM models.{from}")
    });
    let none = "SELECT '' AS model, 0 AS versions, 0 AS latest, 0 AS best, 0.0 AS val_loss, 0.0 AS test_accuracy, \
                0.0 AS test_accuracy_low, 0.0 AS test_accuracy_high WHERE false";
    let all = rows.collect::<Vec<_>>().join(" UNION ALL ");
    format!("SELECT * FROM ({}) ORDER BY model", if all.is_empty() { none } else { &all })
}

fn table(name: &str) -> String {
    format!("\"{}\".versions", name.replace('"', "\"\""))
}
