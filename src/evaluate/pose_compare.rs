//! `pose_compare((SELECT width, video, label, predicted FROM ...), by => 'width')`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::apart::Named;
use super::draws::Block;
use super::holm::holm;
use super::interval::bootstrap_sums;
use super::labels::{among, labels, refuse_others};
use super::metric::Better;
use super::paired::{Pair, Paired, Part, compare_each};
use super::predicted::PREDICTED;
use crate::account::classes::Classes;
use crate::account::columns::{apart, named, require, value, wholes};
use crate::account::parts::{Parts, fields};
use crate::account::recording::{Groups, Namer};
use crate::account::{Account, Ledger, over};
use crate::args::Arguments;
use crate::error::{self, Error, data_err, query_err};
use crate::interrupt::Interrupt;
use crate::options::SEED;
use crate::relation::RelationFunction;
use crate::schema::LABEL;

/// Models side by side: the accuracy of each with an interval over recordings, and whether the recordings tell it from the best.
#[derive(Debug)]
pub struct PoseCompare;

/// Counted predictions: windows of a recording, and how many of them are right.
const ROWS: &str = "rows";
const CORRECT: &str = "correct";

impl RelationFunction for PoseCompare {
    fn name(&self) -> &'static str {
        "pose_compare"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["by", "groups", "seed", "labels"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Models side by side: the accuracy of each with a 95 % interval over recordings, its difference to the best, and whether the recordings tell them apart.",
            "SELECT predicted, accuracy, difference, verdict FROM pose_compare((SELECT predicted, label, video FROM predictions), by => 'predicted')",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let (function, schema) = (self.name(), input.schema().as_arrow().clone());
        let Some(by) = named(&schema, arguments, "by")? else {
            return Ok(query_err!(
                "{function}: by is missing: the columns that tell the models apart, by => ['width', 'units']"
            )?);
        };
        let groups = Groups::of(&schema, arguments)?;
        if groups.columns.is_empty() {
            return Ok(query_err!(
                "{function}: models are compared over recordings: the input has no column 'video'; say groups => '...'"
            )?);
        }
        let counted = schema.index_of(ROWS).is_ok() && schema.index_of(CORRECT).is_ok();
        if !counted {
            require(function, &schema, LABEL, "the true class; or counts of windows, 'rows' and 'correct'")?;
            require(function, &schema, PREDICTED, "the class that was predicted")?;
        }
        let labels = labels(arguments, "the classes")?;
        if counted && labels.is_some() {
            return Ok(query_err!(
                "{function}: labels names classes, and the input has counts instead, '{ROWS}' and '{CORRECT}': leave labels out"
            )?);
        }
        let own = if counted { [ROWS, CORRECT] } else { [LABEL, PREDICTED] }.map(str::to_owned);
        let reads = own.into_iter().chain(by.iter().cloned()).chain(groups.columns.iter().cloned()).collect();
        let by: Vec<Field> = by.iter().filter_map(|name| schema.field_with_name(name).ok().cloned()).collect();
        let seed = arguments.whole("seed", 0)?.unwrap_or(SEED);
        apart(function, "by", &by, &own_fields())?;
        over(Arc::new(CompareAccount { by, groups, counted, labels, reads, seed }), input)
    }
}

#[derive(Debug)]
struct CompareAccount {
    by: Vec<Field>,
    groups: Groups,
    counted: bool,
    /// As the caller named the classes.
    labels: Option<Vec<String>>,
    reads: Vec<String>,
    seed: u64,
}

impl Account for CompareAccount {
    fn name(&self) -> &'static str {
        PoseCompare.name()
    }

    fn describe(&self) -> String {
        let by: Vec<_> = self.by.iter().map(|field| field.name().as_str()).collect();
        let labels = self.labels.as_ref().map_or(String::new(), |labels| format!(", labels={labels:?}"));
        format!("by={by:?}, groups={:?}, counted={}{labels}, seed={}", self.groups.columns, self.counted, self.seed)
    }

    fn reads(&self) -> &[String] {
        &self.reads
    }

    fn output(&self) -> SchemaRef {
        Arc::new(Schema::new(fields(&self.by, own_fields())))
    }

    fn ledger(&self, input: &SchemaRef) -> error::Result<Box<dyn Ledger>> {
        let classes = Classes::of(PoseCompare.name(), input, &[LABEL, PREDICTED])?;
        Ok(Box::new(CompareLedger {
            schema: self.output(),
            parts: Parts::new(PoseCompare.name(), &self.by)?,
            by: self.by.clone(),
            groups: self.groups.namer(PoseCompare.name()),
            columns: self.groups.columns.clone(),
            counted: self.counted,
            seed: self.seed,
            models: vec![],
            labels: among(&classes, self.labels.as_deref()),
            classes,
            truth: BTreeSet::new(),
            predicted: vec![],
        }))
    }
}

