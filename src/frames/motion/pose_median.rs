//! `pose_median(x, width [, t [, max_gap]]) OVER (...)`: a series without its outliers.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::median::median;
use super::series::{Kernel, SeriesFunction, odd};
use crate::error::Result;
use crate::scalar::arguments::{Kind, Parameters};

/// The window function `pose_median`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The median of the rows around each row of the partition. At the ends, and beside gaps, it is that of \
                   the rows there are; missing values are left out, and stay missing: NULL. A list has a median for each \
                   of its values. A NaN counts as missing.",
    syntax_example = "pose_median(x, width [, t [, max_gap]]) OVER (PARTITION BY video ORDER BY frame)",
    sql_example = r#"```sql
> SELECT frame, pose_median(x, 3, frame) OVER (ORDER BY frame) AS median
  FROM (VALUES (0, 1.0), (1, 9.0), (2, 2.0), (3, 4.0), (7, 100.0)) AS t(frame, x);
+-------+--------+
| frame | median |
+-------+--------+
| 0     | 5.0    |
| 1     | 2.0    |
| 2     | 4.0    |
| 3     | 3.0    |
| 7     | 100.0  |
+-------+--------+
```"#,
    argument(name = "x", description = "A number, or a list of numbers such as features."),
    argument(name = "width", description = "How many rows, an odd number: as many before a row as behind it."),
    argument(
        name = "t",
        description = "The number of the frame or its time, which tells gaps; without it there are none."
    ),
    argument(
        name = "max_gap",
        description = "The largest step of t that is no gap; 1 if not given and t is a whole number, else any."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseMedian;

impl SeriesFunction for PoseMedian {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_median",
        required: 2,
        kinds: &[("x", Kind::Series), ("width", Kind::Whole), ("t", Kind::Time), ("max_gap", Kind::Number)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn kernel(&self, numbers: &[i64]) -> Result<Kernel> {
        let width = odd(Self::PARAMETERS.function, numbers[0])?;
        Ok(Box::new(move |values, _, smoothed| median(values, width, smoothed)))
    }
}
