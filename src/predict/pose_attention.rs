//! `pose_attention('model', features)`: where in a window a model looks.

use std::sync::Arc;

use arrow::array::{Float32Builder, ListArray, ListBuilder};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion_macros::user_doc;

use super::windows::{Windows, asked};
use crate::augment::arguments::{Kind, Parameters};
use crate::error::query_err;
use crate::store::models::Models;

const PARAMETERS: Parameters = Parameters {
    function: "pose_attention",
    required: 2,
    kinds: &[("model", Kind::Text), ("features", Kind::Features), ("valid_len", Kind::Whole)],
};

/// The function `pose_attention` over the models of a session.
pub fn udf(models: Arc<Models>) -> ScalarUDF {
    // The same model name may mean another version in the next query.
    let signature = Signature { volatility: Volatility::Stable, ..PARAMETERS.signature() };
    PoseAttention { signature, models }.into()
}

#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Where in a window a trained model looks: the weight of each frame in the mean that its decision is \
                   made from, a list of as many values as the window has frames. They add up to 1, and are 0 behind the \
                   recorded frames. The model has to be trained with the option 'pooling' 'attention'. A frame's weight \
                   is that of what the recurrent layers made of all frames up to it (and after it, if they read both \
                   ways). A window that is NULL gives NULL; one with a missing or infinite value is refused.",
    syntax_example = "pose_attention(model, features [, valid_len])",
    sql_example = r#"```sql
> SELECT window_id, pose_attention('gait', features) AS weights FROM windows;
```"#,
    argument(
        name = "model",
        description = "The name of a model at posequel.models.location: its newest version, or 'gait@3' for version 3."
    ),
    argument(name = "features", description = "The values of a window, [width, features]."),
    argument(name = "valid_len", description = "Frames that were recorded; the rest is padding. All, if not given.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
struct PoseAttention {
    signature: Signature,
    models: Arc<Models>,
}

impl ScalarUDFImpl for PoseAttention {
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
        internal_err!("return_field_from_args is called instead")
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(self.name(), weights_type(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some((model, windows)) = asked(self.name(), &self.models, &args)? else {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(weights_type())?));
        };
        let Windows { valid, values, lengths } = &windows;
        let Some(weights) = model.predictor.attention(values, lengths)? else {
            return Ok(query_err!(
                "{}: model '{}' (version {}) has no attention; train one with OPTIONS ('pooling' 'attention')",
                self.name(),
                model.name,
                model.version
            )?);
        };
        Ok(ColumnarValue::Array(Arc::new(lists(model.recipe.architecture.width, valid, &weights))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// List<Float32>
fn weights_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Float32, true)))
}

/// The lists of valid rows, whose weights are [valid rows, width].
fn lists(width: usize, valid: &[bool], weights: &[f32]) -> ListArray {
    let mut lists = ListBuilder::new(Float32Builder::new());
    let mut rows = weights.chunks_exact(width);
    for valid in valid {
        let row = if *valid { rows.next() } else { None };
        lists.append_option(row.map(|row| row.iter().copied().map(Some)));
    }
    lists.finish()
}
