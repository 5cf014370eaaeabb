//! `pose_feature_std(features [, width])`: how far each feature strays, over all frames of all windows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Signature, utils::AggregateOrderSensitivity,
};
use datafusion_macros::user_doc;

use super::sums::ExactSums;
use crate::error::{self, Error, data_err};
use crate::scalar::arguments::{Kind, Parameters, STATE_SHAPE, shape_of};
use crate::scalar::features::Features;

const PARAMETERS: Parameters = Parameters {
    function: "pose_feature_std",
    required: 1,
    kinds: &[("features", Kind::Features), ("width", Kind::Whole)],
};

/// The aggregate function `pose_feature_std`.
pub fn udaf() -> AggregateUDF {
    PoseFeatureStd::new().into()
}

#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The population standard deviation of each feature over all frames of all rows, as a list. Sums are \
                   exact: the result has the same bits for any order and partitioning of the rows. Missing values are \
                   left out; a feature without any value has NULL.",
    syntax_example = "pose_feature_std(features [, width])",
    sql_example = r#"```sql
> SELECT pose_feature_std(features, 2) AS std FROM (VALUES ([1.0, 10.0, 2.0, 10.0]), ([3.0, 10.0, 4.0, NULL])) AS w(features);
+--------------------------+
| std                      |
+--------------------------+
| [1.118033988749895, 0.0] |
+--------------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(
        name = "width",
        description = "Frames in a window; needed only where the type does not tell, as that of pose_windows does."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
struct PoseFeatureStd {
    signature: Signature,
}

impl PoseFeatureStd {
    fn new() -> Self {
        Self { signature: PARAMETERS.signature() }
    }
}

impl AggregateUDFImpl for PoseFeatureStd {
    fn name(&self) -> &str {
        PARAMETERS.function
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        PARAMETERS.coerce(given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true))))
    }

    fn return_field(&self, arg_fields: &[FieldRef]) -> Result<FieldRef> {
        if arg_fields.len() == 1 && shape_of(arg_fields).is_none() {
            return plan_err!(
                "{}: the type of features does not tell its frames; give their number as width, or say below {STATE_SHAPE}",
                self.name()
            );
        }
        Ok(Arc::new(Field::new(self.name(), self.return_type(&[])?, true)))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Deviations { width: shape_of(args.expr_fields).map(|(width, _)| width as i64), features: vec![] }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "sums"), DataType::Binary, false))])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The sums of each feature.
#[derive(Debug)]
struct Deviations {
    width: Option<i64>,
    features: Vec<ExactSums>,
}

impl Deviations {
    fn add(&mut self, window: &[f32], width: i64) -> error::Result<()> {
        let values = window.len();
        if width < 1 || !(values as u64).is_multiple_of(width as u64) {
            return data_err!("pose_feature_std: {values} values are not whole frames of a window of width {width}");
        }
        let dim = values / width as usize;
        self.widen(dim)?;
        for frame in window.chunks_exact(dim.max(1)) {
            for (d, (sums, &x)) in self.features.iter_mut().zip(frame).enumerate() {
                if x.is_finite() {
                    sums.add(x);
                } else if x.is_infinite() {
                    return data_err!("pose_feature_std: feature {d} is infinite");
                }
            }
        }
        Ok(())
    }

    /// Makes room for the features of the first window; all others must have as many.
    fn widen(&mut self, dim: usize) -> error::Result<()> {
        if self.features.is_empty() {
            self.features.resize(dim, ExactSums::default());
        }
        if self.features.len() != dim {
            let before = self.features.len();
            return data_err!("pose_feature_std: a window has {dim} features after windows of {before}");
        }
        Ok(())
    }
}

impl Accumulator for Deviations {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(features) = values.first() else { return internal_err!("an aggregate without arguments") };
        let features = Features::new(features)?;
        let widths: Option<&Int64Array> = values.get(1).map(|widths| widths.as_primitive::<Int64Type>());
        for row in 0..features.rows() {
            let given = widths.map_or(self.width, |widths| widths.is_valid(row).then(|| widths.value(row)));
            if let (Some(window), Some(width)) = (features.row(row), given) {
                self.add(window, width)?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.features.iter().flat_map(ExactSums::to_bytes).collect()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return internal_err!("an aggregate without state") };
        for state in states.as_binary::<i32>().iter().flatten().filter(|state| !state.is_empty()) {
            self.widen(state.len() / ExactSums::BYTES)?;
            for (mine, theirs) in self.features.iter_mut().zip(state.chunks(ExactSums::BYTES)) {
                let theirs = ExactSums::from_bytes(theirs);
                mine.merge(&theirs.ok_or_else(|| Error::Internal("sums of another length".to_owned()))?);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.features.is_empty() {
            return Ok(ScalarValue::new_null_list(DataType::Float64, true, 1));
        }
        let deviations: Vec<_> = self.features.iter().map(|sums| ScalarValue::Float64(sums.deviation())).collect();
        Ok(ScalarValue::List(ScalarValue::new_list_nullable(&deviations, &DataType::Float64)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.features.capacity() * size_of::<ExactSums>()
    }
}

#[cfg(test)]
mod tests {
    use crate::augment::sql::{message, printed, session, windows};
    use arrow::array::AsArray;

    #[tokio::test]
    async fn deviations_are_those_of_numpy_for_any_partitioning() {
        // w = ((numpy.arange(72) * 7919) % 2000 - 1000) / 8
        // numpy.std(w.reshape(-1, 2).astype(numpy.longdouble), axis=0)
        let query = "SELECT pose_feature_std(features) FROM windows";
        for (partitions, batch) in [(1, 8192), (1, 1), (3, 2), (16, 1)] {
            let session = session(partitions, batch, windows());
            let column =
                session.sql(query).await.unwrap().collect().await.unwrap()[0].column(0).as_list::<i32>().value(0);
            let column = column.as_primitive::<arrow::datatypes::Float64Type>();
            assert_eq!(
                column.values(),
                &[71.08393170908755, 70.44879964849352],
                "{partitions} partitions, batches of {batch}"
            );
        }
    }

    #[tokio::test]
    async fn groups_have_their_own_deviations_and_no_row_has_none() {
        let sql =
            "SELECT g, pose_feature_std(f, 1) AS std FROM (VALUES (1, [1.0]), (1, [3.0]), (2, [5.0]), (2, [NULL]),
                   (3, [NULL]), (4, NULL)) AS w(g, f) GROUP BY g ORDER BY g";
        assert_eq!(printed(sql).await, "1 | [1.0]\n2 | [0.0]\n3 | []\n4 |");
    }

    #[tokio::test]
    async fn windows_that_do_not_fit_are_refused() {
        let refused = message("SELECT pose_feature_std([1.0, 2.0, 3.0], 2)").await;
        assert!(refused.contains("3 values are not whole frames of a window of width 2"), "{refused}");
        let refused = message("SELECT pose_feature_std([1.0, 2.0])").await;
        assert!(refused.contains("give their number as width"), "{refused}");
        let refused = message("SELECT pose_feature_std([1e300], 1)").await;
        assert!(refused.contains("feature 0 is infinite"), "{refused}");
    }
}
