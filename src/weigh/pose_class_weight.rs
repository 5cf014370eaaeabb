//! `pose_class_weight(label) OVER ()`

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Documentation, PartitionEvaluator, Signature, TypeSignature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion_macros::user_doc;

use super::class_weight::Method;
use crate::error::data_err;

/// The class weight of each row's label, over the rows of the window partition; the mean over the counted rows is 1.
///
/// A second argument says how many rows a row stands for: 0 leaves it out of the count. A class that is not counted, and
/// a NULL label, get NULL. Formula: N / (K N_c), see [`Method`].
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
    method: Method,
    signature: Signature,
}

/// The function with balanced weights, as SQL calls it.
pub fn udwf() -> WindowUDF {
    WindowUDF::from(PoseClassWeight::new(Method::Balanced { power: 1.0 }))
}

impl PoseClassWeight {
    /// The function by another method.
    pub fn new(method: Method) -> Self {
        let arity = vec![TypeSignature::Any(1), TypeSignature::Any(2)];
        Self { method, signature: Signature::one_of(arity, Volatility::Immutable) }
    }
}

impl PartialEq for PoseClassWeight {
    fn eq(&self, other: &Self) -> bool {
        self.method == other.method
    }
}

impl Eq for PoseClassWeight {}

impl Hash for PoseClassWeight {
    fn hash<H: Hasher>(&self, state: &mut H) {
        format!("{:?}", self.method).hash(state);
    }
}

impl WindowUDFImpl for PoseClassWeight {
    fn name(&self) -> &str {
        "pose_class_weight"
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
        let options = FormatOptions::default();
        let names = ArrayFormatter::try_new(&values[0], &options)?;
        let stands_for = values.get(1).map(|v| cast(v, &DataType::Int64)).transpose()?;
        let stands_for = stands_for.map(|v| Int64Array::from(v.to_data()));
        let mut counts = BTreeMap::new();
        let mut labels = Vec::with_capacity(rows);
        for row in 0..rows {
            let label = values[0].is_valid(row).then(|| names.value(row).to_string());
            let n = stands_for.as_ref().map_or(1, |v| if v.is_valid(row) { v.value(row) } else { 0 });
            if n < 0 {
                return Ok(data_err!("pose_class_weight: rows must be a whole number >= 0 (was {n})")?);
            }
            if let (Some(label), 1..) = (&label, n) {
                *counts.entry(label.clone()).or_insert(0) += n as u64;
            }
            labels.push(label);
        }
        let weights = self.method.weights(&counts);
        let weight = |label: &Option<String>| weights.get(label.as_ref()?).copied();
        Ok(Arc::new(labels.iter().map(weight).collect::<Float64Array>()))
    }
}
