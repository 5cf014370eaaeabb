//! `pose_mirror_label(label, pairs [, operations])`: the class of a mirrored movement.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::mirror_labels::MirrorLabels;
use crate::account::classes::{holds_numbers, names_of};
use crate::error::{self, Error};
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Argument, Kind, Parameters, literal_text};
use crate::schema::LABEL;

/// The function `pose_mirror_label`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The label of a mirrored movement: a label that is in one of the pairs becomes the other one of that \
                   pair, any other stays. With the operations of a copy, only where they mirror it.",
    syntax_example = "pose_mirror_label(label, pairs [, operations])",
    sql_example = r#"```sql
> SELECT pose_mirror_label('left_turn', 'left_turn<->right_turn') AS mirrored, pose_mirror_label('walk', 'left_turn<->right_turn') AS same;
+------------+------+
| mirrored   | same |
+------------+------+
| right_turn | walk |
+------------+------+
```"#,
    argument(
        name = "label",
        description = "The class of the movement, of any type; a number is named without a decimal point, 1.0 as '1'."
    ),
    argument(
        name = "pairs",
        description = "Labels that change places, as in 'left_turn<->right_turn, tree_left<->tree_right'."
    ),
    argument(name = "operations", description = "What was done to the window, as pose_augment writes it.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseMirrorLabel;

impl ScalarFunction for PoseMirrorLabel {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_mirror_label",
        required: 2,
        kinds: &[("label", Kind::Text), ("pairs", Kind::Text), ("operations", Kind::Text)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    /// A label stays what it is, since only its own type tells how its class is named.
    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let Some(label) = given.first().filter(|label| !label.is_nested()) else {
            return Self::PARAMETERS.coerce(given);
        };
        let texts: Vec<DataType> = std::iter::once(DataType::Utf8).chain(given[1..].iter().cloned()).collect();
        let mut coerced = Self::PARAMETERS.coerce(&texts)?;
        coerced[0] = label.clone();
        Ok(coerced)
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(Self::PARAMETERS.function, DataType::Utf8, nullable)))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let function = Self::PARAMETERS.function;
        let label = Argument::<StringArray>::new(&named(&args.args[0])?)?;
        let operations = args.args.get(2).map(Argument::<StringArray>::new).transpose()?;
        let Some(pairs) = literal_text(function, "pairs", &args.args[1])? else {
            return Ok(Arc::new(StringArray::new_null(args.number_rows)));
        };
        let labels = twins(&args.args[0].data_type(), pairs);
        let labels = labels.map_err(|e| Error::Query(format!("{function}: pairs: {e}")))?;
        let mirrored = |row: usize| {
            let is_mirrored = match &operations {
                None => true,
                Some(operations) => mirrors(operations.at(row)?) % 2 == 1,
            };
            let label = label.at(row)?;
            Some(if is_mirrored { labels.mirrored(label) } else { label })
        };
        Ok(Arc::new((0..args.number_rows).map(mirrored).collect::<StringArray>()))
    }
}

/// The pairs of labels of this type.
///
/// # Errors
/// As [`MirrorLabels::parse`] and [`MirrorLabels::of_numbers`].
pub(super) fn twins(labels: &DataType, pairs: &str) -> error::Result<MirrorLabels> {
    if holds_numbers(labels) { MirrorLabels::of_numbers(pairs) } else { MirrorLabels::parse(pairs) }
}

/// The names of the classes; NULL stays NULL.
fn named(labels: &ColumnarValue) -> Result<ColumnarValue> {
    let names = |labels: &ArrayRef| names_of(PoseMirrorLabel::PARAMETERS.function, LABEL, labels);
    Ok(match labels {
        ColumnarValue::Array(labels) => ColumnarValue::Array(Arc::new(names(labels)?)),
        ColumnarValue::Scalar(label) => {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&names(&label.to_array_of_size(1)?)?, 0)?)
        }
    })
}

/// How often operations mirror a window.
fn mirrors(operations: &str) -> usize {
    operations.split('|').filter(|operation| operation.trim() == "mirror").count()
}
