//! `pose_mirror_label(label, pairs [, operations])`: the class of a mirrored movement.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::mirror_labels::MirrorLabels;
use crate::error::Error;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Argument, Kind, Parameters, literal_text};

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
    argument(name = "label", description = "The class of the movement."),
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

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(Self::PARAMETERS.function, DataType::Utf8, nullable)))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let function = Self::PARAMETERS.function;
        let label = Argument::<StringArray>::new(&args.args[0])?;
        let operations = args.args.get(2).map(Argument::<StringArray>::new).transpose()?;
        let Some(pairs) = literal_text(function, "pairs", &args.args[1])? else {
            return Ok(Arc::new(StringArray::new_null(args.number_rows)));
        };
        let labels = MirrorLabels::parse(pairs).map_err(|e| Error::Query(format!("{function}: pairs: {e}")))?;
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

/// How often operations mirror a window.
fn mirrors(operations: &str) -> usize {
    operations.split('|').filter(|operation| operation.trim() == "mirror").count()
}
