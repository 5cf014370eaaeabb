//! `pose_balance((SELECT * FROM windows))`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::quote::counted;
use crate::account::class_names::doubts;
use crate::account::classes::Classes;
use crate::account::columns::{numbers, present, require, texts, value};
use crate::account::recording::of_source;
use crate::account::{Account, Ledger, over};
use crate::args::Arguments;
use crate::error::{self, Error, data_err};
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;
use crate::schema::{COPY, LABEL, SOURCE, SPLIT, SUBJECT, VIDEO};

/// How many windows, recordings and people each class has, on each side of a split, and where that is too few.
#[derive(Debug)]
pub struct PoseBalance;

const READS: [&str; 6] = [LABEL, SPLIT, SOURCE, VIDEO, SUBJECT, COPY];

/// Fewer recordings of a class cannot lie on three sides.
const LEAST_RECORDINGS: usize = 3;
/// Of fewer windows of a class no share tells anything: one of 9 is 11 %.
const LEAST_WINDOWS: u64 = 10;

impl RelationFunction for PoseBalance {
    fn name(&self) -> &'static str {
        "pose_balance"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &[]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "How many windows, recordings and people each class has, on each side of a split, and what to do where that is too few.",
            "SELECT label, windows, recordings, subjects, share, weight, advice FROM pose_balance((SELECT * FROM windows))",
        )
    }

    fn plan(&self, input: LogicalPlan, _: &Arguments) -> Result<LogicalPlan> {
        let schema = input.schema().as_arrow();
        require(self.name(), schema, LABEL, "the class of a window")?;
        over(Arc::new(BalanceAccount { reads: present(schema, &READS) }), input)
    }
}

#[derive(Debug)]
struct BalanceAccount {
    reads: Vec<String>,
}

impl BalanceAccount {
    fn has(&self, name: &str) -> bool {
        self.reads.iter().any(|read| read == name)
    }
}

impl Account for BalanceAccount {
    fn name(&self) -> &'static str {
        PoseBalance.name()
    }

    fn describe(&self) -> String {
        format!("reads=[{}]", self.reads.join(", "))
    }

    fn reads(&self) -> &[String] {
        &self.reads
    }

    fn output(&self) -> SchemaRef {
        schema(self.has(SPLIT))
    }

    fn ledger(&self, input: &SchemaRef) -> error::Result<Box<dyn Ledger>> {
        let names = Classes::of(self.name(), input, &[LABEL])?;
        let knows = [VIDEO, SUBJECT].map(|name| self.has(name));
        let (classes, splits) = (BTreeMap::new(), BTreeSet::new());
        Ok(Box::new(Balance { names, classes, splits, by_split: self.has(SPLIT), knows }))
    }
}

/// What was seen of a class on one side.
#[derive(Debug, Clone, Default)]
struct Count {
    windows: u64,
    copies: u64,
    recordings: BTreeSet<String>,
    subjects: BTreeSet<String>,
}

struct Balance {
    names: Classes,
    /// By label, then by side.
    classes: BTreeMap<String, BTreeMap<String, Count>>,
    splits: BTreeSet<String>,
    by_split: bool,
    /// Whether recordings and people are known.
    knows: [bool; 2],
}

impl Ledger for Balance {
    fn add(&mut self, batch: &RecordBatch) -> error::Result<()> {
        let name = PoseBalance.name();
        let text = |column| texts(name, batch, column);
        let labels = self.names.names(batch, LABEL)?;
        let [splits, sources, videos, subjects] = [text(SPLIT)?, text(SOURCE)?, text(VIDEO)?, text(SUBJECT)?];
        let copies = numbers(name, batch, COPY)?;
        for row in 0..batch.num_rows() {
            let Some(label) = value(&labels, row) else {
                return data_err!("{name}: a row has no label; leave such rows out: WHERE label IS NOT NULL");
            };
            let split = value(&splits, row).unwrap_or_default();
            if self.by_split && ["", ALL].contains(&split) {
                return data_err!(
                    "{name}: split is {} in a row; expected 'train', 'validation' or 'test'",
                    if split.is_empty() { "NULL or empty" } else { "'all', the name of all sides together" }
                );
            }
            if !self.splits.contains(split) {
                self.splits.insert(split.to_owned());
            }
            let of_label = entry(&mut self.classes, label);
            let count = entry(of_label, split);
            if copies.as_ref().is_some_and(|c| c.is_valid(row) && c.value(row) > 0.0) {
                count.copies += 1;
                continue;
            }
            count.windows += 1;
            let note = |name: Option<&str>, names: &mut BTreeSet<String>| {
                let name = name.map(|name| of_source(&sources, row, name));
                names.extend(name.filter(|name| !names.contains(name)));
            };
            note(value(&videos, row), &mut count.recordings);
            note(value(&subjects, row), &mut count.subjects);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        let counts = self.classes.values().flat_map(BTreeMap::values);
        counts.map(|count| 256 + 64 * (count.recordings.len() + count.subjects.len())).sum()
    }

    fn finish(self: Box<Self>, _: &Interrupt) -> error::Result<RecordBatch> {
        let doubts = doubts(self.classes.keys().map(String::as_str));
        let mut rows = vec![];
        for side in self.sides() {
            let counts: Vec<(&String, Count)> =
                self.classes.iter().map(|(label, splits)| (label, of_side(splits, side))).collect();
            let windows: u64 = counts.iter().map(|(_, count)| count.windows).sum();
            // A loss sees copies as it sees originals.
            let rows_of = |count: &Count| count.windows + count.copies;
            let all: u64 = counts.iter().map(|(_, count)| rows_of(count)).sum();
            let present = counts.iter().filter(|(_, count)| rows_of(count) > 0).count() as u64;
            for (label, count) in counts {
                let share = (windows > 0).then(|| count.windows as f64 / windows as f64);
                let weight = (rows_of(&count) > 0).then(|| all as f64 / (present * rows_of(&count)) as f64);
                let advice = self.advice(label, side, &count, doubts.get(label.as_str()));
                rows.push(Row { split: side.unwrap_or(ALL), label, share, weight, advice, count });
            }
        }
        self.batch(&rows)
    }
}

/// The name of all sides together.
const ALL: &str = "all";

/// One row of the result.
struct Row<'a> {
    split: &'a str,
    label: &'a str,
    count: Count,
    share: Option<f64>,
    weight: Option<f64>,
    advice: Option<String>,
}

