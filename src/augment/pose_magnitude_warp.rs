//! `pose_magnitude_warp(features, sigma, seed, key [, width])`: here larger and there smaller.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::magnitude_warp;
use super::single::Single;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_magnitude_warp`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Multiplies each feature by a smooth curve of its own: the natural cubic spline through 1 + N(0, sigma²) at four knots and both ends. A missing value stays NULL. After Um et al. 2017 (arXiv:1706.00527).",
    syntax_example = "pose_magnitude_warp(features, sigma, seed, key [, width])",
    sql_example = r#"```sql
> SELECT pose_magnitude_warp([1.0, 1.0, 1.0, 1.0], 0.1, 7, 'video1:0', 4) AS warped;
+---------------------------------------+
| warped                                |
+---------------------------------------+
| [0.9215, 0.9826472, 1.105299, 1.0196] |
+---------------------------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(name = "sigma", description = "How far the curves stray from 1, at least 0; 0 changes nothing."),
    argument(name = "seed", description = "A whole number: other seeds, other draws."),
    argument(name = "key", description = "The name of the row, such as its window_id: other keys, other draws."),
    argument(
        name = "width",
        description = "Frames in a window; needed only where the type does not tell, as that of pose_windows does."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseMagnitudeWarp;

impl ScalarFunction for PoseMagnitudeWarp {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_magnitude_warp",
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
        Single::drawn(Self::PARAMETERS.function, magnitude_warp::parse).rows(args)
    }
}
