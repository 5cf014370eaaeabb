//! The account of predictions: which columns are read, and how its parts become one batch.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::rows::Rows;
use super::{Judged, Output, PREDICTED, PROBABILITIES};
use crate::account::classes::Classes;
use crate::account::columns::{texts, value};
use crate::account::parts::{Parts, fields};
use crate::account::recording::{Groups, Namer};
use crate::account::{Account, Ledger};
use crate::error::{Error, Result, data_err};
use crate::evaluate::labels::among;
use crate::interrupt::Interrupt;
use crate::schema::LABEL;

/// Predictions, parted by `by`.
#[derive(Debug)]
pub(super) struct PredictionAccount {
    pub output: Output,
    pub by: Vec<Field>,
    /// What intervals are over.
    pub groups: Groups,
    pub labels: Option<Vec<String>>,
    pub seed: u64,
    pub reads: Vec<String>,
    /// Columns that must have one value: rows of train and test, or of two versions, are no one result.
    pub alone: Vec<String>,
}

impl Account for PredictionAccount {
    fn name(&self) -> &'static str {
        self.output.function
    }

    fn describe(&self) -> String {
        let by: Vec<_> = self.by.iter().map(|field| field.name().as_str()).collect();
        let labels = self.labels.as_ref().map_or(String::new(), |labels| format!(", labels={labels:?}"));
        format!("by={by:?}, groups={:?}{labels}, seed={}", self.groups.columns, self.seed)
    }

    fn reads(&self) -> &[String] {
        &self.reads
    }

    fn output(&self) -> SchemaRef {
        Arc::new(Schema::new(fields(&self.by, (self.output.fields)())))
    }

    fn ledger(&self, input: &SchemaRef) -> Result<Box<dyn Ledger>> {
        let classes = Classes::of(self.output.function, input, &[LABEL, PREDICTED])?;
        let labels = among(&classes, self.labels.as_deref());
        Ok(Box::new(PredictionLedger {
            schema: self.output(),
            output: self.output,
            parts: Parts::new(self.output.function, &self.by)?,
            by: self.by.clone(),
            given: self.groups.given,
            groups: self.groups.namer(self.output.function),
            seed: self.seed,
            alone: self.alone.iter().map(|name| (name.clone(), None)).collect(),
            rows: Rows::new(self.output.function, labels),
            classes,
        }))
    }
}

struct PredictionLedger {
    schema: SchemaRef,
    output: Output,
    parts: Parts,
    by: Vec<Field>,
    given: bool,
    groups: Namer,
    seed: u64,
    /// Columns with the one value that they have had.
    alone: Vec<(String, Option<String>)>,
    classes: Classes,
    rows: Rows,
}

impl PredictionLedger {
    /// Refuses several values in a column that must have one.
    fn check_alone(&mut self, batch: &RecordBatch) -> Result<()> {
        let function = self.output.function;
        for (name, seen) in &mut self.alone {
            for value in texts(function, batch, name)?.iter().flat_map(|values| values.iter().flatten()) {
                let seen = seen.get_or_insert_with(|| value.to_owned());
                if seen != value {
                    // In the same words whichever came first.
                    let (one, other) =
                        if seen.as_str() < value { (seen.as_str(), value) } else { (value, seen.as_str()) };
                    return data_err!(
                        "{function}: the rows are of several values of {name} ({one}, {other}), which are no one result: \
                         part them, by => '{name}', or take one, WHERE {name} = '{one}'; where they belong together, as folds do, leave \
                         the column out of the subquery"
                    );
                }
            }
        }
        Ok(())
    }
}

impl Ledger for PredictionLedger {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.check_alone(batch)?;
        let labels = self.classes.names(batch, LABEL)?;
        let predicted = self.classes.names(batch, PREDICTED)?;
        let groups = self.groups.columns(batch)?;
        let parts = self.parts.of(batch)?;
        let mut probabilities = self.rows.reader(batch.column_by_name(PROBABILITIES))?;
        for (row, part) in parts.into_iter().enumerate() {
            let group = self.groups.name(&groups, row)?;
            let (label, predicted) = (value(&labels, row), value(&predicted, row));
            self.rows.add(part, label, predicted, group.as_deref(), probabilities.row(row)?)?;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.rows.bytes() + self.parts.bytes() + self.groups.bytes()
    }

    fn finish(self: Box<Self>, interrupt: &Interrupt) -> Result<RecordBatch> {
        let failed = |e: ArrowError| Error::Internal(format!("{}: {e}", self.output.function));
        self.rows.refuse_apart(&self.parts, &self.by)?;
        let (mut parts, mut columns) = (vec![], vec![]);
        for (part, judged) in self.rows.finish(self.parts.in_order(), interrupt)? {
            let judged = Judged { grouped: self.given, ..judged };
            let made = (self.output.rows)(&judged, self.seed, interrupt)?;
            parts.extend(std::iter::repeat_n(part, made.first().map_or(0, |column| column.len())));
            columns.push(made);
        }
        if columns.is_empty() {
            return Ok(RecordBatch::new_empty(self.schema));
        }
        let own = (0..columns[0].len()).map(|place| {
            let of_parts: Vec<_> = columns.iter().map(|made: &Vec<ArrayRef>| made[place].as_ref()).collect();
            concat(&of_parts).map_err(failed)
        });
        let columns = self.parts.columns(parts)?.into_iter().map(Ok).chain(own).collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(self.schema, columns).map_err(failed)
    }
}
