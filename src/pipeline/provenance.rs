//! The SQL that a model is made by: the COPY, and the views that it reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{CopyToSource, CopyToStatement, DFParser, Statement};

use crate::store::manifest::Sql;

/// Tells the training that a COPY starts by what SQL it was made.
pub(super) async fn note(ctx: &SessionContext, statement: &Statement) {
    let Statement::CopyTo(copy) = statement else { return };
    let (mut texts, mut seen) = (vec![], BTreeSet::new());
    views(ctx, statement, &mut seen, &mut texts).await;
    texts.push(pretty(copy));
    let text: String = texts.into_iter().map(|text| text + ";\n").collect::<Vec<_>>().join("\n");
    ctx.state_ref().write().config_mut().set_extension(Arc::new(Sql(text)));
}

/// The views that a statement reads, those that they read first; each once.
///
/// Tables are left out: an external one may have been made with a password.
async fn views(ctx: &SessionContext, statement: &Statement, seen: &mut BTreeSet<String>, texts: &mut Vec<String>) {
    let Ok(tables) = ctx.state().resolve_table_references(statement) else { return };
    for table in tables {
        if !seen.insert(table.to_string()) {
            continue;
        }
        let Ok(provider) = ctx.table_provider(table).await else { continue };
        let Some(mut parsed) = provider.get_table_definition().and_then(|sql| DFParser::parse_sql(sql).ok()) else {
            continue;
        };
        let Some(statement @ Statement::Statement(_)) = parsed.pop_front() else { continue };
        Box::pin(views(ctx, &statement, seen, texts)).await;
        if let Statement::Statement(view) = statement {
            texts.push(format!("{view:#}"));
        }
    }
}

/// The COPY as it can be run again, its query over several lines.
fn pretty(copy: &CopyToStatement) -> String {
    let CopyToStatement { source, target, partitioned_by, stored_as, options } = copy;
    let mut text = match source {
        CopyToSource::Query(query) => format!("COPY (\n{query:#}\n) TO '{}'", target.replace('\'', "''")),
        CopyToSource::Relation(name) => format!("COPY {name} TO '{}'", target.replace('\'', "''")),
    };
    if let Some(kind) = stored_as {
        text += &format!(" STORED AS {kind}");
    }
    if !partitioned_by.is_empty() {
        text += &format!(" PARTITIONED BY ({})", partitioned_by.join(", "));
    }
    let options: Vec<String> = options.iter().map(|(name, value)| format!("'{name}' {value}")).collect();
    if !options.is_empty() {
        text += &format!("\nOPTIONS (\n  {}\n)", options.join(",\n  "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn views_come_before_what_reads_them_and_tables_not_at_all() {
        let ctx = SessionContext::new();
        for sql in [
            "CREATE EXTERNAL TABLE raw (a INT) STORED AS CSV LOCATION 'Cargo.toml' OPTIONS ('format.delimiter' 'x')",
            "CREATE VIEW frames AS SELECT a FROM raw",
            "CREATE VIEW windows AS SELECT a, a + 1 AS b FROM frames",
        ] {
            ctx.sql(sql).await.unwrap().collect().await.unwrap();
        }
        let sql = "COPY (SELECT * FROM windows w JOIN frames f ON w.a = f.a) TO 'models/gait' STORED AS LSTM OPTIONS ('units' '8')";
        note(&ctx, &DFParser::parse_sql(sql).unwrap()[0]).await;
        let told = ctx.copied_config().get_extension::<Sql>().unwrap();
        let words: Vec<&str> = told.0.split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "CREATE VIEW frames AS SELECT a FROM raw; CREATE VIEW windows AS SELECT a, a + 1 AS b FROM frames; \
             COPY ( SELECT * FROM windows AS w JOIN frames AS f ON w.a = f.a ) TO 'models/gait' STORED AS LSTM \
             OPTIONS ( 'units' '8' );"
        );
        // What is told can be run again.
        assert_eq!(DFParser::parse_sql(&told.0).unwrap().len(), 3);
    }
}