/// The columns behind those of `by`.
fn own_fields() -> [Field; 10] {
    let field = |name: &str, data_type| Field::new(name, data_type, false);
    let nullable = |name: &str| Field::new(name, DataType::Float64, true);
    [
        nullable("accuracy"),
        nullable("low"),
        nullable("high"),
        field("n", DataType::Int64),
        field("groups", DataType::Int64),
        nullable("difference"),
        nullable("difference_low"),
        nullable("difference_high"),
        nullable("p"),
        field("verdict", DataType::Utf8),
    ]
}

/// Windows of each recording, and those that are right.
type Counts = BTreeMap<String, (u64, u64)>;

struct CompareLedger {
    schema: SchemaRef,
    parts: Parts,
    by: Vec<Field>,
    groups: Namer,
    columns: Vec<String>,
    counted: bool,
    seed: u64,
    /// By the number of the part.
    models: Vec<Counts>,
    labels: Option<Vec<String>>,
    classes: Classes,
    /// The classes of the truth in all rows.
    truth: BTreeSet<String>,
    /// Those that are predicted, by the number of the part.
    predicted: Vec<BTreeSet<String>>,
}

impl CompareLedger {
    /// Takes a row's classes: whether it is right.
    fn judge(&mut self, part: u32, label: Option<&str>, predicted: Option<&str>) -> error::Result<bool> {
        let name = PoseCompare.name();
        if label.is_none() {
            return data_err!("{name}: a row has no label; leave such rows out: WHERE label IS NOT NULL");
        }
        for (seen, class) in [(&mut self.truth, label), (&mut self.predicted[part as usize], predicted)] {
            let Some(class) = class.filter(|class| !seen.contains(*class)) else { continue };
            refuse_others(name, self.labels.as_deref(), class)?;
            seen.insert(class.to_owned());
        }
        Ok(label == predicted)
    }

    /// Refuses other names of the same classes, unless the caller named them all.
    fn refuse_apart(&self) -> error::Result<()> {
        if self.labels.is_some() {
            return Ok(());
        }
        let predicted = (0..).zip(&self.predicted);
        let predicted = predicted.flat_map(|(part, classes)| classes.iter().map(move |class| (part, class.as_str())));
        let named = Named::new(self.truth.iter().map(String::as_str), predicted);
        named.refuse_apart(PoseCompare.name(), &self.parts, &self.by)
    }
}

impl Ledger for CompareLedger {
    fn add(&mut self, batch: &RecordBatch) -> error::Result<()> {
        let name = PoseCompare.name();
        let groups = self.groups.columns(batch)?;
        let [labels, predicted] = [self.classes.names(batch, LABEL)?, self.classes.names(batch, PREDICTED)?];
        let [rows, correct] = [wholes(name, batch, ROWS)?, wholes(name, batch, CORRECT)?];
        let parts = self.parts.of(batch)?;
        let models = self.parts.in_order().count();
        self.models.resize(models, Counts::new());
        self.predicted.resize(models, BTreeSet::new());
        let number = |of: &Option<Int64Array>, row: usize| {
            of.as_ref().filter(|of| of.is_valid(row)).and_then(|of| u64::try_from(of.value(row)).ok())
        };
        for (row, part) in parts.into_iter().enumerate() {
            let Some(recording) = self.groups.name(&groups, row)? else {
                return data_err!("{name}: a row has no recording ({} is NULL)", self.columns.join(" or "));
            };
            let (more, right) = match self.counted {
                true => match (number(&rows, row), number(&correct, row)) {
                    (Some(rows), Some(correct)) if correct <= rows => (rows, correct),
                    _ => {
                        return data_err!(
                            "{name}: rows and correct must be counts, correct <= rows, in recording '{recording}'"
                        );
                    }
                },
                false => {
                    let is_right = self.judge(part, value(&labels, row), value(&predicted, row))?;
                    (1, u64::from(is_right))
                }
            };
            let (rows, correct) = self.models[part as usize].entry(recording).or_default();
            *rows += more;
            *correct += right;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.parts.bytes() + self.groups.bytes() + self.models.iter().map(|counts| 80 * counts.len()).sum::<usize>()
    }

    fn finish(self: Box<Self>, interrupt: &Interrupt) -> error::Result<RecordBatch> {
        self.refuse_apart()?;
        let failed = |e: ArrowError| Error::Internal(format!("pose_compare: {e}"));
        let order: Vec<u32> = self.parts.in_order().collect();
        let models: Vec<&Counts> = order.iter().map(|part| &self.models[*part as usize]).collect();
        if models.is_empty() {
            return Ok(RecordBatch::new_empty(self.schema));
        }
        let rows = judged(&models, self.seed, interrupt)?;
        let mut columns = self.parts.columns(order)?;
        let floats =
            |of: fn(&Row) -> Option<f64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Float64Array>()) };
        let counts = |of: fn(&Row) -> u64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| of(row) as i64)))
        };
        columns.extend([
            floats(|row| row.accuracy),
            floats(|row| row.interval.map(|(low, _)| low)),
            floats(|row| row.interval.map(|(_, high)| high)),
            counts(|row| row.n),
            counts(|row| row.groups),
            floats(|row| row.paired.map(|paired| paired.difference)),
            floats(|row| row.paired.and_then(|paired| paired.low)),
            floats(|row| row.paired.and_then(|paired| paired.high)),
            floats(|row| row.paired.map(|paired| paired.p)),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.verdict))),
        ]);
        RecordBatch::try_new(self.schema, columns).map_err(failed)
    }
}

