//! `pose_class_weight(label) OVER ()`

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Documentation, PartitionEvaluator, Signature, TypeSignature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion_macros::user_doc;

use super::class_weight::Method;
use crate::account::classes::names_of;
use crate::error::data_err;
use crate::schema::LABEL;

/// The class weight of each row's label, over the rows of the window partition; the mean over the counted rows is 1.
///
/// A second argument says how many rows a row stands for: 0 leaves it out of the count. A class that is not counted, and
/// a NULL label, get NULL; a label that is NaN is refused. Formula: N / (K N_c), see [`Method`].
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The balanced class weight N / (K * N_c) of each row's label, over the rows of the partition.",
    syntax_example = "pose_class_weight(label[, rows]) OVER ()",
    sql_example = "SELECT label, pose_class_weight(label) OVER () AS weight FROM (VALUES ('a'), ('a'), ('a'), ('b')) t(label)",
    argument(name = "label", description = "The class."),
    argument(name = "rows", description = "How many rows this row stands for; 1 if not given, 0 to leave it out.")
)]
#[derive(Debug, Clone)]
pub struct PoseClassWeight {
    /// The SQL name of what was called, for messages.
    caller: &'static str,
    method: Method,
    signature: Signature,
}

const NAME: &str = "pose_class_weight";

/// The function with balanced weights, as SQL calls it.
pub fn udwf() -> WindowUDF {
    WindowUDF::from(PoseClassWeight::new(NAME, Method::Balanced { power: 1.0 }))
}

impl PoseClassWeight {
    /// The function by another method; `caller` is the SQL name of what was called, for messages.
    pub fn new(caller: &'static str, method: Method) -> Self {
        let arity = vec![TypeSignature::Any(1), TypeSignature::Any(2)];
        Self { caller, method, signature: Signature::one_of(arity, Volatility::Immutable) }
    }
}

impl PartialEq for PoseClassWeight {
    fn eq(&self, other: &Self) -> bool {
        (self.caller, self.method) == (other.caller, other.method)
    }
}

impl Eq for PoseClassWeight {}

impl Hash for PoseClassWeight {
    fn hash<H: Hasher>(&self, state: &mut H) {
        format!("{} {:?}", self.caller, self.method).hash(state);
    }
}

impl WindowUDFImpl for PoseClassWeight {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Float64, true)))
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(self.clone()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

impl PartitionEvaluator for PoseClassWeight {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let names = names_of(self.caller, LABEL, &values[0])?;
        let stands_for = values.get(1).map(|v| cast(v, &DataType::Int64)).transpose()?;
        let stands_for = stands_for.map(|v| Int64Array::from(v.to_data()));
        let mut counts = BTreeMap::new();
        for (row, label) in names.iter().take(rows).enumerate() {
            let n = stands_for.as_ref().map_or(1, |v| if v.is_valid(row) { v.value(row) } else { 0 });
            if n < 0 {
                return Ok(data_err!("{}: rows must be a whole number >= 0 (was {n})", self.caller)?);
            }
            if let (Some(label), 1..) = (label, n) {
                *counts.entry(label.to_owned()).or_insert(0) += n as u64;
            }
        }
        let weights = self.method.weights(&counts);
        let weight = |label: Option<&str>| weights.get(label?).copied();
        Ok(Arc::new(names.iter().take(rows).map(weight).collect::<Float64Array>()))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, DictionaryArray, Int8Array, StringArray};
    use arrow::datatypes::{Float64Type, Int8Type};

    use super::*;

    fn weights(labels: ArrayRef) -> Result<Vec<Option<f64>>> {
        let mut function = PoseClassWeight::new(NAME, Method::Balanced { power: 1.0 });
        let weights = function.evaluate_all(&[Arc::clone(&labels)], labels.len())?;
        Ok(weights.as_primitive::<Float64Type>().iter().collect())
    }

    #[test]
    fn zero_is_one_class_with_either_sign_and_nan_is_none() {
        // Two classes of two rows each: 4 / (2 * 2).
        let zeros = weights(Arc::new(Float64Array::from(vec![0.0, -0.0, 1.0, 1.0]))).unwrap();
        assert_eq!(zeros, [Some(1.0); 4]);
        let error = weights(Arc::new(Float64Array::from(vec![1.0, f64::NAN]))).unwrap_err().to_string();
        assert!(error.contains("pose_class_weight: label is NaN in a row, which is no class"), "{error}");
    }

    #[test]
    fn null_in_the_values_of_a_dictionary_is_no_class() {
        let values: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None, Some("y")]));
        let keys = Int8Array::from(vec![Some(0), Some(1), Some(2), Some(2), Some(2), None]);
        // N / (K N_c) of one x and three y: 4 / (2 * 1) and 4 / (2 * 3).
        let found = weights(Arc::new(DictionaryArray::<Int8Type>::try_new(keys, values).unwrap())).unwrap();
        let third = Some(4.0 / 6.0);
        assert_eq!(found, [Some(2.0), None, third, third, third, None]);
    }
}
