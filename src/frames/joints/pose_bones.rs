//! `pose_bones(features, skeleton)`: each joint seen from the joint it hangs on.

use arrow::array::ArrayRef;
use arrow::datatypes::FieldRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::bones::bones;
use super::poses::{Poses, body, moving, refuse};
use crate::frames::skeletons::Skeletons;
use crate::frames::skeletons::body::Value;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters, field_with_nulls};

/// The function `pose_bones`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The bone of each joint: its coordinates, and velocities (u, v, w), minus those of the joint that it \
                   hangs on; 0 for a joint that hangs on none. A bone is as sure as the less sure of its two joints, and \
                   missing where one of them is: NULL. A NaN counts as missing.",
    syntax_example = "pose_bones(features, skeleton)",
    sql_example = r#"```sql
> SELECT pose_bones(pose, 'coco17')[27:34] AS thighs_shins
  FROM (SELECT array_concat(array_repeat(0.0, 22), [3.0, 4.0, 1.0, 4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 0.0, 1.0, 0.0]) AS pose);
+----------------------------------------------+
| thighs_shins                                 |
+----------------------------------------------+
| [0.0, -2.0, 0.0, -2.0, 0.0, -2.0, 0.0, -2.0] |
+----------------------------------------------+
```"#,
    argument(name = "features", description = "The values of a frame, or of a window whose type tells its shape."),
    argument(
        name = "skeleton",
        description = "The skeleton, and what the values of a joint are: `body25`, `coco17:xyc`."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseBones {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseBones {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_bones",
        required: 2,
        kinds: &[("features", Kind::Features), ("skeleton", Kind::Text)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        field_with_nulls(Self::PARAMETERS.function, args.arg_fields)
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let plan = |texts: &[&str], dim: usize| {
            let body = body(texts[0], dim, &self.skeletons)?;
            refuse(&body, |value| *value == Value::Angle, "the angle of a joint (a) is no angle of its bone")?;
            Ok((moving(&body), body.values.len(), body.skeleton.parents()))
        };
        Poses::new(Self::PARAMETERS.function, args, 1..2)?.map(plan, |(places, values, parents), _, old, new| {
            bones(old, *values, places, parents, new);
            Ok(true)
        })
    }
}
