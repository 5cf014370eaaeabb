//! `pose_normalize(features, skeleton [, by])`: how large a pose is no longer matters.

use arrow::array::ArrayRef;
use arrow::datatypes::FieldRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::normalize::{Size, normalize};
use super::poses::{Poses, body, refuse};
use super::{both, hips};
use crate::error::{self, query_err, suggest};
use crate::frames::skeletons::Skeletons;
use crate::frames::skeletons::body::Value;
use crate::frames::skeletons::skeleton::Skeleton;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters, field_with_nulls};

/// What a pose may be measured by.
const SIZES: [&str; 3] = ["torso", "hip", "bbox"];

/// The function `pose_normalize`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Moves the middle of each frame's pose to 0 and divides by its size. By `torso`, which is the default, \
                   the middle is that of the hips and the size is how far that of the shoulders (or the neck) is from \
                   there; by `hip` the size is how far one hip is from the other; by `bbox` middle and size (the longer \
                   side) are those of the box around the joints. Confidences stay. Where a joint that is needed is \
                   missing, or the size is 0, the pose is NULL. A NaN counts as missing.",
    syntax_example = "pose_normalize(features, skeleton [, by])",
    sql_example = r#"```sql
> SELECT pose_normalize(pose, 'coco17', 'hip')[23:34] AS hips_knees_ankles
  FROM (SELECT array_concat(array_repeat(0.0, 22), [3.0, 4.0, 1.0, 4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 0.0, 1.0, 0.0]) AS pose);
+---------------------------------------------------------------------+
| hips_knees_ankles                                                   |
+---------------------------------------------------------------------+
| [0.5, 0.0, -0.5, 0.0, 0.5, -1.0, -0.5, -1.0, 0.5, -2.0, -0.5, -2.0] |
+---------------------------------------------------------------------+
```"#,
    argument(name = "features", description = "The values of a frame, or of a window whose type tells its shape."),
    argument(
        name = "skeleton",
        description = "The skeleton, and what the values of a joint are: `body25`, `coco17:xyc`."
    ),
    argument(name = "by", description = "What the pose is measured by: `torso`, `hip` or `bbox`.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseNormalize {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseNormalize {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_normalize",
        required: 2,
        kinds: &[("features", Kind::Features), ("skeleton", Kind::Text), ("by", Kind::Text)],
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
            let moves = |value: &Value| matches!(value, Value::Velocity(_));
            refuse(&body, moves, "velocities (u, v, w) have no place in a normalized pose; take those of its result")?;
            let size = size(texts.get(1).unwrap_or(&SIZES[0]), &body.skeleton)?;
            Ok((body.axes(), body.values.len(), size))
        };
        Poses::new(Self::PARAMETERS.function, args, 1..3)?.map(plan, |(axes, values, size), _, old, new| {
            normalize(old, *values, axes, size, new);
            Ok(true)
        })
    }
}

fn size(by: &str, skeleton: &Skeleton) -> error::Result<Size> {
    let neck = || skeleton.joint("neck").ok().map(|neck| vec![neck]);
    let shoulders = both(skeleton, "shoulder").map(Vec::from).or_else(neck);
    let (what, size) = match by {
        "torso" => {
            let torso = shoulders.zip(hips(skeleton)).map(|(shoulders, hips)| Size::Torso { shoulders, hips });
            ("shoulders and hips (left_shoulder and right_shoulder or neck; mid_hip or left_hip and right_hip)", torso)
        }
        "hip" => ("hips (left_hip and right_hip)", both(skeleton, "hip").map(|hips| Size::Hip { hips })),
        "bbox" => ("", Some(Size::Bbox)),
        other => return query_err!("by must be torso, hip or bbox (was '{other}'){}", suggest(other, SIZES)),
    };
    match size {
        Some(size) => Ok(size),
        None => query_err!("skeleton '{}' has no {what} to measure it by; use 'bbox'", skeleton.name),
    }
}
