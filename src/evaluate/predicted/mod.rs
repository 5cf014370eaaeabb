//! Any table of predictions, ours or not: read, parted by columns, and judged. What the functions over predictions share.

mod account;
mod rows;

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::Field;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use self::account::PredictionAccount;
use super::Predictions;
use super::labels::labels;
use crate::account::columns::{apart, named, present, require};
use crate::account::over;
use crate::account::recording::Groups;
use crate::args::Arguments;
use crate::error;
use crate::interrupt::Interrupt;
use crate::options::SEED;
use crate::schema::{LABEL, SPLIT, VERSION};

/// The class that was predicted.
pub const PREDICTED: &str = "predicted";
/// How probable each class is, in the order of the labels.
pub const PROBABILITIES: &str = "probabilities";

/// The arguments of every function over predictions.
pub const PARAMETERS: [&str; 4] = ["by", "groups", "labels", "seed"];

/// What a function makes of predictions.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// The SQL name.
    pub function: &'static str,
    /// The columns behind those of `by`.
    pub fields: fn() -> Vec<Field>,
    /// The rows: one array for each of the columns.
    pub rows: fn(&Judged, u64, &Interrupt) -> error::Result<Vec<ArrayRef>>,
}

/// The predictions of one part of the rows.
pub struct Judged {
    /// Rows with an answer, in an order that depends on them alone.
    pub predictions: Predictions,
    /// Rows whose `predicted` is NULL.
    pub abstained: u64,
    /// Whether intervals are over what the caller named, instead of recordings.
    pub grouped: bool,
    /// Whether any row of any part has none: then the share of answers is a metric.
    pub some_abstained: bool,
}

/// The plan of such a function: `label` and `predicted`, with `probabilities`, the recording and the columns of `by` where they are there.
///
/// # Errors
/// A column that is missing; a wrong argument.
pub fn judged(output: Output, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
    let (function, schema) = (output.function, input.schema().as_arrow().clone());
    require(function, &schema, LABEL, "the true class")?;
    require(function, &schema, PREDICTED, "the class that was predicted, or NULL")?;
    let by = named(&schema, arguments, "by")?.unwrap_or_default();
    let groups = Groups::of(&schema, arguments)?;
    let seed = arguments.whole("seed", 0)?.unwrap_or(SEED);
    let by: Vec<Field> = by.iter().filter_map(|name| schema.field_with_name(name).ok().cloned()).collect();
    apart(function, "by", &by, &(output.fields)())?;
    let is_by = |name: &String| by.iter().any(|field| field.name() == name);
    let alone: Vec<String> = present(&schema, &[SPLIT, VERSION]).into_iter().filter(|name| !is_by(name)).collect();
    let own = present(&schema, &[LABEL, PREDICTED, PROBABILITIES]).into_iter().chain(alone.iter().cloned());
    let reads = own.chain(by.iter().map(|field| field.name().clone())).chain(groups.columns.iter().cloned()).collect();
    let labels = labels(arguments, "the classes in the order of the probabilities")?;
    let account = PredictionAccount { output, by, groups, labels, seed, reads, alone };
    over(Arc::new(account), input)
}
