//! `pose_inventory((SELECT * FROM frames))`

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::Result;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, WindowUDF};

use super::beside::Beside;
use super::clock::ClockColumn;
use super::pass::{ADVICE, HZ, INTERVAL, Inventory, LABELS};
use crate::args::Arguments;
use crate::error::{self, query_err, suggest};
use crate::frames::columns::{Features, FrameColumns};
use crate::frames::feature_rule::is_known;
use crate::frames::pass::node::PassNode;
use crate::frames::times::{TimeColumn, Unit};
use crate::relation::{RelationFunction, column, over_all, with_windows};
use crate::schema::{LABEL, SUBJECT, label_like};

/// What is in each recording: classes, rows, gaps, frames that are there twice, missing values, which columns are features,
/// and which of those never change.
#[derive(Debug)]
pub struct PoseInventory;

impl RelationFunction for PoseInventory {
    fn name(&self) -> &'static str {
        "pose_inventory"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["by", "order_by", "features", "time", "time_unit"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "What is in each recording: classes, rows, gaps, frames that are there twice, missing values, features that never change, and what to do about them.",
            "SELECT video, labels, rows, gaps, duplicates, nulls, advice FROM pose_inventory((SELECT video, frame, label, ax, ay FROM frames))",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let columns = FrameColumns::find_if_any(input.schema().as_arrow(), arguments)?;
        let names = match &columns.features {
            Features::Columns(names) => names.clone(),
            Features::List { column, dim } => (1..=*dim).map(|place| format!("{column}[{place}]")).collect(),
        };
        let has_subject = columns.carried.iter().any(|name| name == SUBJECT);
        let schema = input.schema().as_arrow();
        let time = time(schema, arguments, &columns)?;
        let is_text = |name: &&String| {
            schema.field_with_name(name).is_ok_and(|field| match field.data_type() {
                DataType::Dictionary(_, values) => values.is_string(),
                kind => kind.is_string(),
            })
        };
        let texts = columns.carried.iter().filter(|name| !is_known(name)).filter(is_text).cloned().collect();
        let lacks_label = schema.index_of(LABEL).is_err();
        let label_like = label_like(schema).into_iter().map(str::to_owned).collect();
        let inventory = Inventory { columns, has_subject, names, time, texts, lacks_label, label_like };
        let inventory = PassNode::new(inventory, input)?.into_plan();
        let names: Vec<String> = inventory.schema().fields().iter().map(|field| field.name().clone()).collect();
        let beside = WindowFunctionDefinition::WindowUDF(Arc::new(WindowUDF::from(Beside::default())));
        let beside = over_all(beside, [LABELS, INTERVAL, HZ, ADVICE].map(column).to_vec());
        let advised = |name: &String| match name.as_str() {
            ADVICE => column(BESIDE).alias(ADVICE),
            name => column(name),
        };
        LogicalPlanBuilder::from(with_windows(inventory, vec![(beside, BESIDE)])?)
            .project(names.iter().filter(|name| *name != INTERVAL).map(advised))?
            .build()
    }
}

/// The advice with that of all recordings together.
const BESIDE: &str = "__beside";

/// The column of times: the one that is named, else that of [`ClockColumn::find`]; none where none is.
fn time(schema: &Schema, arguments: &Arguments, columns: &FrameColumns) -> error::Result<Option<ClockColumn>> {
    let (function, unit) = (arguments.function(), Unit::given(arguments)?);
    if let Some(name) = arguments.text("time")? {
        let Ok(field) = schema.field_with_name(name) else {
            let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            return query_err!("{function}: time: the input has no column '{name}'{}", suggest(name, names));
        };
        let time = TimeColumn { name: name.to_owned(), unit };
        time.check(function, field.data_type())?;
        return Ok(Some(ClockColumn { time, by_name: false }));
    }
    let others: Vec<String> = columns.by.iter().chain([&columns.order_by]).cloned().collect();
    match (ClockColumn::find(function, schema, unit, &others), unit) {
        (None, Some(_)) => query_err!("{function}: time_unit is of a column of times: say which, time => '...'"),
        (found, _) => Ok(found),
    }
}
