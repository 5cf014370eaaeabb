//! For tests: the examples in the documentation of functions, run.

use arrow::util::pretty::pretty_format_batches;
use datafusion::logical_expr::Documentation;
use datafusion::prelude::SessionContext;

/// Runs the example of a function, which must print the table that it shows.
pub async fn check(session: &SessionContext, documentation: Option<&Documentation>) {
    let example = documentation.and_then(|d| d.sql_example.clone()).unwrap();
    let body = example.trim_start_matches("```sql\n> ").trim_end_matches("\n```");
    let (query, table) = body.split_once(";\n").unwrap();
    let batches = session.sql(query).await.unwrap().collect().await.unwrap();
    assert_eq!(pretty_format_batches(&batches).unwrap().to_string(), table, "{query}");
}
