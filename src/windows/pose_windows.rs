//! `pose_windows((SELECT ...), width => 30, stride => 15)`

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::fill::Fill;
use super::label_rule::{LABEL_RULE, label_rule};
use super::rule::LabelRule;
use super::slicer::{Short, Slicer, Tail};
use super::spec::{Cut, Nulls, Purity, Spec, Windowing};
use crate::args::{Alias, Arguments, Value};
use crate::error::query_err;
use crate::frames::columns::FrameColumns;
use crate::frames::distinct::Distinct;
use crate::frames::numbering::by_time;
use crate::frames::pass::node::PassNode;
use crate::frames::pose_resample::resampled;
use crate::options::{MAX_GAP, MOST_VALUES, STRIDE, WIDTH};
use crate::relation::RelationFunction;

/// Fixed windows of frames, inside segments of one recording, without gaps and (by default) of one label.
///
/// Their features are the columns that `features => [...]` names, else those of the rule in
/// [`feature_rule`](crate::frames::feature_rule).
#[derive(Debug)]
pub struct PoseWindows;

impl RelationFunction for PoseWindows {
    fn name(&self) -> &'static str {
        "pose_windows"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &[
            "width",
            "stride",
            "label_rule",
            "short",
            "max_gap",
            "by",
            "order_by",
            "features",
            "nulls",
            "max_fill",
            "min_purity",
            "hz",
            "time",
            "rate",
            "duplicates",
            "tail",
            "time_unit",
        ]
    }

    fn aliases(&self) -> &'static [Alias] {
        &[("label", LABEL_RULE)]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Fixed windows of frames, inside segments of one recording, without gaps and (by default) of one label.",
            "SELECT window_id, label, features FROM pose_windows((SELECT video, frame, label, ax, ay FROM frames), width => 30, stride => 15)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        windows_of(input, arguments, Cut::Windows)
    }
}

/// The plan of windows, or of what else is made of them.
pub fn windows_of(input: LogicalPlan, arguments: &Arguments, cut: fn(Windowing) -> Cut) -> Result<LogicalPlan> {
    let (input, arguments) = match by_time(&input, arguments)? {
        Some(numbered) => numbered,
        None => (distinct(input, arguments)?, arguments.clone()),
    };
    let arguments = &arguments;
    let (input, hz) = resampled(input, arguments)?;
    let columns = FrameColumns::find(input.schema().as_arrow(), arguments)?;
    let width = rows(arguments, "width", hz)?.unwrap_or(WIDTH);
    let stride = rows(arguments, "stride", hz)?.unwrap_or(STRIDE);
    let dim = columns.features.dim();
    if width.checked_mul(dim).is_none_or(|values| values > MOST_VALUES) {
        let most =
            format!("at most {}, which are {MOST_VALUES} values a window of {dim} features", MOST_VALUES / dim.max(1));
        arguments.wrong("width", width, &most)?;
    }
    let rule = label_rule(arguments, input.schema().as_arrow())?;
    let short = arguments
        .one_of("short", &[("drop", Short::Drop), ("pad", Short::Pad), ("loop", Short::Loop)])?
        .unwrap_or(Short::Drop);
    let tail = arguments.one_of("tail", &[("drop", Tail::Drop), ("overlap", Tail::Overlap)])?.unwrap_or(Tail::Drop);
    let min_purity = arguments.number("min_purity", 0.0, 1.0)?;
    if min_purity.is_some() && rule == LabelRule::Pure {
        query_err!(
            "{}: min_purity needs label_rule => 'majority', 'last', 'middle' or 'every': pure windows have one label",
            arguments.function()
        )?;
    }
    let nulls = nulls(arguments, width)?;
    let spec = Spec {
        columns,
        max_gap: arguments.whole("max_gap", 1)?.map_or(MAX_GAP, |g| g as i64),
        cut: cut(Windowing {
            slicer: Slicer { width, stride, short, tail },
            rule,
            min_purity: Purity(min_purity.unwrap_or(0.0) as f32),
            nulls,
        }),
    };
    Ok(PassNode::new(spec, input)?.into_plan())
}

/// The input with one row for each frame, if that is asked for; else two of a frame are an error.
fn distinct(input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
    if arguments.one_of("duplicates", &[("refuse", false), ("first", true)])? != Some(true) {
        return Ok(input);
    }
    let schema = input.schema().as_arrow();
    let all = schema.fields().iter().map(|field| field.name().clone()).collect();
    let columns = FrameColumns::find_without_features(schema, arguments)?;
    Ok(PassNode::new(Distinct { columns, all }, input)?.into_plan())
}

/// A number of frames, or the frames of a length of time at an even rate.
pub fn rows(arguments: &Arguments, name: &str, hz: Option<f64>) -> Result<Option<usize>> {
    let Some(Value::Interval(nanoseconds)) = arguments.value(name) else {
        return Ok(arguments.whole(name, 1)?.map(|rows| rows as usize));
    };
    let function = arguments.function();
    let Some(hz) = hz else {
        return Ok(query_err!(
            "{function}: {name} is a length of time, so the recordings need one rate: say hz => 25, and they are read at 25 \
             frames a second"
        )?);
    };
    let rows = *nanoseconds as f64 * hz / 1e9;
    if rows.round() < 1.0 || (rows - rows.round()).abs() > 1e-6 {
        return Ok(query_err!(
            "{function}: {name} of {} s is {rows} frames at hz => {hz}; it must be a whole number of frames, at least 1",
            *nanoseconds as f64 / 1e9
        )?);
    }
    Ok(Some(rows.round() as usize))
}

/// What becomes of missing values; runs longer than a window are not filled unless `max_fill` says so.
fn nulls(arguments: &Arguments, width: usize) -> Result<Nulls> {
    let fill = |fill, most| Nulls::Fill { fill, most };
    let choices = [
        ("refuse", Nulls::Refuse),
        ("keep", Nulls::Keep),
        ("zero", fill(Fill::Zero, usize::MAX)),
        ("carry", fill(Fill::Carry, width)),
        ("interpolate", fill(Fill::Interpolate, width)),
    ];
    let nulls = arguments.one_of("nulls", &choices)?.unwrap_or(Nulls::Refuse);
    match (nulls, arguments.whole("max_fill", 1)?) {
        (nulls, None) => Ok(nulls),
        (Nulls::Fill { fill: way @ (Fill::Carry | Fill::Interpolate), .. }, Some(most)) => Ok(fill(way, most as usize)),
        (_, Some(_)) => Ok(query_err!("{}: max_fill needs nulls => 'carry' or 'interpolate'", arguments.function())?),
    }
}
