//! `pose_permutation(features, segments, seed, key [, width])`: parts of the window in another order.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs};
use datafusion_macros::user_doc;

use super::permutation;
use super::single::Single;
use crate::scalar::ScalarFunction;
use crate::scalar::arguments::{Kind, Parameters};

/// The function `pose_permutation`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "Cuts a window into segments of nearly equal length (the first ones have a frame more, as in numpy.array_split) and puts them in a random order. After Um et al. 2017 (arXiv:1706.00527).",
    syntax_example = "pose_permutation(features, segments, seed, key [, width])",
    sql_example = r#"```sql
> SELECT pose_permutation([0.0, 1.0, 2.0, 3.0, 4.0], 3, 7, 'video1:0', 5) AS permuted;
+---------------------------+
| permuted                  |
+---------------------------+
| [2.0, 3.0, 4.0, 0.0, 1.0] |
+---------------------------+
```"#,
    argument(name = "features", description = "The values of a window, frame after frame."),
    argument(name = "segments", description = "How many, at least 1; 1 changes nothing."),
    argument(name = "seed", description = "A whole number: other seeds, other draws."),
    argument(name = "key", description = "The name of the row, such as its window_id: other keys, other draws."),
    argument(
        name = "width",
        description = "Frames in a window; needed only where the type does not tell, as that of pose_windows does."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PosePermutation;

impl ScalarFunction for PosePermutation {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_permutation",
        required: 4,
        kinds: &[
            ("features", Kind::Features),
            ("segments", Kind::Number),
            ("seed", Kind::Whole),
            ("key", Kind::Key),
            ("width", Kind::Whole),
        ],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        Single::drawn(Self::PARAMETERS.function, permutation::parse).rows(args)
    }
}