/// One model.
struct Row {
    accuracy: Option<f64>,
    interval: Option<(f64, f64)>,
    n: u64,
    groups: u64,
    /// Against the best; none of the best itself.
    paired: Option<Paired>,
    verdict: &'static str,
}

/// The models in their order: each against the one with the highest accuracy (the first of equals), over the recordings that
/// both have, p corrected by Holm over all comparisons.
fn judged(models: &[&Counts], seed: u64, interrupt: &Interrupt) -> error::Result<Vec<Row>> {
    let accuracies: Vec<Option<f64>> = models.iter().map(|counts| accuracy(counts.values())).collect();
    let best = (0..models.len()).reduce(|best, i| if accuracies[i] > accuracies[best] { i } else { best }).unwrap_or(0);
    // Of the best itself there is nothing to compare.
    let against = |i: usize| if i == best { vec![] } else { pairs(models[i], models[best]) };
    let lists: Vec<Vec<Pair>> = (0..models.len()).map(against).collect();
    let paired = compare_each(&lists, Better::Higher, seed, interrupt)?;
    let mut corrected = holm(&paired.iter().flatten().map(|paired| paired.p).collect::<Vec<_>>()).into_iter();
    let paired = paired.into_iter().map(|paired| paired.and_then(|paired| Some(paired.corrected(corrected.next()?))));
    let row = |(i, paired): (usize, Option<Paired>)| {
        let counts = models[i];
        let verdict = match &paired {
            _ if i == best => "best",
            Some(paired) => paired.verdict.name(),
            None => "no recording in common with the best",
        };
        Ok(Row {
            accuracy: accuracies[i],
            interval: interval(counts, seed, interrupt)?,
            n: counts.values().map(|(rows, _)| rows).sum(),
            groups: counts.len() as u64,
            paired,
            verdict,
        })
    };
    paired.enumerate().map(row).collect()
}

fn accuracy<'a>(counts: impl Iterator<Item = &'a (u64, u64)>) -> Option<f64> {
    let (rows, correct) = counts.fold((0, 0), |(rows, correct), (more, right)| (rows + more, correct + right));
    (rows > 0).then(|| correct as f64 / rows as f64)
}

fn interval(counts: &Counts, seed: u64, interrupt: &Interrupt) -> error::Result<Option<(f64, f64)>> {
    let sums = |block: &Block| {
        let rows = block.sum(counts.values().map(|(rows, _)| *rows as f64), interrupt)?;
        Ok([rows, block.sum(counts.values().map(|(_, correct)| *correct as f64), interrupt)?])
    };
    let share = |[rows, correct]: [f64; 2]| (rows > 0.0).then(|| correct / rows);
    let drawn = bootstrap_sums(counts.len(), seed, interrupt, sums, share)?;
    // Draws that all agree make an interval of width 0, which claims too much.
    Ok(drawn.filter(|(low, high)| low < high))
}

/// The recordings that both have.
fn pairs(a: &Counts, b: &Counts) -> Vec<Pair> {
    let part = |&(rows, correct): &(u64, u64)| Part { numerator: correct as f64, denominator: rows as f64 };
    a.iter().filter_map(|(recording, ours)| Some(Pair { a: part(ours), b: part(b.get(recording)?) })).collect()
}
