//! `pose_attention('model', features)`: where in a window a model looks.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Builder, ListArray, ListBuilder, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs, Volatility};
use datafusion_macros::user_doc;

use super::windows::{Windows, asked};
use crate::error::query_err;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};
use crate::store::models::Models;

/// The function `pose_attention`.
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
pub struct PoseAttention {
    /// Those of the session.
    pub models: Arc<Models>,
}

impl ScalarFunction for PoseAttention {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_attention",
        required: 2,
        kinds: &[("model", Kind::Text), ("features", Kind::Features), ("valid_len", Kind::Whole)],
    };
    /// The same name of a model may mean another version in the next query.
    const VOLATILITY: Volatility = Volatility::Stable;

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, _: &ReturnFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(Self::PARAMETERS.function, weights_type(), true)))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let Some((model, windows)) = asked(Self::PARAMETERS.function, &self.models, args)? else {
            return Ok(new_null_array(&weights_type(), args.number_rows));
        };
        let Windows { valid, values, lengths } = &windows;
        let Some(weights) = model.predictor.attention(values, lengths)? else {
            return Ok(query_err!(
                "{}: model '{}' (version {}) has no attention; train one with OPTIONS ('pooling' 'attention')",
                Self::PARAMETERS.function,
                model.name,
                model.version
            )?);
        };
        Ok(Arc::new(lists(model.recipe.architecture.width, valid, &weights)))
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
