//! `pose_leaks((SELECT * FROM dataset))`

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::leaks::{Leak, LeakCheck, Row, content};
use super::side::Side;
use crate::account::classes::Classes;
use crate::account::columns::{numbers, present, require, texts, value, wholes};
use crate::account::recording::of_source;
use crate::account::{Account, Ledger, over};
use crate::args::Arguments;
use crate::error::{self, Error, data_err};
use crate::interrupt::Interrupt;
use crate::relation::RelationFunction;
use crate::scalar::features::Features;
use crate::schema::{
    COPY, FEATURES, FRAME, FRAME_END, FRAME_START, LABEL, SOURCE, SOURCE_WINDOW_ID, SPLIT, SPLIT_MODE, SUBJECT, VIDEO,
    WINDOW_ID, tensor_shape,
};

/// What would make the test result of a training table a lie: a row for each check.
#[derive(Debug)]
pub struct PoseLeaks;

/// Every column that a check may read.
const READS: [&str; 13] = [
    SPLIT,
    LABEL,
    SOURCE,
    VIDEO,
    SUBJECT,
    WINDOW_ID,
    SOURCE_WINDOW_ID,
    COPY,
    FRAME_START,
    FRAME_END,
    FRAME,
    SPLIT_MODE,
    FEATURES,
];

impl RelationFunction for PoseLeaks {
    fn name(&self) -> &'static str {
        "pose_leaks"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["by"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "What would make the test result of a training table a lie: frames, recordings, people, windows or values on two sides, copies outside train, classes that train never has.",
            "SELECT check, status, count, rows, share FROM pose_leaks((SELECT * FROM split_windows))",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let schema = input.schema().as_arrow();
        require(
            self.name(),
            schema,
            SPLIT,
            "'train', 'validation' or 'test', as pose_split makes it; of folds: CASE fold WHEN 1 THEN 'test' ELSE 'train' END AS split",
        )?;
        let shared_subjects = arguments.one_of("by", &[(SUBJECT, false), (VIDEO, true)])?;
        over(Arc::new(LeakAccount { reads: present(schema, &READS), shared_subjects }), input)
    }
}

#[derive(Debug)]
struct LeakAccount {
    reads: Vec<String>,
    /// Whether people may lie on several sides, if somebody said so.
    shared_subjects: Option<bool>,
}

impl Account for LeakAccount {
    fn name(&self) -> &'static str {
        PoseLeaks.name()
    }

    fn describe(&self) -> String {
        let by = self.shared_subjects.map(|shared| if shared { VIDEO } else { SUBJECT });
        format!("reads=[{}], by={by:?}", self.reads.join(", "))
    }

    fn reads(&self) -> &[String] {
        &self.reads
    }

    fn output(&self) -> SchemaRef {
        schema()
    }

    fn ledger(&self, input: &SchemaRef) -> error::Result<Box<dyn Ledger>> {
        let (check, classes) = (LeakCheck::default(), Classes::of(self.name(), input, &[LABEL])?);
        Ok(Box::new(LeakLedger { check, classes, rows: 0, shared_subjects: self.shared_subjects }))
    }
}

struct LeakLedger {
    check: LeakCheck,
    classes: Classes,
    rows: usize,
    shared_subjects: Option<bool>,
}

