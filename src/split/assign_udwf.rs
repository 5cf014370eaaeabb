//! The assignment of groups as a window function over (rows, label, keys...), one row a group and label.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

use super::assign::{Counts, assign};
use super::shares::Shares;
use super::side::Side;
use crate::error::{Error, data_err};

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
        let (Some(counts), Some(labels)) = (values[0].as_any().downcast_ref::<Int64Array>(), values.get(1)) else {
            return Err(DataFusionError::from(Error::Internal(
                "pose_assign_groups takes (rows, label, key...)".into(),
            )));
        };
        let groups = (0..rows).map(|row| self.group(&values[2..], row)).collect::<Result<Vec<_>>>()?;
        let [train, validation, test] = self.shares.map(f64::from_bits);
        let shares = Shares::new(train, validation, test)?;
        if self.hash {
            let sides = groups.iter().map(|g| shares.by_hash(g, self.seed).name());
            return Ok(Arc::new(StringArray::from_iter_values(sides)));
        }
        let options = FormatOptions::default();
        let names = ArrayFormatter::try_new(labels, &options)?;
        let mut table = Counts::new();
        for (row, group) in groups.iter().enumerate() {
            let classes = table.entry(group.clone()).or_default();
            if labels.is_valid(row) && labels.data_type() != &DataType::Null {
                *classes.entry(names.value(row).to_string()).or_insert(0) += counts.value(row) as u64;
            }
        }
        let assignment = assign(&table, &shares, self.seed).map_err(in_pose_split)?;
        assignment.notes.iter().for_each(|note| tracing::warn!("pose_split: {note}"));
        Ok(Arc::new(StringArray::from_iter_values(groups.iter().map(|g| assignment.sides[g].name()))))
    }
}

impl AssignGroups {
    /// `source/subject`, for the draw and for messages.
    fn group(&self, keys: &[ArrayRef], row: usize) -> Result<String> {
        let options = FormatOptions::default().with_null("");
        let mut parts = vec![];
        for (key, name) in keys.iter().zip(&self.by) {
            if key.is_null(row) && name != crate::schema::SOURCE {
                return Ok(data_err!(
                    "pose_split: {name} is NULL in some rows, so nobody can tell which belong together; \
                     fill it, or split by something else: by => 'video'"
                )?);
            }
            parts.push(ArrayFormatter::try_new(key, &options)?.value(row).to_string());
        }
        Ok(parts.join("/"))
    }
}

/// The assignment does not know who asked; the user does.
fn in_pose_split(error: Error) -> Error {
    match error {
        Error::Data(message) => Error::Data(format!("pose_split: {message}")),
        Error::Query(message) => Error::Query(format!("pose_split: {message}")),
        other => other,
    }
}
