//! Result rows as text: a table to look at, or CSV, JSON and lines of JSON for other programs.

mod csv;
mod json;
mod table;

use std::fmt;
use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures::{StreamExt, TryStreamExt};

use crate::error::{Error, suggest};
use crate::interrupt::Interrupt;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A table in ASCII; long lists are shortened.
    #[default]
    Table,
    /// CSV with a header for each result; lists and structs as JSON text, NULL as an empty field.
    Csv,
    /// One JSON array of row objects: the last result of a script, NULL written out, `[]` when there are no rows.
    Json,
    /// One JSON object per row and line, for every result of a script.
    Ndjson,
}

impl Format {
    /// The names that `FromStr` knows, in the order of a help text.
    pub const NAMES: [&'static str; 4] = ["table", "csv", "json", "ndjson"];
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> std::result::Result<Self, Error> {
        match name.to_lowercase().as_str() {
            "table" => Ok(Self::Table),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "ndjson" => Ok(Self::Ndjson),
            _ => Err(Error::Query(format!("there is no format '{name}'{}", suggest(name, Self::NAMES)))),
        }
    }
}

/// Where results go: rows are encoded as `format` and written to `out`.
///
/// CSV and lines of JSON are streamed, batch by batch. A table needs its widest value first. JSON is held until
/// [`finish`](Self::finish), so that what a failing script leaves behind is never half an array.
pub struct Output<W> {
    format: Format,
    out: W,
    results: usize,
    held: Vec<RecordBatch>,
    interrupt: Interrupt,
}

impl<W: Write> Output<W> {
    /// Nothing is written yet.
    pub fn new(format: Format, out: W) -> Self {
        Self { format, out, results: 0, held: Vec::new(), interrupt: Interrupt::default() }
    }

    /// Writes nothing any more once this flag is set: rows of a statement that was stopped would stand where nobody expects them.
    pub fn with_interrupt(self, interrupt: Interrupt) -> Self {
        Self { interrupt, ..self }
    }

    /// Reads a result to its end and writes it.
    pub async fn write(&mut self, mut rows: SendableRecordBatchStream) -> Result<()> {
        let schema = unique_names(&rows.schema());
        let renamed = |batch: Result<RecordBatch>| -> Result<RecordBatch> {
            Ok(RecordBatch::try_new(Arc::clone(&schema), batch?.columns().to_vec())?)
        };
        self.results += 1;
        match self.format {
            Format::Table => {
                let batches: Vec<_> = rows.try_collect().await?;
                let text = table::text(&rows_schema(&batches, &schema), &batches)?;
                self.interrupt.check()?;
                self.out.write_all(text.as_bytes())?;
            }
            Format::Json => self.held = rows.map(renamed).try_collect().await?,
            Format::Ndjson => {
                while let Some(batch) = rows.next().await {
                    self.interrupt.check()?;
                    self.out.write_all(&json::lines(&renamed(batch)?)?)?;
                }
            }
            Format::Csv => {
                if self.results > 1 {
                    self.out.write_all(b"\n")?;
                }
                self.out.write_all(&csv::header(&schema)?)?;
                while let Some(batch) = rows.next().await {
                    self.interrupt.check()?;
                    self.out.write_all(&csv::rows(&renamed(batch)?)?)?;
                }
            }
        }
        Ok(self.out.flush()?)
    }

    /// Ends the output: writes what JSON held, and returns how many earlier results it left out.
    pub fn finish(&mut self) -> Result<usize> {
        if self.format != Format::Json {
            return Ok(0);
        }
        self.interrupt.check()?;
        json::array(&self.held, &mut self.out)?;
        self.out.flush()?;
        Ok(self.results.saturating_sub(1))
    }
}

impl<W> fmt::Debug for Output<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("format", &self.format).field("results", &self.results).finish_non_exhaustive()
    }
}

/// A table keeps the names as the query gave them: nobody looks a column up in it by name.
fn rows_schema(batches: &[RecordBatch], unique: &SchemaRef) -> SchemaRef {
    batches.first().map_or_else(|| Arc::clone(unique), RecordBatch::schema)
}

