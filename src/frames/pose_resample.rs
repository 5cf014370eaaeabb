//! `pose_resample((SELECT ...), hz => 25)`

use arrow::datatypes::{DataType, Schema};
use datafusion::common::Result;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, cast};

use super::columns::{Features, FrameColumns};
use super::numbering::by_time;
use super::pass::node::PassNode;
use super::resampler::{Caller, Clock, Rate, Resample};
use super::times::{TimeColumn, Unit, is_time};
use crate::args::Arguments;
use crate::error::query_err;
use crate::options::MAX_GAP;
use crate::relation::{RelationFunction, column};
use crate::schema::TIME;

/// Recordings at an even rate: features on the line between two frames, everything else of the nearer one.
///
/// Frame k of the result is that at k / hz seconds: frames of different recordings are at the same times, and a gap of
/// the input is a gap of frame numbers in the result. Times of the calendar are counted from the first one of each recording.
/// Frames without a number are put in the order of their times. Nothing filters before a lower rate: smooth first what is fast.
#[derive(Debug)]
pub struct PoseResample;

impl RelationFunction for PoseResample {
    fn name(&self) -> &'static str {
        "pose_resample"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["hz", "time", "rate", "max_gap", "by", "order_by", "features", "time_unit"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Recordings at an even rate: features on the line between two frames, everything else of the nearer one.",
            "SELECT video, frame, label, ax FROM pose_resample((SELECT video, frame, label, ax, ay FROM frames), hz => 25, rate => 50)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let (input, arguments) = by_time(&input, arguments)?.unwrap_or_else(|| (input, arguments.clone()));
        match resampled(input, &arguments)? {
            (plan, Some(_)) => Ok(plan),
            (_, None) => Ok(query_err!("pose_resample: hz is missing; say how many frames a second: hz => 25")?),
        }
    }
}

/// The input at the rate that the argument `hz` asks for, and that rate; the input as it is if none is asked for.
///
/// # Errors
/// Arguments of time without `hz`, or none that tells the time of a frame.
pub fn resampled(input: LogicalPlan, arguments: &Arguments) -> Result<(LogicalPlan, Option<f64>)> {
    let function = arguments.function();
    let Some(hz) = arguments.number("hz", 1e-6, 1e6)? else {
        for name in ["time", "time_unit", "rate"] {
            if arguments.is_given(name) {
                return Ok(query_err!("{function}: {name} needs hz, the frames a second of the result: hz => 25")?);
            }
        }
        return Ok((input, None));
    };
    let input = with_floats(input, arguments)?;
    let schema = input.schema().as_arrow();
    let columns = FrameColumns::find(schema, arguments)?;
    let clock = clock(schema, arguments)?;
    let max_gap = arguments.whole("max_gap", 1)?.map_or(MAX_GAP, |gap| gap as i64);
    let resample = Resample { columns, max_gap, hz: Rate(hz), clock, caller: Caller(arguments.clone()) };
    Ok((PassNode::new(resample, input)?.into_plan(), Some(hz)))
}

/// Features that are whole (or half) numbers become Float64: between two of them lie others.
fn with_floats(input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
    let schema = input.schema().as_arrow();
    let FrameColumns { by, order_by, label, features, .. } = FrameColumns::find(schema, arguments)?;
    let features: Vec<String> = match features {
        Features::Columns(features) => features,
        Features::List { column: list, .. } => return with_float_list(input, &list),
    };
    let has_other_meaning = |name: &String| by.contains(name) || *name == order_by || Some(name) == label.as_ref();
    let features: Vec<String> = features.into_iter().filter(|name| !has_other_meaning(name)).collect();
    let is_whole = |name: &String| {
        schema.field_with_name(name).is_ok_and(|f| !f.data_type().is_floating() || *f.data_type() == DataType::Float16)
    };
    if !features.iter().any(is_whole) {
        return Ok(input);
    }
    let make = |name: &String| match features.contains(name) && is_whole(name) {
        true => cast(column(name), DataType::Float64).alias(name),
        false => column(name),
    };
    let columns: Vec<_> = schema.fields().iter().map(|f| make(f.name())).collect();
    LogicalPlanBuilder::from(input).project(columns)?.build()
}

/// The same for the values of a list.
fn with_float_list(input: LogicalPlan, list: &str) -> Result<LogicalPlan> {
    let schema = input.schema().as_arrow();
    let DataType::FixedSizeList(item, size) = schema.field_with_name(list)?.data_type() else { return Ok(input) };
    if item.data_type().is_floating() && *item.data_type() != DataType::Float16 {
        return Ok(input);
    }
    let item = item.as_ref().clone().with_data_type(DataType::Float64);
    let floats = DataType::FixedSizeList(std::sync::Arc::new(item), *size);
    let make = |name: &String| if name == list { cast(column(name), floats.clone()).alias(name) } else { column(name) };
    let columns: Vec<_> = schema.fields().iter().map(|f| make(f.name())).collect();
    LogicalPlanBuilder::from(input).project(columns)?.build()
}

fn clock(schema: &Schema, arguments: &Arguments) -> Result<Clock> {
    let function = arguments.function();
    let (time, rate) = (arguments.text("time")?, arguments.number("rate", 1e-6, 1e6)?);
    let unit = Unit::given(arguments)?;
    let name = match (time, rate) {
        (Some(_), Some(_)) => {
            return Ok(query_err!("{function}: time and rate both say when a frame was recorded; give one of them")?);
        }
        (None, Some(_)) if unit.is_some() => {
            return Ok(query_err!(
                "{function}: time_unit is of a column of times, and rate needs none; leave one out"
            )?);
        }
        (None, Some(rate)) => return Ok(Clock::Rate(Rate(rate))),
        (Some(name), None) => name,
        (None, None) if schema.index_of(TIME).is_ok() => TIME,
        (None, None) => {
            let is_there = schema.fields().iter().find(|field| is_time(field.data_type()));
            let name = is_there.map_or("column", |field| field.name());
            return Ok(query_err!(
                "{function}: hz needs the time of a frame: a column '{TIME}' of seconds, time => '{name}', or the frames a \
                 second of the input, rate => 50"
            )?);
        }
    };
    let Ok(field) = schema.field_with_name(name) else {
        return Ok(query_err!("{function}: time: the input has no column '{name}'")?);
    };
    let clock = TimeColumn { name: name.to_owned(), unit };
    clock.check(function, field.data_type())?;
    Ok(Clock::Column(clock))
}