fn entry<'m, V: Default>(map: &'m mut BTreeMap<String, V>, key: &str) -> &'m mut V {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), V::default());
    }
    map.entry(key.to_owned()).or_default()
}

/// The counts of one side, or of all.
fn of_side(splits: &BTreeMap<String, Count>, side: Option<&str>) -> Count {
    let mut sum = Count::default();
    for (_, count) in splits.iter().filter(|(split, _)| side.is_none_or(|side| side == *split)) {
        sum.windows += count.windows;
        sum.copies += count.copies;
        sum.recordings.extend(count.recordings.iter().cloned());
        sum.subjects.extend(count.subjects.iter().cloned());
    }
    sum
}

impl Balance {
    /// All together, then each side: train, validation, test, and others by name.
    fn sides(&self) -> Vec<Option<&str>> {
        let known = [crate::schema::TRAIN, crate::schema::VALIDATION, crate::schema::TEST];
        let first = known.into_iter().filter(|side| self.splits.contains(*side));
        let others = self.splits.iter().map(String::as_str).filter(|side| !known.contains(side));
        let sides = first.chain(others).map(Some).filter(|_| self.by_split);
        [None].into_iter().chain(sides).collect()
    }

    /// What is too little, and what to do about it.
    fn advice(&self, label: &str, side: Option<&str>, count: &Count, doubt: Option<&String>) -> Option<String> {
        let [knows_recordings, _] = self.knows;
        if let Some(side) = side {
            return match (count.windows, side) {
                (0, crate::schema::TRAIN) => Some(
                    "no window: a class that train never has is never predicted; split again with pose_split"
                        .to_owned(),
                ),
                (0, side) => Some(format!("no window: {side} says nothing about it")),
                _ => None,
            };
        }
        let mut advice: Vec<String> = doubt.cloned().into_iter().collect();
        let recordings = count.recordings.len();
        if knows_recordings && recordings < LEAST_RECORDINGS {
            advice.push(format!(
                "only {}: train, validation and test need one each; record more, or leave the class out: WHERE label <> '{}'",
                counted(recordings as u64, "recording"),
                label.replace('\'', "''")
            ));
        }
        let people = count.subjects.len();
        if self.knows[1] && people < LEAST_RECORDINGS {
            advice.push(format!(
                "only {}: a split by => 'subject' needs three; by => 'video' tests on people that train knows",
                if people == 1 { "1 person".to_owned() } else { format!("{people} people") }
            ));
        }
        if count.windows < LEAST_WINDOWS {
            advice.push(format!(
                "only {}: a smaller stride cuts more, pose_augment(..., balance => 'max') copies those of train",
                counted(count.windows, "window")
            ));
        }
        (!advice.is_empty()).then(|| advice.join("; "))
    }

    fn batch(&self, rows: &[Row<'_>]) -> error::Result<RecordBatch> {
        let [recordings, subjects] = self.knows;
        let known = |known: bool, of: fn(&Count) -> usize| -> ArrayRef {
            Arc::new(rows.iter().map(|row| known.then(|| of(&row.count) as i64)).collect::<Int64Array>())
        };
        let counts = |of: fn(&Count) -> u64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| of(&row.count) as i64)))
        };
        let splits: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.split)));
        let columns: Vec<ArrayRef> = self.by_split.then_some(splits).into_iter().collect();
        let rest: [ArrayRef; 8] = [
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.label))),
            counts(|count| count.windows),
            counts(|count| count.copies),
            known(recordings, |count| count.recordings.len()),
            known(subjects, |count| count.subjects.len()),
            Arc::new(rows.iter().map(|row| row.share).collect::<Float64Array>()),
            Arc::new(rows.iter().map(|row| row.weight).collect::<Float64Array>()),
            Arc::new(rows.iter().map(|row| row.advice.as_deref()).collect::<StringArray>()),
        ];
        RecordBatch::try_new(schema(self.by_split), columns.into_iter().chain(rest).collect())
            .map_err(|e| Error::Internal(format!("pose_balance: {e}")))
    }
}

/// split ('all' first; where the input has one), label, windows (without copies), copies, recordings and subjects (NULL where
/// they are unknown), share of the windows of its side, weight (balanced, as pose_class_weight's: copies
/// count), advice.
fn schema(by_split: bool) -> SchemaRef {
    let field = |name: &str, data_type| Field::new(name, data_type, false);
    let nullable = |name: &str, data_type| Field::new(name, data_type, true);
    let split = by_split.then(|| field(SPLIT, DataType::Utf8));
    let rest = [
        field(LABEL, DataType::Utf8),
        field("windows", DataType::Int64),
        field("copies", DataType::Int64),
        nullable("recordings", DataType::Int64),
        nullable("subjects", DataType::Int64),
        nullable("share", DataType::Float64),
        nullable("weight", DataType::Float64),
        nullable("advice", DataType::Utf8),
    ];
    Arc::new(Schema::new(split.into_iter().chain(rest).collect::<Vec<_>>()))
}
