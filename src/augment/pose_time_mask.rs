//! `pose_time_mask(features, share, seed, key [, width])`: a run of frames without movement.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::single::Single;
use super::time_mask;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_time_mask`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Sets a run of frames, which begins anywhere, to the mean of each feature over the window. It has 0 to share of the window's frames, every length as likely. A missing value stays NULL. After SpecAugment (Park et al. 2019, arXiv:1904.08779).",
    syntax_example = "pose_time_mask(features, share, seed, key [, width])",
    sql_example = r#"```sql
> SELECT pose_time_mask([0.0, 1.0, 2.0, 3.0, 4.0], 0.6, 2, 'video1:0', 5) AS masked;
+---------------------------+
| masked                    |
+---------------------------+
| [0.0, 1.0, 2.0, 2.0, 2.0] |
+---------------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(name = "share", description = "The longest run, as a part of the frames, 0 to 1; 0 changes nothing."),
    argument(name = "seed", description = "A whole number: other seeds, other draws."),
    argument(name = "key", description = "The name of the row, such as its window_id: other keys, other draws."),
    argument(
        name = "width",
        description = "Frames in a window; needed only where the type does not tell, as that of pose_windows does."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseTimeMask;

impl ScalarFunction for PoseTimeMask {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_time_mask",
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
        Single::drawn(Self::PARAMETERS.function, time_mask::parse).rows(args)
    }
}
