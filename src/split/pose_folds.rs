//! `pose_folds((SELECT ...), by => 'subject', folds => 5, seed => 7)`

use datafusion::common::Result;
use datafusion::functions_nested::make_array::make_array;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, WindowUDF, lit};

use super::folds_udwf::{AssignFolds, Mode};
use super::plan::{assigned, columns};
use crate::args::Arguments;
use crate::error::query_err;
use crate::options::{FOLDS, SEED};
use crate::relation::{RelationFunction, attach, column, key_name};
use crate::schema::{FOLD, REPEAT};

/// Each is a window function of its own, in one plan.
const MOST_REPEATS: u64 = 100;

/// Puts whole subjects (or recordings) into folds, stratified by label.
///
/// The fold is a column, from 1: whichever is tested, the others hold every class. With `repeats` each row is there once for
/// each of them, with the number of the repeat beside another draw of folds.
#[derive(Debug)]
pub struct PoseFolds;

impl RelationFunction for PoseFolds {
    fn name(&self) -> &'static str {
        "pose_folds"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["by", "folds", "seed", "mode", "repeats"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Puts whole subjects (or recordings) into folds, stratified by label; whichever fold is tested, the others hold every class.",
            "SELECT window_id, CASE fold WHEN 1 THEN 'test' ELSE 'train' END AS split FROM pose_folds((SELECT * FROM windows), by => 'subject', folds => 5)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let by = columns(self.name(), &input, arguments)?;
        let folds = arguments.whole("folds", 2)?;
        let seed = arguments.whole("seed", 0)?.unwrap_or(SEED);
        let repeats = arguments.whole("repeats", 1)?;
        if let Some(repeats) = repeats.filter(|repeats| *repeats > MOST_REPEATS) {
            return Ok(query_err!("pose_folds: repeats must be at most {MOST_REPEATS} (was {repeats})")?);
        }
        let modes = [("stratified", Mode::Stratified), ("leave_one_out", Mode::LeaveOneOut), ("hash", Mode::Hash)];
        let mode = arguments.one_of("mode", &modes)?.unwrap_or(Mode::Stratified);
        if mode == Mode::LeaveOneOut
            && let Some(name) = [("folds", folds), ("repeats", repeats)].iter().find_map(|(n, v)| v.map(|_| n))
        {
            return Ok(query_err!("pose_folds: leave_one_out has a fold for each group; leave out {name}")?);
        }
        let number = |repeat: u64| format!("__fold_{repeat}");
        let assign = |repeat: u64| {
            let folds = folds.unwrap_or(FOLDS);
            (
                WindowUDF::from(AssignFolds::new(folds, seed, repeat, mode, by.clone(), arguments.notes())),
                number(repeat),
            )
        };
        let repeated = repeats.is_some();
        let repeats = 1..=repeats.unwrap_or(1);
        let (small, keys) = assigned(&input, &by, repeats.clone().map(assign).collect())?;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let named = keys.iter().map(|key| column(&key_name(key)));
        let small = LogicalPlanBuilder::from(small);
        if !repeated {
            let small = small.project(named.chain([column(&number(1)).alias(FOLD)]))?.build()?;
            return attach(self.name(), input, small, &keys, &[FOLD]);
        }
        let numbers = make_array(repeats.clone().map(|repeat| lit(repeat as i64)).collect()).alias(REPEAT);
        let folds = make_array(repeats.map(|repeat| column(&number(repeat))).collect()).alias(FOLD);
        let small = small.project(named.chain([numbers, folds]))?;
        let small = small.unnest_columns_with_options(vec![REPEAT.into(), FOLD.into()], Default::default())?.build()?;
        attach(self.name(), input, small, &keys, &[REPEAT, FOLD])
    }
}
