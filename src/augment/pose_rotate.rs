//! `pose_rotate(features, degrees, spec [, names])`: turned in the plane.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::rotate;
use super::single::{Single, Spec};
use crate::frames::skeletons::Skeletons;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_rotate`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Turns a window in the plane of x and y, x towards y: positions of a skeleton about the centroid of all of them in the window, velocities about 0; or pairs of features that are named, such as two axes of a sensor, about 0. Where one of a pair is missing, both become NULL. The opposite angle turns back.",
    syntax_example = "pose_rotate(features, degrees, spec [, names])",
    sql_example = r#"```sql
> SELECT pose_rotate([1.0, 0.0, 5.0], 90, 'ax, ay', ['ax', 'ay', 'az']) AS turned;
+-----------------+
| turned          |
+-----------------+
| [0.0, 1.0, 5.0] |
+-----------------+
```"#,
    argument(name = "features", description = "The values of a window or of one frame."),
    argument(name = "degrees", description = "The angle; 0 changes nothing."),
    argument(name = "spec", description = "A skeleton, or the features that turn, in pairs of x and y: 'ax, ay'."),
    argument(
        name = "names",
        description = "The names of the features of a frame, or the number of frames; needed only where the type does not tell, as that of pose_windows does, and to call features by name."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseRotate {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseRotate {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_rotate",
        required: 3,
        kinds: &[
            ("features", Kind::Features),
            ("degrees", Kind::Number),
            ("spec", Kind::Text),
            ("names", Kind::TextsOrWhole),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let spec = Spec { place: 2, required: true, skeletons: &self.skeletons };
        Single::of(Self::PARAMETERS.function, rotate::parse).with_spec(spec).rows(args)
    }
}