/// `a, a_2` for a join's `a, a`: an object with two equal keys would lose one of them.
fn unique_names(schema: &SchemaRef) -> SchemaRef {
    let mut taken: Vec<String> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let names = std::iter::once(field.name().clone()).chain((2..).map(|n| format!("{}_{n}", field.name())));
        let is_free = |name: &String| !taken.contains(name);
        taken.extend(names.filter(is_free).take(1).collect::<Vec<_>>());
    }
    let fields = schema.fields().iter().zip(taken).map(|(f, name)| f.as_ref().clone().with_name(name));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::super::{Script, execute};
    use super::*;

    async fn printed(format: Format, sql: &str) -> String {
        let ctx = SessionContext::new();
        let mut output = Output::new(format, Vec::new());
        for s in Script::parse(&ctx, "", sql).unwrap().statements {
            if let Some(rows) = execute(&ctx, s).await.unwrap() {
                output.write(rows).await.unwrap();
            }
        }
        output.finish().unwrap();
        String::from_utf8(output.out).unwrap()
    }

    #[tokio::test]
    async fn json_is_one_array_of_the_last_result() {
        assert_eq!(
            printed(Format::Json, "SELECT 1 AS a; SELECT 2 AS b, NULL AS c").await,
            "[\n{\"b\":2,\"c\":null}\n]\n"
        );
    }

    #[tokio::test]
    async fn json_of_no_rows_is_an_empty_array() {
        assert_eq!(printed(Format::Json, "SELECT 1 AS a WHERE false").await, "[]\n");
        assert_eq!(printed(Format::Json, "CREATE VIEW v AS SELECT 1").await, "[]\n");
    }

    #[tokio::test]
    async fn lines_of_json_hold_every_result() {
        assert_eq!(printed(Format::Ndjson, "SELECT 1 AS a; SELECT 'x' AS b").await, "{\"a\":1}\n{\"b\":\"x\"}\n");
    }

    #[tokio::test]
    async fn numbers_that_json_has_not_are_null() {
        let sql = "SELECT 'NaN'::DOUBLE AS n, 'inf'::DOUBLE AS i, 'NaN'::REAL AS f";
        assert_eq!(printed(Format::Ndjson, sql).await, "{\"n\":null,\"i\":null,\"f\":null}\n");
    }

    #[tokio::test]
    async fn nested_values_are_json_in_json_and_in_csv() {
        let sql = "SELECT [1, NULL] AS l, struct('x' AS s, 0.5 AS p) AS r";
        assert_eq!(printed(Format::Ndjson, sql).await, "{\"l\":[1,null],\"r\":{\"s\":\"x\",\"p\":0.5}}\n");
        assert_eq!(printed(Format::Csv, sql).await, "l,r\n\"[1,null]\",\"{\"\"s\"\":\"\"x\"\",\"\"p\"\":0.5}\"\n");
    }

    #[tokio::test]
    async fn fixed_size_lists_are_lists() {
        let sql = "SELECT arrow_cast([1.5, 2], 'FixedSizeList(2, Float32)') AS f";
        assert_eq!(printed(Format::Json, sql).await, "[\n{\"f\":[1.5,2.0]}\n]\n");
    }

    #[tokio::test]
    async fn csv_has_a_header_for_each_result() {
        let sql = "SELECT 1 AS a, NULL AS b; SELECT 'x,y' AS c; SELECT 1 AS d WHERE false";
        assert_eq!(printed(Format::Csv, sql).await, "a,b\n1,\n\nc\n\"x,y\"\n\nd\n");
    }

    #[tokio::test]
    async fn columns_of_one_name_are_both_kept() {
        let sql = "SELECT * FROM (SELECT 1 AS a) x CROSS JOIN (SELECT 2 AS a) y";
        assert_eq!(printed(Format::Ndjson, sql).await, "{\"a\":1,\"a_2\":2}\n");
    }

    #[tokio::test]
    async fn statements_without_rows_print_nothing() {
        let sql = "CREATE VIEW v AS SELECT 1; SET datafusion.execution.batch_size = 8";
        assert_eq!(printed(Format::Table, sql).await, "");
        assert_eq!(printed(Format::Csv, sql).await, "");
    }

    #[test]
    fn an_unknown_format_names_the_nearest() {
        assert!("jsn".parse::<Format>().unwrap_err().to_string().ends_with("did you mean 'json'?"));
    }
}
