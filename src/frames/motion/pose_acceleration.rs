//! `pose_acceleration(x, t [, max_gap]) OVER (...)`: how fast the velocity changes.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::acceleration::acceleration;
use super::series::{Kernel, SeriesFunction};
use crate::error::Result;
use crate::scalar::arguments::{Kind, Parameters};

/// The window function `pose_acceleration`.
#[user_doc(
    doc_section(label = "Pose Functions"),
    description = "The acceleration of each row: the second derivative of x by t over the rows of the partition, which t \
                   must order. It is that of the parabola through a row and its two neighbours; the first and the last \
                   row have their neighbour's. A list has an acceleration for each of its values. Missing values and \
                   gaps are ends, and what has fewer than three rows between them is NULL. A NaN counts as missing.",
    syntax_example = "pose_acceleration(x, t [, max_gap]) OVER (PARTITION BY video ORDER BY frame)",
    sql_example = r#"```sql
> SELECT frame, pose_acceleration(x, frame) OVER (ORDER BY frame) AS acceleration
  FROM (VALUES (0, 0.0), (1, 1.0), (2, 4.0), (3, 8.0), (7, 8.0)) AS t(frame, x);
+-------+--------------+
| frame | acceleration |
+-------+--------------+
| 0     | 2.0          |
| 1     | 2.0          |
| 2     | 1.0          |
| 3     | 1.0          |
| 7     |              |
+-------+--------------+
```"#,
    argument(name = "x", description = "A number, or a list of numbers such as features."),
    argument(
        name = "t",
        description = "The number of the frame or its time; the acceleration is that per 1 of t, squared."
    ),
    argument(
        name = "max_gap",
        description = "The largest step of t that is no gap; 1 if not given and t is a whole number, else any."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PoseAcceleration;

impl SeriesFunction for PoseAcceleration {
    const PARAMETERS: Parameters = Parameters {
        function: "pose_acceleration",
        required: 2,
        kinds: &[("x", Kind::Series), ("t", Kind::Time), ("max_gap", Kind::Number)],
    };

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }

    fn kernel(&self, _: &[i64]) -> Result<Kernel> {
        Ok(Box::new(acceleration))
    }
}
