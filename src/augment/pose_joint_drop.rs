//! `pose_joint_drop(features, probability, seed, key [, skeleton [, names]])`: some joints lose their movement.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::joint_drop;
use super::single::{Single, Spec};
use crate::frames::skeletons::Skeletons;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_joint_drop`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Each joint, with a probability of its own, stands at its mean over the window: neither NULL, which a tensor cannot hold, nor 0, which is a place like any other. Without a skeleton each feature is a joint. A missing value stays NULL.",
    syntax_example = "pose_joint_drop(features, probability, seed, key [, skeleton [, names]])",
    sql_example = r#"```sql
> SELECT pose_joint_drop([0.0, 10.0, 2.0, 12.0, 4.0, 14.0], 0.5, 7, 'video1:0', NULL, ['x', 'y']) AS dropped;
+-----------------------------------+
| dropped                           |
+-----------------------------------+
| [0.0, 12.0, 2.0, 12.0, 4.0, 12.0] |
+-----------------------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(name = "probability", description = "Of each joint, 0 to 1; 0 changes nothing."),
    argument(name = "seed", description = "A whole number: other seeds, other draws."),
    argument(name = "key", description = "The name of the row, such as its window_id: other keys, other draws."),
    argument(
        name = "skeleton",
        description = "Tells which features are one joint: body25, coco17:xyc; NULL for none."
    ),
    argument(
        name = "names",
        description = "The names of the features of a frame, or the number of frames; needed only where the type does not tell, as that of pose_windows does, and to call features by name."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseJointDrop {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseJointDrop {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_joint_drop",
        required: 4,
        kinds: &[
            ("features", Kind::Features),
            ("probability", Kind::Number),
            ("seed", Kind::Whole),
            ("key", Kind::Key),
            ("skeleton", Kind::Text),
            ("names", Kind::TextsOrWhole),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let spec = Spec { place: 4, required: false, skeletons: &self.skeletons };
        Single::drawn(Self::PARAMETERS.function, joint_drop::parse).with_spec(spec).rows(args)
    }
}
