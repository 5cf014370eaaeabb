//! `pose_predict('model', features)`: what a model takes a window for.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Builder, Float64Builder, ListBuilder, StringBuilder, StructArray, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, Volatility};
use datafusion_macros::user_doc;

use super::windows::{Windows, asked};
use crate::error::{self, Error};
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};
use crate::schema::LABEL;
use crate::store::models::Models;

/// The function `pose_predict`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "What a trained model takes a window for: a struct of the most probable label, its probability, and \
                   the probability of every label in the order of the table labels. The shape of the window must be \
                   the one that the model was trained on. A window that is NULL gives NULL; one with a missing or \
                   infinite value is refused.",
    syntax_example = "pose_predict(model, features [, valid_len [, min_confidence]])",
    sql_example = r#"```sql
> SELECT window_id, pose_predict('gait', features)['label'] AS predicted FROM windows;
```"#,
    argument(
        name = "model",
        description = "The name of a model at posequel.models.location: its newest version, or 'gait@3' for version 3."
    ),
    argument(name = "features", description = "The values of a window, [width, features]."),
    argument(
        name = "valid_len",
        description = "Frames that were recorded; the rest is padding. All, if not given, or if NULL before a min_confidence."
    ),
    argument(
        name = "min_confidence",
        description = "A window whose largest probability is below it has the label NULL: the model does not answer. 0, if not given."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PosePredict {
    /// Those of the session.
    pub models: Arc<Models>,
}

impl ScalarFunction for PosePredict {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_predict",
        required: 2,
        kinds: &[
            ("model", Kind::Text),
            ("features", Kind::Features),
            ("valid_len", Kind::Whole),
            ("min_confidence", Kind::Number),
        ],
    };
    /// The same name of a model may mean another version in the next query.
    const VOLATILITY: Volatility = Volatility::Stable;

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, _: &ReturnFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(Self::PARAMETERS.function, prediction_type(), true)))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let Some((model, windows)) = asked(Self::PARAMETERS.function, &self.models, args)? else {
            return Ok(new_null_array(&prediction_type(), args.number_rows));
        };
        let least = min_confidence(args)?;
        let Windows { valid, values, lengths } = &windows;
        let probabilities = if lengths.is_empty() { vec![] } else { model.predictor.probabilities(values, lengths)? };
        let predictions = structs(&model.recipe.labels, valid, &probabilities, least)?;
        Ok(Arc::new(predictions))
    }
}

/// `Struct(label Utf8, probability Float64, probabilities List<Float32>)`.
pub fn prediction_type() -> DataType {
    DataType::Struct(fields())
}

fn fields() -> Fields {
    let item = Arc::new(Field::new_list_field(DataType::Float32, true));
    Fields::from(vec![
        Field::new(LABEL, DataType::Utf8, true),
        Field::new("probability", DataType::Float64, true),
        Field::new("probabilities", DataType::List(item), true),
    ])
}

/// The literal in [0, 1] below which nothing is answered.
fn min_confidence(args: &ScalarFunctionArgs) -> Result<f64> {
    let wrong = |given: String| {
        let (name, low, high) = (PosePredict::PARAMETERS.function, 0, 1);
        plan_err!("{name}: min_confidence must be a literal number in [{low}, {high}] (was {given})")
    };
    match args.args.get(3) {
        None => Ok(0.0),
        Some(ColumnarValue::Scalar(scalar)) if scalar.is_null() => Ok(0.0),
        Some(ColumnarValue::Scalar(ScalarValue::Float64(Some(least)))) if (0.0..=1.0).contains(least) => Ok(*least),
        Some(ColumnarValue::Scalar(other)) => wrong(other.to_string()),
        Some(ColumnarValue::Array(_)) => wrong("a column".to_owned()),
    }
}

/// The structs of valid rows, whose probabilities are [valid rows, labels].
fn structs(labels: &[String], valid: &[bool], probabilities: &[f32], least: f64) -> error::Result<StructArray> {
    let (mut label, mut top) = (StringBuilder::new(), Float64Builder::new());
    let mut lists = ListBuilder::new(Float32Builder::new());
    let mut rows = probabilities.chunks_exact(labels.len());
    for valid in valid {
        let row = if *valid { rows.next() } else { None };
        // Among equals the first label is taken, as everywhere.
        let best = row.map(|row| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best }));
        let is_sure = |best: &usize| row.is_some_and(|row| f64::from(row[*best]) >= least);
        label.append_option(best.filter(is_sure).map(|best| &labels[best]));
        top.append_option(best.and_then(|best| row.map(|row| f64::from(row[best]))));
        lists.append_option(row.map(|row| row.iter().copied().map(Some)));
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(label.finish()), Arc::new(top.finish()), Arc::new(lists.finish())];
    StructArray::try_new(fields(), columns, Some(NullBuffer::from(valid)))
        .map_err(|e| Error::Internal(format!("pose_predict: {e}")))
}
