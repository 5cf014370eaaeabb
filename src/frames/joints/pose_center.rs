//! `pose_center(features, skeleton [, joint])`: where a pose stands no longer matters.

use arrow::array::ArrayRef;
use arrow::datatypes::FieldRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::center::center;
use super::hips;
use super::poses::{Poses, body, moving};
use crate::frames::skeletons::Skeletons;
use crate::frames::skeletons::skeleton::Skeleton;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters, field_with_nulls};

/// The function `pose_center`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Moves the origin of each frame to a joint, else to the middle of the hips (mid_hip, or left_hip and \
                   right_hip), else to the joints that hang on none. Velocities (u, v, w) become relative to it, too; \
                   confidences stay. Where the origin is missing, the pose is: NULL. A NaN counts as missing.",
    syntax_example = "pose_center(features, skeleton [, joint])",
    sql_example = r#"```sql
> SELECT pose_center(pose, 'coco17')[23:34] AS hips_knees_ankles
  FROM (SELECT array_concat(array_repeat(0.0, 22), [3.0, 4.0, 1.0, 4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 0.0, 1.0, 0.0]) AS pose);
+---------------------------------------------------------------------+
| hips_knees_ankles                                                   |
+---------------------------------------------------------------------+
| [1.0, 0.0, -1.0, 0.0, 1.0, -2.0, -1.0, -2.0, 1.0, -4.0, -1.0, -4.0] |
+---------------------------------------------------------------------+
```"#,
    argument(name = "features", description = "The values of a frame, or of a window whose type tells its shape."),
    argument(
        name = "skeleton",
        description = "The skeleton, and what the values of a joint are: `body25`, `coco17:xyc`."
    ),
    argument(name = "joint", description = "The joint that becomes the origin.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseCenter {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseCenter {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_center",
        required: 2,
        kinds: &[("features", Kind::Features), ("skeleton", Kind::Text), ("joint", Kind::Text)],
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
            let origin = match texts.get(1) {
                Some(joint) => vec![body.skeleton.joint(joint)?],
                None => hips(&body.skeleton).unwrap_or_else(|| roots(&body.skeleton)),
            };
            Ok((moving(&body), body.values.len(), origin))
        };
        Poses::new(Self::PARAMETERS.function, args, 1..3)?.map(plan, |(places, values, origin), _, old, new| {
            center(old, *values, places, origin, new);
            Ok(true)
        })
    }
}

fn roots(skeleton: &Skeleton) -> Vec<usize> {
    (0..skeleton.joints.len()).filter(|joint| skeleton.joints[*joint].parent.is_none()).collect()
}
