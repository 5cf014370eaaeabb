//! `pose_scale(features, factor [, spec [, names]])`: by a larger or smaller body.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::scale;
use super::single::{Single, Spec};
use crate::frames::skeletons::Skeletons;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_scale`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Scales a window: positions of a skeleton along each axis about their mean in the window, so that the body stays where it is, and velocities about 0; or the features that are named, about 0; or, without a spec, all of them. A missing value stays NULL.",
    syntax_example = "pose_scale(features, factor [, spec [, names]])",
    sql_example = r#"```sql
> SELECT pose_scale([1.0, 2.0, 3.0], 2.0) AS all_of_them, pose_scale([1.0, 2.0, 3.0], 2.0, 'ax', ['ax', 'ay', 'az']) AS one;
+-----------------+-----------------+
| all_of_them     | one             |
+-----------------+-----------------+
| [2.0, 4.0, 6.0] | [2.0, 2.0, 3.0] |
+-----------------+-----------------+
```"#,
    argument(name = "features", description = "The values of a window or of one frame."),
    argument(name = "factor", description = "Above 0; 1 changes nothing."),
    argument(name = "spec", description = "A skeleton, or the features that are scaled: 'ax, ay'."),
    argument(
        name = "names",
        description = "The names of the features of a frame, or the number of frames; needed only where the type does not tell, as that of pose_windows does, and to call features by name."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseScale {
    /// Those of the session.
    pub skeletons: Skeletons,
}

impl ScalarFunction for PoseScale {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_scale",
        required: 2,
        kinds: &[
            ("features", Kind::Features),
            ("factor", Kind::Number),
            ("spec", Kind::Text),
            ("names", Kind::TextsOrWhole),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let spec = Spec { place: 2, required: false, skeletons: &self.skeletons };
        Single::of(Self::PARAMETERS.function, scale::parse).with_spec(spec).rows(args)
    }
}