impl Ledger for LeakLedger {
    fn add(&mut self, batch: &RecordBatch) -> error::Result<()> {
        let name = PoseLeaks.name();
        let text = |column| texts(name, batch, column);
        let labels = self.classes.names(batch, LABEL)?;
        let [splits, sources, videos] = [text(SPLIT)?, text(SOURCE)?, text(VIDEO)?];
        let [subjects, windows, made_from, modes] =
            [text(SUBJECT)?, text(WINDOW_ID)?, text(SOURCE_WINDOW_ID)?, text(SPLIT_MODE)?];
        let copies = numbers(name, batch, COPY)?;
        // Rows may be frames instead of windows.
        let first = wholes(name, batch, FRAME_START)?.map_or_else(|| wholes(name, batch, FRAME), |f| Ok(Some(f)))?;
        let last = wholes(name, batch, FRAME_END)?.or_else(|| first.clone());
        let (features, dim) = features(batch);
        if modes.as_ref().is_some_and(|modes| modes.iter().flatten().any(|mode| mode == TIME_MODE)) {
            self.check.set_in_time();
        }
        if features.is_some() {
            self.check.set_has_values();
        }
        let at = |frames: &Option<Int64Array>, row: usize| {
            frames.as_ref().filter(|f| f.is_valid(row)).map(|frames| frames.value(row))
        };
        for row in 0..batch.num_rows() {
            let Some(split) = value(&splits, row) else {
                return data_err!("{name}: split is NULL in a row; expected 'train', 'validation' or 'test'");
            };
            let split = Side::parse(split).map_err(|e| Error::Data(format!("{name}: {e}")))?;
            let person = value(&subjects, row).map(|subject| of_source(&sources, row, subject));
            let recording = value(&videos, row).map(|video| of_source(&sources, row, video));
            self.check.add(&Row {
                split,
                label: value(&labels, row),
                source: value(&sources, row),
                recording: recording.as_deref(),
                subject: person.as_deref(),
                window: value(&windows, row),
                source_window: value(&made_from, row),
                copy: copies.as_ref().is_some_and(|c| c.is_valid(row) && c.value(row) > 0.0),
                frames: at(&first, row).zip(at(&last, row)),
                content: features.as_ref().and_then(|f| f.row(row)).and_then(|values| content(values, dim)),
            });
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.rows * LeakCheck::ROW_BYTES
    }

    fn finish(self: Box<Self>, _: &Interrupt) -> error::Result<RecordBatch> {
        batch(&self.check.findings(self.shared_subjects))
    }
}

/// The value of `split_mode` that says that recordings are cut in time.
pub const TIME_MODE: &str = "time";

/// The values of windows, with the values in a frame; none where the column holds something else.
fn features(batch: &RecordBatch) -> (Option<Features>, usize) {
    let schema = batch.schema();
    let Ok(field) = schema.field_with_name(FEATURES) else { return (None, 1) };
    let dim = tensor_shape(field).map_or(1, |(_, dim)| dim);
    (batch.column_by_name(FEATURES).and_then(|column| Features::new(column).ok()), dim)
}

/// check, status ('ok', 'warning', 'error', 'not checked'), count, examples, sides, rows and share of validation and test
/// that are touched, advice; NULL where there is nothing to say.
pub fn schema() -> SchemaRef {
    let field = |name: &str, data_type| Field::new(name, data_type, false);
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    Arc::new(Schema::new(vec![
        field("check", DataType::Utf8),
        field("status", DataType::Utf8),
        field("count", DataType::Int64),
        field("examples", DataType::List(item)),
        Field::new("sides", DataType::Utf8, true),
        field("rows", DataType::Int64),
        Field::new("share", DataType::Float64, true),
        Field::new("advice", DataType::Utf8, true),
    ]))
}

/// The findings as rows.
///
/// # Errors
/// None that a caller could cause.
pub fn batch(leaks: &[Leak]) -> error::Result<RecordBatch> {
    let texts =
        |of: fn(&Leak) -> &str| -> ArrayRef { Arc::new(leaks.iter().map(|l| Some(of(l))).collect::<StringArray>()) };
    let some = |of: fn(&Leak) -> &str| -> ArrayRef {
        Arc::new(leaks.iter().map(|l| Some(of(l)).filter(|text| !text.is_empty())).collect::<StringArray>())
    };
    let counts = |of: fn(&Leak) -> u64| -> ArrayRef {
        Arc::new(leaks.iter().map(|l| Some(of(l) as i64)).collect::<Int64Array>())
    };
    let mut examples = ListBuilder::new(StringBuilder::new());
    leaks.iter().for_each(|leak| examples.append_value(leak.examples.iter().map(Some)));
    let columns = vec![
        texts(|l| l.check),
        texts(|l| l.status.name()),
        counts(|l| l.count),
        Arc::new(examples.finish()) as ArrayRef,
        some(|l| &l.sides),
        counts(|l| l.rows),
        Arc::new(leaks.iter().map(|l| l.share).collect::<Float64Array>()),
        some(|l| l.advice),
    ];
    RecordBatch::try_new(schema(), columns).map_err(|e| Error::Internal(format!("pose_leaks: {e}")))
}
