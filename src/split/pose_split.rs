//! `pose_split((SELECT ...), by => 'subject', train => 0.6, validation => 0.2, test => 0.2, seed => 7)`

use datafusion::common::Result;
use datafusion::logical_expr::{LogicalPlan, WindowUDF};

use super::assign_udwf::AssignGroups;
use super::in_time::split_in_time;
use super::plan::{assigned, columns};
use super::shares::Shares;
use super::side::Side;
use crate::args::Arguments;
use crate::error::query_err;
use crate::options::{SEED, SHARES};
use crate::relation::{RelationFunction, attach};
use crate::schema::{SPLIT, VIDEO};

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
        &["by", "train", "validation", "test", "seed", "mode", "gap"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "Puts whole subjects (or recordings) into train, validation and test, stratified by label.",
            "SELECT window_id, split FROM pose_split((SELECT * FROM windows), by => 'subject', train => 0.6, validation => 0.2, test => 0.2)",
        )
    }

    fn plan(&self, input: LogicalPlan, arguments: &Arguments) -> Result<LogicalPlan> {
        let shares = shares(arguments)?;
        let modes = [("stratified", Mode::Stratified), ("hash", Mode::Hash), ("time", Mode::Time)];
        let mode = arguments.one_of("mode", &modes)?.unwrap_or(Mode::Stratified);
        if mode == Mode::Time {
            return split_in_time(self.name(), input, arguments, shares);
        }
        if arguments.is_given("gap") {
            return Ok(query_err!("pose_split: gap needs mode => 'time': whole groups need no room between them")?);
        }
        let by = columns(self.name(), &input, arguments)?;
        let seed = arguments.whole("seed", 0)?.unwrap_or(SEED);
        let hash = mode == Mode::Hash;
        // Where people are too few, validation may have to be recordings of people that train knows.
        let has_recordings = input.schema().has_column_with_unqualified_name(VIDEO);
        let may_need =
            has_recordings && !hash && shares.of(Side::Validation) > 0.0 && !by.iter().any(|key| key == VIDEO);
        let finer = may_need.then(|| VIDEO.to_owned());
        let keys: Vec<String> = by.iter().chain(&finer).cloned().collect();
        let assign = WindowUDF::from(AssignGroups::new(shares, seed, hash, by, finer, arguments.notes()));
        let (small, keys) = assigned(&input, &keys, vec![(assign, SPLIT.to_owned())])?;
        attach(self.name(), input, small, &keys.iter().map(String::as_str).collect::<Vec<_>>(), &[SPLIT])
    }
}

/// How the sides are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Groups to sides, each class in its share.
    Stratified,
    /// Each group by its name alone.
    Hash,
    /// Recordings cut in time.
    Time,
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
