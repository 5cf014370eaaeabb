//! `pose_predict('model', features)`: what a model takes a window for.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Builder, Float64Builder, Int64Array, ListBuilder, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion_macros::user_doc;

use super::windows::Reads;
use crate::augment::arguments::{Argument, Kind, Parameters, literal_text};
use crate::augment::features::Features;
use crate::error::{self, Error};
use crate::schema::{LABEL, feature_names, tensor_shape};
use crate::store::models::{Model, Models};

const PARAMETERS: Parameters = Parameters {
    function: "pose_predict",
    required: 2,
    kinds: &[("model", Kind::Text), ("features", Kind::Features), ("valid_len", Kind::Whole)],
};

/// The function `pose_predict` over the models of a session.
pub fn udf(models: Arc<Models>) -> ScalarUDF {
    // The same model name may mean another version in the next query.
    let signature = Signature { volatility: Volatility::Stable, ..PARAMETERS.signature() };
    PosePredict { signature, models }.into()
}

#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "What a trained model takes a window for: a struct of the most probable label, its probability, and \
                   the probability of every label in the order of the table labels. The shape of the window must be \
                   the one that the model was trained on. A window that is NULL gives NULL; one with a missing or \
                   infinite value is refused.",
    syntax_example = "pose_predict(model, features [, valid_len])",
    sql_example = r#"```sql
> SELECT window_id, pose_predict('gait', features)['label'] AS predicted FROM windows;
```"#,
    argument(
        name = "model",
        description = "The name of a model at posequel.models.location: its newest version, or 'gait@3' for version 3."
    ),
    argument(name = "features", description = "The values of a window, [width, features]."),
    argument(name = "valid_len", description = "Frames that were recorded; the rest is padding. All, if not given.")
)]
#[derive(Debug)]
struct PosePredict {
    signature: Signature,
    models: Arc<Models>,
}

impl PartialEq for PosePredict {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.models, &other.models)
    }
}

impl Eq for PosePredict {}

impl Hash for PosePredict {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.models).hash(state);
    }
}

impl ScalarUDFImpl for PosePredict {
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
        Ok(Arc::new(Field::new(self.name(), prediction_type(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (Some(model), Some(features)) = (args.args.first(), args.args.get(1)) else {
            return internal_err!("pose_predict without arguments");
        };
        let model = match literal_text(self.name(), "model", model)? {
            Some(name) if args.number_rows > 0 => self.models.load_now(name)?,
            _ => return Ok(ColumnarValue::Scalar(ScalarValue::try_from(prediction_type())?)),
        };
        let valid_len = args.args.get(2).map(Argument::<Int64Array>::new).transpose()?;
        let features = Features::new(&features.to_array(args.number_rows)?)?;
        let predictions = predict(&model, &features, args.arg_fields.get(1), valid_len.as_ref())?;
        Ok(ColumnarValue::Array(Arc::new(predictions)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Struct(label Utf8, probability Float64, probabilities List<Float32>).
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

/// One prediction for each row of `features`, a column of this field; NULL where the window or its valid_len is NULL.
fn predict(
    model: &Model,
    features: &Features,
    field: Option<&FieldRef>,
    valid_len: Option<&Argument<Int64Array>>,
) -> error::Result<StructArray> {
    let name = format!("model '{}' (version {})", model.name, model.version);
    let architecture = &model.recipe.architecture;
    let names = model.recipe.features.as_deref();
    let reads = Reads { model: &name, width: architecture.width, dim: architecture.features, names };
    if let Some(field) = field {
        tensor_shape(field).map_or(Ok(()), |shape| reads.check_shape(shape))?;
        reads.check_names(&feature_names(field))?;
    }

    let (mut values, mut lengths, mut valid) = (vec![], vec![], vec![]);
    for row in 0..features.len() {
        let length = valid_len.map(|len| len.at(row));
        let window = features.row(row).filter(|_| length != Some(None));
        valid.push(window.is_some());
        if let Some(window) = window {
            reads.check_window(row, window)?;
            values.extend_from_slice(window);
            lengths.push(reads.check_valid_len(row, length.flatten())?);
        }
    }
    let probabilities = if lengths.is_empty() { vec![] } else { model.predictor.probabilities(&values, &lengths)? };
    structs(&model.recipe.labels, &valid, &probabilities)
}

/// The structs of valid rows, whose probabilities are [valid rows, labels].
fn structs(labels: &[String], valid: &[bool], probabilities: &[f32]) -> error::Result<StructArray> {
    let (mut label, mut top) = (StringBuilder::new(), Float64Builder::new());
    let mut lists = ListBuilder::new(Float32Builder::new());
    let mut rows = probabilities.chunks_exact(labels.len());
    for valid in valid {
        let row = if *valid { rows.next() } else { None };
        // Among equals the first label is taken, as everywhere.
        let best = row.map(|row| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best }));
        label.append_option(best.map(|best| &labels[best]));
        top.append_option(best.and_then(|best| row.map(|row| f64::from(row[best]))));
        lists.append_option(row.map(|row| row.iter().copied().map(Some)));
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(label.finish()), Arc::new(top.finish()), Arc::new(lists.finish())];
    StructArray::try_new(fields(), columns, Some(NullBuffer::from(valid)))
        .map_err(|e| Error::Internal(format!("pose_predict: {e}")))
}
