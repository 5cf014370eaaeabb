//! `pose_window_slice(features, share, seed, key [, width])`: a part of the window, stretched to all of it.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::single::Single;
use super::window_slice;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_window_slice`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Takes a run of frames that begins anywhere, and stretches it to the whole window, linearly between frames; next to a missing value the result is NULL. After Le Guennec et al. 2016, whose share is 0.9.",
    syntax_example = "pose_window_slice(features, share, seed, key [, width])",
    sql_example = r#"```sql
> SELECT pose_window_slice([0.0, 1.0, 2.0, 3.0, 4.0], 0.6, 7, 'video1:0', 5) AS sliced;
+---------------------------+
| sliced                    |
+---------------------------+
| [0.0, 0.5, 1.0, 1.5, 2.0] |
+---------------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(
        name = "share",
        description = "The part of the frames that is taken, 0 to 1, at least two frames; 1 changes nothing."
    ),
    argument(name = "seed", description = "A whole number: other seeds, other draws."),
    argument(name = "key", description = "The name of the row, such as its window_id: other keys, other draws."),
    argument(
        name = "width",
        description = "Frames in a window; needed only where the type does not tell, as that of pose_windows does."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseWindowSlice;

impl ScalarFunction for PoseWindowSlice {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_window_slice",
        required: 4,
        kinds: &[
            ("features", Kind::Features),
            ("share", Kind::Number),
            ("seed", Kind::Whole),
            ("key", Kind::Key),
            ("width", Kind::Whole),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        Single::drawn(Self::PARAMETERS.function, window_slice::parse).rows(args)
    }
}
