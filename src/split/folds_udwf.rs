//! The folds of groups as a window function over (rows, label, keys...), one row a group and label.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

use super::folds::{by_hash, folds, leave_one_out};
use super::groups::{asked_by, counts, groups};
use crate::notes::Notes;

const FUNCTION: &str = "pose_folds";

/// How a group gets its fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The rows of every class evenly over the folds.
    Stratified,
    /// Each group one of its own.
    LeaveOneOut,
    /// By its name alone: old groups stay where they are as data grows.
    Hash,
}

/// `pose_assign_folds_1(rows, label, key...) OVER ()`: the fold of each row's group, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssignFolds {
    name: String,
    folds: u64,
    seed: u64,
    repeat: u64,
    mode: Mode,
    by: Vec<String>,
    notes: Notes,
    signature: Signature,
}

impl AssignFolds {
    /// In so many folds by `seed`; each `repeat`, from 1, is another draw. `by` are the names of the keys, for messages;
    /// `notes` hear what is not as one would expect.
    pub fn new(folds: u64, seed: u64, repeat: u64, mode: Mode, by: Vec<String>, notes: Notes) -> Self {
        // Functions are told apart by name and arguments.
        let name = format!("pose_assign_folds_{repeat}");
        Self { name, folds, seed, repeat, mode, by, notes, signature: Signature::variadic_any(Volatility::Immutable) }
    }

    /// The first repeat is that of the seed; later ones are far from those of its neighbours.
    fn seed(&self) -> u64 {
        self.seed.wrapping_add((self.repeat - 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl WindowUDFImpl for AssignFolds {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Int64, false)))
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(self.clone()))
    }
}

impl PartitionEvaluator for AssignFolds {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let names = groups(FUNCTION, &self.by, values, rows)?;
        if self.mode == Mode::Hash {
            let numbers = names.iter().map(|name| by_hash(name, self.folds, self.seed()) as i64);
            return Ok(Arc::new(Int64Array::from_iter_values(numbers)));
        }
        let counts = counts(FUNCTION, &names, values)?;
        let assigned = match self.mode {
            Mode::LeaveOneOut => leave_one_out(&counts),
            _ => folds(&counts, usize::try_from(self.folds).unwrap_or(usize::MAX), self.seed()),
        };
        let assigned = assigned.map_err(|error| asked_by(FUNCTION, error))?;
        assigned.notes.iter().for_each(|note| self.notes.say(format!("{FUNCTION}: {note}")));
        Ok(Arc::new(Int64Array::from_iter_values(names.iter().map(|name| assigned.folds[name] as i64))))
    }
}
