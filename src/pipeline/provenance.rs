//! The SQL that a model is made by: the COPY, and what made the views and tables that it reads, as it was written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::TableReference;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::{ObjectName, Statement as SqlStatement, TableObject};

use super::hidden::sql_without_secrets;
use super::script::{Located, dialect};
use crate::store::manifest::Sql;

/// A text of more bytes, rows of VALUES most likely, is left out.
const LONGEST: usize = 10_000;

/// The statements behind each table of a session, by its full name, in the order in which they ran.
///
/// They are noted when they run: a view is bound to what its names meant then.
#[derive(Debug, Default)]
pub(super) struct Made(Mutex<BTreeMap<String, History>>);

#[derive(Debug, Default)]
struct History {
    /// A view sees the rows that its tables get later.
    is_view: bool,
    texts: Vec<Arc<str>>,
}

/// Begins to note what tables of the session, and of those that are cloned from it, are made by.
pub(super) fn begin(ctx: &SessionContext) -> Arc<Made> {
    if let Some(made) = ctx.copied_config().get_extension::<Made>() {
        return made;
    }
    let made = Arc::new(Made::default());
    ctx.state_ref().write().config_mut().set_extension(Arc::clone(&made));
    made
}

/// Tells the training that a COPY starts by what SQL it is made; nothing where the statement is none.
pub(super) fn note_copy(ctx: &SessionContext, located: &Located) {
    let made = begin(ctx);
    let text = copy(&located.statement).map(|copy| {
        let mut texts = made.behind(ctx, copy, None);
        texts.push(kept(ctx, &located.text));
        texts.iter().map(|text| format!("{text};\n")).collect::<Vec<_>>().join("\n")
    });
    ctx.state_ref().write().config_mut().set_extension(Arc::new(Sql(text.unwrap_or_default())));
}

/// What a statement will have made a view or a table of, or put rows into; to be noted once it has.
pub(super) struct Change {
    made: Arc<Made>,
    /// The view or table.
    name: String,
    is_new: bool,
    is_view: bool,
    texts: Vec<Arc<str>>,
}

/// What a statement changes, if it is of that kind.
pub(super) fn change(ctx: &SessionContext, located: &Located) -> Option<Change> {
    let statement: &Statement = &located.statement;
    let (name, is_new) = changed(statement)?;
    let (made, name) = (begin(ctx), full(ctx, name));
    let mut texts = made.behind(ctx, statement, Some(&name));
    texts.push(match statement {
        // Not its options, which may hold a password, nor its place, which may be one.
        Statement::CreateExternalTable(_) => format!("-- {name} is an external table").into(),
        _ => kept(ctx, &located.text),
    });
    let is_view = matches!(statement, Statement::Statement(of) if matches!(**of, SqlStatement::CreateView(_)));
    Some(Change { made, name, is_new, is_view, texts })
}

impl Change {
    /// Notes that the statement has run.
    pub fn note(self) {
        let Self { made, name, is_new, is_view, texts } = self;
        let mut known = made.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_new {
            known.insert(name, History { is_view, texts });
            return;
        }
        let Some(before) = known.get(&name).map(|history| history.texts.clone()) else { return };
        let sees = |(of, history): &(&String, &mut History)| {
            **of == name || (history.is_view && before.iter().all(|text| history.texts.contains(text)))
        };
        for (_, history) in known.iter_mut().filter(sees) {
            let new: Vec<_> = texts.iter().filter(|text| !history.texts.contains(text)).cloned().collect();
            history.texts.extend(new);
        }
    }
}

impl Made {
    /// The statements behind what a statement reads, each once; `but` is a name that it makes itself.
    fn behind(&self, ctx: &SessionContext, statement: &Statement, but: Option<&str>) -> Vec<Arc<str>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut texts: Vec<Arc<str>> = vec![];
        for table in ctx.state().resolve_table_references(statement).unwrap_or_default() {
            let name = full(ctx, table);
            if Some(name.as_str()) == but {
                continue;
            }
            for text in known.get(&name).into_iter().flat_map(|history| &history.texts) {
                if !texts.contains(text) {
                    texts.push(Arc::clone(text));
                }
            }
        }
        texts
    }
}

/// The COPY that a statement runs, EXPLAIN ANALYZE's too.
pub(super) fn copy(statement: &Statement) -> Option<&Statement> {
    match statement {
        Statement::CopyTo(_) => Some(statement),
        Statement::Explain(explain) if explain.options.analyze => copy(&explain.statement),
        _ => None,
    }
}

