//! `pose_time_warp(features, sigma, seed, key [, width])`: here faster and there slower.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::single::Single;
use super::time_warp;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_time_warp`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Distorts time smoothly: speeds exp N(0, sigma²) at three knots and both ends, linear between, so that the first frame stays first, the last one last, and their order never turns. Frames are read linearly between their neighbours; next to a missing value the result is NULL. After Um et al. 2017 (arXiv:1706.00527).",
    syntax_example = "pose_time_warp(features, sigma, seed, key [, width])",
    sql_example = r#"```sql
> SELECT pose_time_warp([0.0, 1.0, 2.0, 3.0, 4.0], 0.5, 7, 'video1:0', 5) AS warped;
+---------------------------------------------+
| warped                                      |
+---------------------------------------------+
| [0.0, 1.1722702, 2.5553071, 3.3241239, 4.0] |
+---------------------------------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(name = "sigma", description = "How uneven time becomes, at least 0; 0 changes nothing."),
    argument(name = "seed", description = "A whole number: other seeds, other draws."),
    argument(name = "key", description = "The name of the row, such as its window_id: other keys, other draws."),
    argument(
        name = "width",
        description = "Frames in a window; needed only where the type does not tell, as that of pose_windows does."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseTimeWarp;

impl ScalarFunction for PoseTimeWarp {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_time_warp",
        required: 4,
        kinds: &[
            ("features", Kind::Features),
            ("sigma", Kind::Number),
            ("seed", Kind::Whole),
            ("key", Kind::Key),
            ("width", Kind::Whole),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        Single::drawn(Self::PARAMETERS.function, time_warp::parse).rows(args)
    }
}
