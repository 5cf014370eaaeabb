//! `pose_distance(features, skeleton, a, b)`: how far two joints are apart.

use arrow::array::ArrayRef;
use arrow::datatypes::FieldRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::distance::distance;
use super::poses::{Poses, body, numbers_field, point};
use crate::frames::skeletons::Skeletons;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_distance`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The distance of two joints in the unit of their coordinates. Of a window, that in each of its frames, \
                   as a list. NULL where a joint is missing.",
    syntax_example = "pose_distance(features, skeleton, a, b)",
    sql_example = r#"```sql
> SELECT pose_distance(pose, 'coco17', 'left_hip', 'right_hip') AS distance
  FROM (SELECT array_concat(array_repeat(0.0, 22), [3.0, 4.0, 1.0, 4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 0.0, 1.0, 0.0]) AS pose);
+----------+
| distance |
+----------+
| 2.0      |
+----------+
```"#,
    argument(name = "features", description = "The values of a frame, or of a window whose type tells its shape."),
    argument(
        name = "skeleton",
        description = "The skeleton, and what the values of a joint are: `body25`, `coco17:xyc`."
    ),
    argument(name = "a", description = "One joint."),
    argument(name = "b", description = "The other joint.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseDistance {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseDistance {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_distance",
        required: 4,
        kinds: &[("features", Kind::Features), ("skeleton", Kind::Text), ("a", Kind::Text), ("b", Kind::Text)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        numbers_field(Self::PARAMETERS.function, args.arg_fields)
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let plan = |texts: &[&str], dim: usize| {
            let body = body(texts[0], dim, &self.skeletons)?;
            Ok((body.skeleton.joint(texts[1])?, body.skeleton.joint(texts[2])?, body.axes(), body))
        };
        Poses::new(Self::PARAMETERS.function, args, 1..4)?.numbers(plan, |(a, b, axes, body), _, frame| {
            let (mut from, mut to) = ([0.0; 3], [0.0; 3]);
            Ok(Some(distance(point(frame, body, axes, *a, &mut from), point(frame, body, axes, *b, &mut to))))
        })
    }
}