/// The table or view that a statement makes, or puts rows into, and whether it is a new one.
pub(super) fn changed(statement: &Statement) -> Option<(TableReference, bool)> {
    let reference = |name: &ObjectName| object_name_to_table_reference(name.clone(), true).ok();
    match statement {
        Statement::CreateExternalTable(made) => Some((reference(&made.name)?, true)),
        Statement::Statement(statement) => match statement.as_ref() {
            SqlStatement::CreateTable(made) => Some((reference(&made.name)?, true)),
            SqlStatement::CreateView(made) => Some((reference(&made.name)?, true)),
            SqlStatement::Insert(insert) => match &insert.table {
                TableObject::TableName(name) => Some((reference(name)?, false)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn full(ctx: &SessionContext, table: TableReference) -> String {
    let config = ctx.copied_config();
    let catalog = &config.options().catalog;
    let resolved = table.resolve(&catalog.default_catalog, &catalog.default_schema);
    match (&*resolved.catalog, &*resolved.schema) {
        (of, schema) if of == catalog.default_catalog && schema == catalog.default_schema => resolved.table.to_string(),
        _ => resolved.to_string(),
    }
}

/// What is kept of a statement.
fn kept(ctx: &SessionContext, text: &str) -> Arc<str> {
    shortened(&sql_without_secrets(dialect(ctx).as_ref(), text))
}

fn shortened(text: &str) -> Arc<str> {
    match text.len() {
        n if n > LONGEST => {
            format!("-- {n} bytes of SQL, which begin with {:?}", text.chars().take(60).collect::<String>())
        }
        _ => text.to_owned(),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::super::script::{Script, drain, execute};
    use super::*;

    /// What is noted of the last statement.
    async fn told(sql: &str) -> String {
        let ctx = SessionContext::new();
        for statement in Script::parse(&ctx, "", sql).unwrap().statements {
            if copy(&statement.statement).is_some() {
                // There is nobody here to train.
                note_copy(&ctx, &statement);
            } else if let Some(rows) = execute(&ctx, statement).await.unwrap() {
                drain(rows).await.unwrap();
            }
        }
        ctx.copied_config().get_extension::<Sql>().unwrap().0.clone()
    }

    const COPY: &str = "COPY (SELECT * FROM windows) TO 'models/gait' STORED AS LSTM OPTIONS ('units' '8')";

    #[tokio::test]
    async fn what_was_read_comes_before_what_reads_it_as_it_was_written() {
        let made = [
            "CREATE TABLE frames AS SELECT 'a\n  b' AS a",
            "CREATE VIEW windows AS -- of frames\n  SELECT a FROM frames",
            "CREATE VIEW other AS SELECT 1",
            "INSERT INTO frames SELECT 'c'",
        ];
        let sql = made.join(";\n") + ";\n" + COPY + ";";
        // A view sees rows that come later.
        assert_eq!(told(&sql).await, format!("{};\n\n{};\n\n{};\n\n{COPY};\n", made[0], made[1], made[3]));
    }

    #[tokio::test]
    async fn a_view_is_made_by_what_its_names_meant_then() {
        let sql = "CREATE VIEW a AS SELECT 1 AS n; CREATE VIEW windows AS SELECT * FROM a; CREATE OR REPLACE VIEW a AS SELECT 7 AS n;";
        assert_eq!(
            told(&format!("{sql} {COPY}")).await,
            format!("CREATE VIEW a AS SELECT 1 AS n;\n\nCREATE VIEW windows AS SELECT * FROM a;\n\n{COPY};\n")
        );
    }

    #[tokio::test]
    async fn options_of_external_tables_are_not_told() {
        let table = "CREATE EXTERNAL TABLE windows (a TEXT) STORED AS CSV LOCATION 'Cargo.toml' OPTIONS ('format.null_value' 'secret')";
        assert_eq!(told(&format!("{table}; {COPY}")).await, format!("-- windows is an external table;\n\n{COPY};\n"));
    }

    #[tokio::test]
    async fn secrets_are_not_told() {
        let view = "CREATE VIEW windows AS -- password: x\n SELECT 'https://me:pw@h/' AS token";
        let copy = COPY.replace("'units' '8'", "'units' '8', 'aws.secret_access_key' 'x'");
        let hidden = copy.replace("'x'", "'***'");
        let told = told(&format!("{view}; {copy}")).await;
        assert_eq!(told, format!("CREATE VIEW windows AS -- ***\n SELECT 'https://***@h/' AS token;\n\n{hidden};\n"));
    }

    #[tokio::test]
    async fn nothing_is_told_of_a_statement_that_trains_nothing() {
        assert_eq!(told(&format!("CREATE TABLE windows AS SELECT 1; {COPY}; SELECT 1")).await, "");
    }
}
