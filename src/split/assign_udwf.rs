//! The assignment of groups as a window function over (rows, label, keys...), one row a group and label.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

use super::assign::assign;
use super::groups::{asked_by, counts, groups};
use super::shares::Shares;
use super::side::Side;

const FUNCTION: &str = "pose_split";

/// `pose_assign_groups(rows, label, key...) OVER ()`: the side of each row's group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssignGroups {
    shares: [u64; 3],
    seed: u64,
    hash: bool,
    by: Vec<String>,
    signature: Signature,
}

impl AssignGroups {
    /// By `shares` and `seed`; `hash` ignores rows and labels. `by` are the names of the keys, for messages.
    pub fn new(shares: Shares, seed: u64, hash: bool, by: Vec<String>) -> Self {
        let shares = Side::ALL.map(|side| shares.of(side).to_bits());
        Self { shares, seed, hash, by, signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

impl WindowUDFImpl for AssignGroups {
    fn name(&self) -> &str {
        "pose_assign_groups"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Utf8, false)))
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl PartitionEvaluator for AssignGroups {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let groups = groups(FUNCTION, &self.by, values, rows)?;
        let [train, validation, test] = self.shares.map(f64::from_bits);
        let shares = Shares::new(train, validation, test)?;
        if self.hash {
            let sides = groups.iter().map(|g| shares.by_hash(g, self.seed).name());
            return Ok(Arc::new(StringArray::from_iter_values(sides)));
        }
        let table = counts(&groups, values)?;
        let assignment = assign(&table, &shares, self.seed).map_err(|error| asked_by(FUNCTION, error))?;
        assignment.notes.iter().for_each(|note| tracing::warn!("{FUNCTION}: {note}"));
        Ok(Arc::new(StringArray::from_iter_values(groups.iter().map(|g| assignment.sides[g].name()))))
    }
}
