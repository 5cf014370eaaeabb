//! `pose_mask(features, min_confidence [, skeleton])`: joints that the detector was not sure of are missing.

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::FieldRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::mask::mask;
use super::poses::Poses;
use crate::error::{self, query_err};
use crate::frames::skeletons::Skeletons;
use crate::frames::skeletons::body::{Body, Value};
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Argument, Kind, Parameters, field_with_nulls};

/// The function `pose_mask`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Coordinates, and what else there is of a joint, become NULL where its confidence is below a threshold \
                   or missing; confidences stay. Without a skeleton the values are x, y, confidence of each joint. A NaN \
                   counts as missing.",
    syntax_example = "pose_mask(features, min_confidence [, skeleton])",
    sql_example = r#"```sql
> SELECT pose_mask([10.0, 20.0, 0.9, 0.0, 0.0, 0.1], 0.3) AS masked;
+----------------------------+
| masked                     |
+----------------------------+
| [10.0, 20.0, 0.9, , , 0.1] |
+----------------------------+
```"#,
    argument(name = "features", description = "The values of a frame, or of a window whose type tells its shape."),
    argument(
        name = "min_confidence",
        description = "The least confidence of a joint that stays, in the detector's unit."
    ),
    argument(
        name = "skeleton",
        description = "The skeleton, and what the values of a joint are: `body25`, `coco17:xyc`."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseMask {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseMask {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_mask",
        required: 2,
        kinds: &[("features", Kind::Features), ("min_confidence", Kind::Number), ("skeleton", Kind::Text)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        field_with_nulls(Self::PARAMETERS.function, args.arg_fields)
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let least = Argument::<Float64Array>::new(&args.args[1])?;
        let plan = |texts: &[&str], dim: usize| match texts.first() {
            Some(spec) => joint(&Body::parse(spec, dim, &self.skeletons)?),
            None if dim.is_multiple_of(3) => Ok((3, vec![0, 1], 2)),
            None => query_err!(
                "a frame has {dim} values, which are not x, y, confidence of each joint; say what they are by a \
                 skeleton, as in 'coco17:xyzc'"
            ),
        };
        let function = Self::PARAMETERS.function;
        Poses::new(function, args, 2..3)?.map(plan, |(values, masked, confidence), row, old, new| {
            let Some(least) = least.at(row) else { return Ok(false) };
            if least.is_nan() {
                return query_err!("{function}: min_confidence must be a number (was NaN)");
            }
            mask(old, *values, masked, *confidence, least as f32, f32::NAN, new);
            Ok(true)
        })
    }
}

/// How many values a joint has, the places of those that are masked, and that of the confidence.
fn joint(body: &Body) -> error::Result<(usize, Vec<usize>, usize)> {
    let Some(confidence) = body.confidence() else {
        return query_err!(
            "skeleton '{0}': none of the {1} values of a joint is a confidence; say which is, as in '{0}:xyc'",
            body.skeleton.name,
            body.values.len()
        );
    };
    let masked = (0..body.values.len()).filter(|place| body.values[*place] != Value::Confidence);
    Ok((body.values.len(), masked.collect(), confidence))
}
