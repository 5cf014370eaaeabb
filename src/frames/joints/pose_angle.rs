//! `pose_angle(features, skeleton, a, b, c [, signed])`: how far a joint is bent.

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::FieldRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::angle::{angle, signed_angle};
use super::poses::{Poses, body, numbers_field, point};
use crate::error::query_err;
use crate::frames::skeletons::Skeletons;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Argument, Kind, Parameters};

/// The function `pose_angle`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The angle at joint b between the sides to a and to c, in radians in [0, π]; or, signed, the turn from \
                   a to c in (-π, π], which is positive if it is counter-clockwise with y pointing up, so clockwise in \
                   an image, where y points down. Of a window, the angle of each of its frames, as a list. NULL where a \
                   joint is missing or lies on b.",
    syntax_example = "pose_angle(features, skeleton, a, b, c [, signed])",
    sql_example = r#"```sql
> SELECT pose_angle(pose, 'coco17', 'left_hip', 'left_knee', 'left_ankle') AS angle,
         pose_angle(pose, 'coco17', 'left_hip', 'left_knee', 'left_ankle', signed => true) AS turn
  FROM (SELECT array_concat(array_repeat(0.0, 22), [0.0, 2.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 0.0, 3.0, 0.0]) AS pose);
+-----------+------------+
| angle     | turn       |
+-----------+------------+
| 1.5707964 | -1.5707964 |
+-----------+------------+
```"#,
    argument(name = "features", description = "The values of a frame, or of a window whose type tells its shape."),
    argument(
        name = "skeleton",
        description = "The skeleton, and what the values of a joint are: `body25`, `coco17:xyc`."
    ),
    argument(name = "a", description = "The joint at the end of the first side."),
    argument(name = "b", description = "The joint that is bent."),
    argument(name = "c", description = "The joint at the end of the other side."),
    argument(name = "signed", description = "TRUE for the turn; only for poses of x and y. FALSE if not given.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseAngle {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseAngle {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_angle",
        required: 5,
        kinds: &[
            ("features", Kind::Features),
            ("skeleton", Kind::Text),
            ("a", Kind::Text),
            ("b", Kind::Text),
            ("c", Kind::Text),
            ("signed", Kind::Flag),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn result(&self, args: &ReturnFieldArgs) -> Result<FieldRef> {
        numbers_field(Self::PARAMETERS.function, args.arg_fields)
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let signed = args.args.get(5).map(Argument::<BooleanArray>::new).transpose()?;
        let plan = |texts: &[&str], dim: usize| {
            let body = body(texts[0], dim, &self.skeletons)?;
            let joint = |place: usize| body.skeleton.joint(texts[place]);
            Ok(([joint(1)?, joint(2)?, joint(3)?], body.axes(), body))
        };
        Poses::new(Self::PARAMETERS.function, args, 1..5)?.numbers(plan, |(joints, axes, body), row, frame| {
            let signed = match &signed {
                None => false,
                Some(signed) => match signed.at(row) {
                    Some(signed) => signed,
                    None => return Ok(None),
                },
            };
            let mut points = [[0.0; 3]; 3];
            let [a, b, c] = &mut points;
            let [a, b, c] = [(a, 0), (b, 1), (c, 2)].map(|(at, i)| point(frame, body, axes, joints[i], at));
            match signed {
                false => Ok(Some(angle(a, b, c))),
                true if axes.len() == 2 => Ok(Some(signed_angle(a, b, c))),
                true => query_err!("pose_angle: an angle has a sign in the plane only; these joints have x, y and z"),
            }
        })
    }
}
