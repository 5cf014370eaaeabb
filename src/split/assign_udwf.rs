//! The assignment of groups as a window function over (rows, label, keys...), one row a group and label.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

use super::assign::assign;
use super::groups::{asked_by, counts, groups};
use super::shares::Shares;
use super::side::Side;
use crate::notes::Notes;

const FUNCTION: &str = "pose_split";

/// `pose_assign_groups(rows, label, key...) OVER ()`: the side of each row's group, or recording.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssignGroups {
    shares: [u64; 3],
    seed: u64,
    hash: bool,
    by: Vec<String>,
    /// The name of a further key that parts groups into recordings; none where groups are recordings.
    finer: Option<String>,
    notes: Notes,
    signature: Signature,
}

impl AssignGroups {
    /// By `shares` and `seed`; `hash` ignores rows and labels. `by` are the names of the keys, for messages; `notes` hear what is
    /// not as one would expect.
    pub fn new(shares: Shares, seed: u64, hash: bool, by: Vec<String>, finer: Option<String>, notes: Notes) -> Self {
        let shares = Side::ALL.map(|side| shares.of(side).to_bits());
        Self { shares, seed, hash, by, finer, notes, signature: Signature::variadic_any(Volatility::Immutable) }
    }

    /// The sides of the rows where no group is left for validation: test gets groups, validation whole recordings of
    /// the groups that are left to train. None where that cannot be either.
    ///
    /// Grouped folds would not help: where no group can leave train, none can be a fold.
    fn inside_train(&self, shares: &Shares, groups: &[String], values: &[ArrayRef]) -> Result<Option<Vec<Side>>> {
        let Some(finer) = self.finer.as_ref().filter(|_| shares.of(Side::Validation) > 0.0) else { return Ok(None) };
        let rest = shares.of(Side::Train) + shares.of(Side::Validation);
        let coarse = Shares::new(rest, 0.0, shares.of(Side::Test))?;
        let Ok(outer) = assign(&counts(FUNCTION, groups, values)?, &coarse, self.seed) else { return Ok(None) };
        let keys: Vec<String> = self.by.iter().chain([finer]).cloned().collect();
        let recordings = super::groups::groups(FUNCTION, &keys, values, groups.len())?;
        let mut inner = counts(FUNCTION, &recordings, values)?;
        let known: BTreeMap<&String, Side> =
            recordings.iter().zip(groups).map(|(recording, group)| (recording, outer.sides[group])).collect();
        inner.retain(|recording, _| known.get(recording) == Some(&Side::Train));
        let fine = Shares::new(shares.of(Side::Train) / rest, shares.of(Side::Validation) / rest, 0.0)?;
        let Ok(inner) = assign(&inner, &fine, self.seed) else { return Ok(None) };
        let side =
            |(recording, group): (&String, &String)| inner.sides.get(recording).copied().unwrap_or(outer.sides[group]);
        Ok(Some(recordings.iter().zip(groups).map(side).collect()))
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
        let table = counts(FUNCTION, &groups, values)?;
        let assignment = match assign(&table, &shares, self.seed) {
            Ok(assignment) => assignment,
            Err(error) => match self.inside_train(&shares, &groups, values) {
                Ok(Some(sides)) => {
                    let inside = "so validation is whole recordings of groups that train knows";
                    self.notes.say(format!("{FUNCTION}: {error}; {inside}"));
                    return Ok(Arc::new(StringArray::from_iter_values(sides.iter().map(|side| side.name()))));
                }
                Err(internal @ DataFusionError::Internal(_)) => return Err(internal),
                // What groups cannot do is the reason, whatever recordings cannot do beside it.
                Ok(None) | Err(_) => return Err(asked_by(FUNCTION, error).into()),
            },
        };
        assignment.notes.iter().for_each(|note| self.notes.say(format!("{FUNCTION}: {note}")));
        Ok(Arc::new(StringArray::from_iter_values(groups.iter().map(|g| assignment.sides[g].name()))))
    }
}
