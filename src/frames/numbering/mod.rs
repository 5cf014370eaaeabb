//! Frames that have times and no numbers: put in the order of their times, and numbered by them.
//!
//! A frame that comes about twice the usual step after the one before is two numbers later, so that `max_gap` means what it
//! means of recorded numbers: a camera that left frames out left a gap.

mod number;
pub mod pass;

pub use number::{STEPS, usual};

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit, try_cast};

use self::pass::Numbered;
use super::columns::FrameColumns;
use super::distinct::Distinct;
use super::pass::node::PassNode;
use super::times::{TimeColumn, Unit, is_time};
use crate::args::{Arguments, Value};
use crate::relation::column;
use crate::schema::{FRAME, TIME};

/// Times as whole numbers; nobody sees them.
const TICKS: &str = "__ticks";
/// The numbers of frames where `frame` is a time.
const FRAME_NUMBER: &str = "frame_number";

/// The input with numbered frames, and the arguments that name what is what in it; none where frames have numbers, or
/// nothing tells their times.
///
/// Only where `hz` asks for an even rate: numbers of frames that were never recorded as such are good for nothing else.
///
/// # Errors
/// A column of times that tells none.
pub fn by_time(input: &LogicalPlan, arguments: &Arguments) -> Result<Option<(LogicalPlan, Arguments)>> {
    if !arguments.is_given("hz") {
        return Ok(None);
    }
    let (function, schema) = (arguments.function(), input.schema().as_arrow());
    let type_of = |name: &str| schema.field_with_name(name).ok().map(|field| field.data_type());
    let (order_by, time) = (arguments.text("order_by")?.unwrap_or(FRAME), arguments.text("time")?);
    let time = match type_of(order_by) {
        Some(data_type) if is_time(data_type) => time.unwrap_or(order_by),
        // A number may be a frame's: somebody has to say that it is a time.
        Some(_) if time == Some(order_by) => order_by,
        None if [FRAME, FRAME_NUMBER].contains(&order_by) && !arguments.is_given("rate") => time.unwrap_or(TIME),
        _ => return Ok(None),
    };
    let Some(data_type) = type_of(time) else { return Ok(None) };
    let clock = TimeColumn { name: time.to_owned(), unit: Unit::given(arguments)? };
    clock.check(function, data_type)?;
    let number = if type_of(FRAME).is_some() { FRAME_NUMBER } else { FRAME };
    let names = schema.fields().iter().map(|field| column(field.name()));
    let ticked = LogicalPlanBuilder::from(input.clone())
        .project(names.chain([ticks(&clock, data_type).alias(TICKS)]))?
        .build()?;
    let columns =
        FrameColumns::find_without_features(ticked.schema().as_arrow(), &arguments.with("order_by", text(TICKS)))?;
    let ticked = match arguments.one_of("duplicates", &[("refuse", false), ("first", true)])? {
        Some(true) => {
            let all = ticked.schema().fields().iter().map(|field| field.name().clone()).collect();
            PassNode::new(Distinct { columns: columns.clone(), all }, ticked)?.into_plan()
        }
        _ => ticked,
    };
    let numbered = Numbered { columns, time: time.to_owned(), unit: clock.unit, number: number.to_owned(), function };
    let mut named = arguments.with("order_by", text(number));
    if !arguments.is_given("rate") {
        named = named.with("time", text(time));
    }
    Ok(Some((PassNode::new(numbered, ticked)?.into_plan(), named)))
}

/// Whole numbers in the order of the times, as fine as these, or nanoseconds.
fn ticks(time: &TimeColumn, data_type: &DataType) -> Expr {
    let name = column(&time.name);
    match data_type {
        whole if whole.is_integer() => name,
        DataType::Time32(_) => cast(cast(name, DataType::Int32), DataType::Int64),
        whole if is_time(whole) => cast(name, DataType::Int64),
        _ => {
            let per_second = time.unit.unwrap_or(Unit::Seconds).per_second();
            // What is no finite number, or none of 64 bits, becomes NULL, and is refused with the name of its recording.
            try_cast(cast(name, DataType::Float64) * lit(1e9 / per_second), DataType::Int64)
        }
    }
}

fn text(name: &str) -> Value {
    Value::Text(name.to_owned())
}
