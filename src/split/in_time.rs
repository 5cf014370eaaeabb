//! `mode => 'time'`: each recording's beginning to train, its middle to validation, its end to test.

use datafusion::common::Result;
use datafusion::functions_aggregate::min_max::{max, min};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit, when};

use super::pose_leaks::TIME_MODE;
use super::shares::Shares;
use super::side::Side;
use crate::account::columns::named;
use crate::args::Arguments;
use crate::error::query_err;
use crate::frames::times::advice::way_out;
use crate::options::SEQUENCE_KEYS;
use crate::relation::{attach, column, key_name, refuse_present};
use crate::schema::{FRAME, FRAME_END, FRAME_START, SPLIT, SPLIT_MODE, VIDEO};

/// The input with `split` and `split_mode`, cut in time inside each recording. Rows that lie across a border, or in the `gap` frames
/// behind it, are left out.
///
/// Of a recording whose frames are first..=last, with n = last - first + 1: train ends before first + n * train, validation
/// before first + n * (train + validation).
///
/// # Errors
/// No column that names the recording, or no frame numbers.
pub(super) fn split_in_time(
    function: &str,
    input: LogicalPlan,
    arguments: &Arguments,
    shares: Shares,
) -> Result<LogicalPlan> {
    let has = |name: &str| input.schema().has_column_with_unqualified_name(name);
    let keys: Vec<String> = match named(input.schema().as_arrow(), arguments, "by")? {
        Some(columns) => columns,
        None => SEQUENCE_KEYS.iter().filter(|key| has(key)).map(|key| (*key).to_owned()).collect(),
    };
    if keys.is_empty() {
        return Ok(query_err!(
            "{function}: mode => 'time' cuts recordings: the input has no column 'video'; say by => '...'"
        )?);
    }
    if has(VIDEO) && !keys.iter().any(|key| key == VIDEO) {
        return Ok(query_err!(
            "{function}: mode => 'time' cuts recordings, whose frames are counted anew in each: by must name them (was {}); leave it out",
            keys.join(", ")
        )?);
    }
    if arguments.is_given("seed") {
        return Ok(query_err!("{function}: mode => 'time' draws nothing, so seed has no meaning; leave it out")?);
    }
    let (first, last) = match (has(FRAME_START) && has(FRAME_END), has(FRAME)) {
        (true, _) => (FRAME_START, FRAME_END),
        (false, true) => (FRAME, FRAME),
        (false, false) => {
            return Ok(query_err!(
                "{function}: mode => 'time' needs frame_start and frame_end, as pose_windows makes them, or frame"
            )?);
        }
    };
    for name in [first, last] {
        let data_type = input.schema().field_with_unqualified_name(name)?.data_type();
        if !data_type.is_integer() {
            return Ok(query_err!(
                "{function}: mode => 'time' counts frames: {name} must be whole numbers ({name} is {data_type}); {}",
                way_out(function, &keys, name, data_type)
            )?);
        }
    }
    let gap = arguments.whole("gap", 0)?.unwrap_or(0) as f64;
    let small = LogicalPlanBuilder::from(input.clone())
        .aggregate(keys.iter().map(|key| column(key)), [min(column(first)).alias(FROM), max(column(last)).alias(TO)])?
        .project(keys.iter().map(|key| column(key).alias(key_name(key))).chain([FROM, TO].map(column)))?
        .build()?;
    refuse_present(function, &input, &[SPLIT, SPLIT_MODE])?;
    let names: Vec<String> = input.schema().fields().iter().map(|field| field.name().clone()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let joined = attach(function, input, small, &keys, &[FROM, TO])?;
    let number = |name: &str| cast(column(name), arrow::datatypes::DataType::Float64);
    let border = |share: f64| number(FROM) + (number(TO) - number(FROM) + lit(1.0)) * lit(share);
    let ends_before = |border: Expr| (number(last) + lit(1.0)).lt_eq(border);
    let begins_behind = |border: Expr| number(first).gt_eq(border + lit(gap));
    let to_validation = shares.of(Side::Train);
    // What is left for test is exactly nothing where its share is 0, whatever the sum's last bit.
    let to_test = if shares.of(Side::Test) == 0.0 { 1.0 } else { to_validation + shares.of(Side::Validation) };
    let split = when(ends_before(border(to_validation)), lit(Side::Train.name()))
        .when(begins_behind(border(to_validation)).and(ends_before(border(to_test))), lit(Side::Validation.name()))
        .when(begins_behind(border(to_test)), lit(Side::Test.name()))
        .end()?;
    let columns = names.iter().map(|name| column(name)).chain([split.alias(SPLIT), lit(TIME_MODE).alias(SPLIT_MODE)]);
    LogicalPlanBuilder::from(joined).project(columns)?.filter(column(SPLIT).is_not_null())?.build()
}

const FROM: &str = "__from";
const TO: &str = "__to";
