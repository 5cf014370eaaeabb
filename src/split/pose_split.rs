//! `pose_split((SELECT ...), by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7)`

use std::sync::Arc;

use datafusion::common::{Result, ScalarValue};
use datafusion::functions_aggregate::count::count;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, WindowUDF, lit};

use super::assign_udwf::AssignGroups;
use super::shares::Shares;
use super::side::Side;
use crate::args::Arguments;
use crate::error::{query_err, suggest};
use crate::options::{SEED, SHARES};
use crate::relation::{RelationFunction, attach, column, key_name, over_all, with_windows};
use crate::schema::{LABEL, SOURCE, SPLIT, SUBJECT, VIDEO};

/// Puts whole subjects (or recordings) into train, validation and test, stratified by label.
///
/// The plan counts rows by group and label, assigns the groups in one window function over those few rows, and joins the
/// result to the input: no row but the counts is held.
#[derive(Debug)]
pub struct PoseSplit;

impl RelationFunction for PoseSplit {
    fn name(&self) -> &'static str {
        "pose_split"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["by", "train", "validation", "test", "seed", "mode"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Puts whole subjects (or recordings) into train, validation and test, stratified by label.",
            "SELECT window_id, split FROM pose_split((SELECT * FROM windows), by => 'subject', train => 0.6, validation => 0.2, test => 0.2)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let by = groups(&input, arguments)?;
        let shares = shares(arguments)?;
        let seed = arguments.whole("seed", 0)?.unwrap_or(SEED);
        let hash = arguments.one_of("mode", &[("stratified", false), ("hash", true)])?.unwrap_or(false);
        let label = input.schema().has_column_with_unqualified_name(LABEL).then_some(LABEL);
        let keys: Vec<&str> =
            by.iter().map(String::as_str).chain(label.filter(|l| !by.iter().any(|b| b == l))).collect();

        let rows = "__rows";
        let counted = LogicalPlanBuilder::from(input.clone())
            .aggregate(keys.iter().map(|k| column(k)), [count(lit(1i64)).alias(rows)])?
            .build()?;
        let assign = WindowFunctionDefinition::WindowUDF(Arc::new(WindowUDF::from(AssignGroups::new(
            shares,
            seed,
            hash,
            by.clone(),
        ))));
        let arguments = [column(rows), label.map_or_else(|| lit(ScalarValue::Utf8(None)), column)];
        let assigned = over_all(assign, arguments.into_iter().chain(by.iter().map(|b| column(b))).collect());
        let renamed = keys.iter().map(|k| column(k).alias(key_name(k)));
        let small = LogicalPlanBuilder::from(with_windows(counted, vec![(assigned, SPLIT)])?)
            .project(renamed.chain([column(SPLIT)]))?
            .build()?;
        attach(self.name(), input, small, &keys, &[SPLIT])
    }
}

/// What must not be torn apart: `by`, else the subject, else the recording; within its source.
fn groups(input: &LogicalPlan, arguments: &Arguments) -> Result<Vec<String>> {
    let has = |name: &str| input.schema().has_column_with_unqualified_name(name);
    let given = arguments.columns("by")?;
    if let Some(unknown) = given.iter().flatten().find(|name| !has(name)) {
        let names: Vec<_> = input.schema().fields().iter().map(|f| f.name().as_str()).collect();
        return Ok(query_err!("pose_split: by: the input has no column '{unknown}'{}", suggest(unknown, names))?);
    }
    let unit = match given {
        Some(columns) => columns,
        None => match [SUBJECT, VIDEO].into_iter().find(|name| has(name)) {
            Some(unit) => vec![unit.to_owned()],
            None => {
                return Ok(query_err!(
                    "pose_split: the input has neither a column 'subject' nor 'video'; say which rows belong together: by => '...'"
                )?);
            }
        },
    };
    let source = (has(SOURCE) && !unit.iter().any(|u| u == SOURCE)).then(|| SOURCE.to_owned());
    Ok(source.into_iter().chain(unit).collect())
}

/// The shares as given; one that is not given gets what the others leave, several are shared out as the defaults are.
fn shares(arguments: &Arguments) -> Result<Shares> {
    let given = Side::ALL.map(|side| arguments.number(side.name(), 0.0, 1.0));
    let [train, validation, test] = given;
    let given = [train?, validation?, test?];
    let left = 1.0 - given.iter().flatten().sum::<f64>();
    let open: f64 = given.iter().zip(SHARES).filter(|(g, _)| g.is_none()).map(|(_, s)| s).sum();
    let [train, validation, test] =
        std::array::from_fn(|i| given[i].unwrap_or_else(|| (left.max(0.0) * SHARES[i] / open).max(0.0)));
    Ok(Shares::new(train, validation, test).map_err(|e| crate::error::Error::Query(format!("pose_split: {e}")))?)
}
